"""A revision that changes the schema and has no way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

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
            "the schema stays, and the old release meets it.",
            revision=revision.id,
            location=Location(revision.path, revision.downgrade_line or revision.line),
            remedy=remedy("Write the way back, or suppress this finding with the reason why there is none."),
        )


def _changes_schema(deploy: Deploy, revision: Revision) -> bool:
    own = [one for one in deploy.statements if one.revision == revision.id]
    if not own:
        return False
    if all(one.observed for one in own) and own[0].before == own[-1].after:
        return _unseen([change for one in own for change in one.changes])
    return any(not one.changes and not one.understood and one.before != one.after for one in own) or any(
        c.changes_schema(change) and not _is_temporary(deploy, change) for one in own for change in one.changes
    )


def _unseen(changes: Sequence[c.Change]) -> bool:
    """Whether there is a change that the catalogue, as it is read, would not show."""
    disabled: Counter[str] = Counter()
    for change in changes:
        if isinstance(change, c.DropTrigger) and change.name == "all" and change.action != "drop":
            disabled[change.table] += 1 if change.action == "disable" else -1  # foreign keys have hidden triggers
    return any(disabled.values()) or any(c.changes_schema(change) and not _is_read(change) for change in changes)


def _is_read(change: c.Change) -> bool:
    """Whether the catalogue shows what a change of this kind does."""
    if isinstance(change, c.SetTableOption):
        return change.option in ("logged", "unlogged")
    if isinstance(change, c.DropObject):
        return change.what in ("function", "procedure", "routine", "aggregate", "extension", "sequence")
    return isinstance(change, _READ)


_READ = (
    c.CreateTable,
    c.DropTable,
    c.RenameTable,
    c.MoveTable,
    c.AddColumn,
    c.DropColumn,
    c.RenameColumn,
    c.AlterColumnType,
    c.SetNotNull,
    c.DropNotNull,
    c.SetDefault,
    c.DropDefault,
    c.AddConstraint,
    c.DropConstraint,
    c.CreateIndex,
    c.DropIndex,
    c.CreateEnum,
    c.DropType,
    c.CreateView,
    c.DropView,
    c.CreateTrigger,
    c.DropTrigger,
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
        Example(('op.execute("CREATE TABLE work AS SELECT id FROM users")\nop.drop_table("work")',), downgrade="pass"),
    ),
)
