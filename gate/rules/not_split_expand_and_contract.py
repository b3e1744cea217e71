"""One deploy adds the new, copies, and drops the old."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Remedy, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules import _elsewhere as elsewhere
from gate.rules._recipes import remedy
from gate.rules._split import revisions
from gate.rules._world import added_here, column_before, drops_its_own


def find(deploy: Deploy) -> Iterator[Hit]:
    yield from _columns(deploy)
    yield from _tables(deploy)


def _columns(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.DropColumn):
        if drops_its_own(deploy, change, statement):
            continue
        copied = _copied(deploy, statement, change)
        if copied is None:
            continue
        added, table, column = copied
        new = f"{table}.{column}" if column else table
        yield Hit(
            f"One deploy adds {new}, copies {change.table}.{change.column} and drops it: the release still running "
            "writes "
            f"{change.column} until it is replaced, so values are lost and its queries fail. Expand, move over, and "
            "contract in separate deploys.",
            statement,
            table=change.table,
            column=change.column,
            related=revisions(added, statement),
            remedy=_recipe(deploy, statement, change, table, column),
        )


def _recipe(deploy: Deploy, drop: Statement, change: c.DropColumn, table: str, column: str | None) -> Remedy:
    """Beside the old column where the new one is of the same table; over the deploys in words where it is not."""
    if column and table == change.table:
        return elsewhere.moved(deploy, drop, table, change.column, column, _type(drop, change))
    new = f"{table}.{column}" if column else table
    return remedy(
        "Part it into deploys.",
        (1, f"Make {new}; deploy code that writes it and {change.table}.{change.column}", ""),
        (2, f"Copy the old values in batches; deploy code that reads {new}", ""),
        (3, f"Drop {change.table}.{change.column} when no release uses it", ""),
    )


def _type(drop: Statement, change: c.DropColumn) -> str:
    known = column_before(drop, change.table, change.column)
    return known.type if known else ""


def _copied(deploy: Deploy, drop: Statement, change: c.DropColumn) -> tuple[Statement, str, str | None] | None:
    """Where the deploy wrote a new column, or a new table (no column), from the column that it drops."""
    for statement, write in deploy.all_changes(c.Update, c.Insert):
        if statement.number >= drop.number:
            continue
        if isinstance(write, c.Update) and _reads(write, change):
            new = (name for name in write.columns if added_here(deploy, write.table, name, statement))
            name = next(new, None)
            if name or not deploy.existed(write.table, statement):
                return statement, write.table, name or write.columns[0]
        if isinstance(write, c.Insert) and change.table in write.reads and not deploy.existed(write.table, statement):
            return statement, write.table, None
    return None


def _reads(write: c.Update, change: c.DropColumn) -> bool:
    names = {name.lower() for name in write.read_columns}
    return change.column.lower() in names and (write.table == change.table or change.table in write.reads)


def _tables(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.DropTable):
        for copy, write in deploy.all_changes(c.Insert):
            if copy.number < statement.number and change.table in write.reads and not deploy.existed(write.table, copy):
                yield Hit(
                    f"One deploy makes {write.table}, copies {change.table} into it and drops {change.table}: what the "
                    "release still running writes meanwhile is lost and its queries fail.",
                    statement,
                    table=change.table,
                    related=revisions(copy, statement),
                    remedy=remedy(
                        "Part it into deploys.",
                        (1, f"Make {write.table}; deploy code that writes both", ""),
                        (2, "Copy in batches; deploy code that reads the new table", ""),
                        (3, f"Drop {change.table} when no release uses it", ""),
                    ),
                )
                break


rule = Rule(
    title="Expand and contract in one deploy",
    why="The release still running uses the old place until the new release has replaced it.",
    find=find,
    harms={Category.NOT_SPLIT: Severity.ERROR},
    dialects=EVERY,
    split=("deploy",),
    reports_to="split-steps",
    unsafe=(
        Example(
            (
                'op.add_column("users", sa.Column("years", sa.Integer()))\n'
                'op.execute("UPDATE users SET years = age")\n'
                'op.drop_column("users", "age")',
            )
        ),
    ),
    safe=(Example(('op.add_column("users", sa.Column("years", sa.Integer()))',)),),
)
