"""A downgrade that leaves another schema, or other data, than the upgrade found."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Evidence, EvidenceKind, Location, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import remedy

_SHOWN = 10


def find(deploy: Deploy) -> Iterator[Hit]:
    trip = deploy.round_trip
    if not trip.ran or trip.down_failure or trip.up_failure or not (trip.differences or trip.leftovers):
        return
    revision = deploy.revision(trip.revision or "") or deploy.revisions[-1]
    left = tuple(dict.fromkeys((*trip.leftovers, *trip.differences)))
    more = f" and {len(left) - 3} more" if len(left) > 3 else ""
    yield Hit(
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
    unsafe=(
        Example(
            (
                'op.add_column("users", sa.Column("a", sa.Integer()))\nop.add_column("users", sa.Column("b", sa.Integer()))',
            ),
            downgrade='op.drop_column("users", "a")',
        ),
    ),
    safe=(
        Example(('op.add_column("users", sa.Column("a", sa.Integer()))',), downgrade='op.drop_column("users", "a")'),
    ),
)
