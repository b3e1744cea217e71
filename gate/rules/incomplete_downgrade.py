"""A downgrade that leaves another schema, or other data, than the upgrade found."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.changes import AddEnumValue, Change, changes_schema
from gate.facts.history import Revision
from gate.facts.rehearsal import Deploy
from gate.model import Category, Evidence, EvidenceKind, Location, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import remedy

_SHOWN = 10


def find(deploy: Deploy) -> Iterator[Hit]:
    trip = deploy.round_trip
    if not trip.ran or trip.down_failure or trip.up_failure:
        return
    found: dict[str, list[str]] = {}
    for one in dict.fromkeys((*trip.leftovers, *trip.differences)):
        revision = _blamed(deploy, one)
        if revision is not None:
            found.setdefault(revision.id, []).append(one)
    for id, left in found.items():
        yield _hit(deploy.history.by_id[id], left)


def _blamed(deploy: Deploy, difference: str) -> Revision | None:
    """The last revision that promises a way back and changed the object; an empty downgrade is another rule's."""
    name, _, kind = (part.strip() for part in difference.partition(":"))
    if kind == "enum" and any(deploy.all_changes(AddEnumValue)):
        return None  # a label cannot be taken away again
    promising = {one.id: one for one in deploy.revisions if one.downgrade == "present"}
    touching = [
        (statement, change)
        for statement, change in deploy.all_changes(Change)
        if {name.lower(), name.lower().rpartition(".")[0]} & {word.lower() for word in _names(change)}
    ]
    if touching:
        blamed = [statement.revision for statement, change in touching if changes_schema(change)]
        return promising.get(blamed[-1]) if blamed else None
    return next(reversed(promising.values()), None) if len(promising) == len(deploy.revisions) else None


def _names(change: Change) -> tuple[str, ...]:
    fields = ("table", "view", "type", "domain", "to", "partition")
    return tuple(str(value) for field in fields if (value := getattr(change, field, None)))


def _hit(revision: Revision, left: list[str]) -> Hit:
    more = f" and {len(left) - 3} more" if len(left) > 3 else ""
    return Hit(
        f"After downgrade() the schema is not what it was before upgrade(): {'; '.join(left[:3])}{more}.",
        revision=revision.id,
        location=Location(revision.path, revision.downgrade_line or revision.line),
        evidence=tuple(Evidence(EvidenceKind.OBSERVED, one) for one in left[:_SHOWN]),
        remedy=remedy("Undo in downgrade() what upgrade() does, in the opposite order, with the same names and types."),
    )


rule = Rule(
    title="Downgrade leaves something behind",
    why="What is left behind makes the next upgrade fail, or stays for good.",
    find=find,
    harms={Category.IRREVERSIBLE: Severity.WARNING},
    dialects=EVERY,
    split=("statement",),
    reports_to="downgrade-works",
    unsafe=(Example(('op.alter_column("users", "name", nullable=True)',), downgrade='op.execute("SELECT 1")'),),
    safe=(
        Example(('op.add_column("users", sa.Column("a", sa.Integer()))',), downgrade='op.drop_column("users", "a")'),
    ),
)
