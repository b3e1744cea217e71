"""A revision that changes the schema and has no way back."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.history import Revision
from gate.facts.rehearsal import Deploy
from gate.model import Category, Location, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import bare

_HOW = {
    "missing": "has no downgrade()",
    "empty": "has an empty downgrade()",
    "raises": "has a downgrade() that only raises",
}


def find(deploy: Deploy) -> Iterator[Hit]:
    for revision in deploy.revisions:
        if revision.downgrade == "present" or revision.is_merge or not _changes_schema(deploy, revision):
            continue
        yield Hit(
            f"{revision.id} changes the schema and {_HOW[revision.downgrade]}: when the deploy has to be taken back, "
            "the "
            "schema stays, and the old release meets it.",
            revision=revision.id,
            location=Location(revision.path, revision.downgrade_line or revision.line),
            remedy=remedy("Write the way back, or suppress this finding with the reason why there is none."),
        )


def _changes_schema(deploy: Deploy, revision: Revision) -> bool:
    own = [one for one in deploy.statements if one.revision == revision.id]
    if not own:
        return False
    return any(not one.changes and not one.understood and one.before != one.after for one in own) or any(
        c.changes_schema(change) and not _is_temporary(deploy, change) for one in own for change in one.changes
    )


def _is_temporary(deploy: Deploy, change: c.Change) -> bool:
    """Whether it is about a temporary table of the deploy's own, which ends with the session."""
    made = {bare(one.table) for _, one in deploy.all_changes(c.CreateTable) if one.temporary}
    table = str(getattr(change, "table", None))
    return bare(table) in made  # the catalogue may know it by its schema, such as pg_temp_3, or not any more


rule = Rule(
    title="No downgrade",
    why="Without a way back a deploy can only go forward.",
    find=find,
    harms={Category.IRREVERSIBLE: Severity.WARNING},
    dialects=EVERY,
    split=("statement",),
    reports_to="downgrade-works",
    unsafe=(Example(('op.add_column("users", sa.Column("a", sa.Integer()))',), downgrade="pass"),),
    safe=(
        Example(('op.add_column("users", sa.Column("a", sa.Integer()))',), downgrade='op.drop_column("users", "a")'),
    ),
)
