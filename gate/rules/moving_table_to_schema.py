"""A table moves to another schema, or a schema gets another name."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import bare, execute, ident


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.MoveTable):
        moved = f"{change.schema}.{bare(change.table)}"
        yield Hit(
            f"Moving {change.table} to schema {change.schema} breaks every query of the release still running on it.",
            statement,
            table=change.table,
            remedy=remedy(
                "Keep the old place working with a view until no release uses it.",
                (
                    1,
                    "Move and put a view in its place, in one transaction",
                    execute(f"ALTER TABLE {ident(change.table)} SET SCHEMA {ident(change.schema)}")
                    + "\n"
                    + execute(f"CREATE VIEW {ident(change.table)} AS SELECT * FROM {ident(moved)}"),
                ),
                (2, "When no release uses the old place", execute(f"DROP VIEW {ident(change.table)}")),
            ),
        )
    for statement, renaming in deploy.all_changes(c.RenameSchema):
        inside = tuple(name for name in deploy.baseline.tables if name.startswith(f"{renaming.schema}."))
        if inside:
            yield Hit(
                f"Renaming schema {renaming.schema} to {renaming.to} breaks every query of the release still running "
                f"on {'its ' + str(len(inside)) + ' tables' if inside[1:] else inside[0]}.",
                statement,
                table=None if inside[1:] else inside[0],  # one finding for what happens to all of them
                remedy=remedy("Move one table at a time, with a view in its old place until no release uses it."),
            )


rule = Rule(
    title="Table moved to another schema",
    why="Queries name the old place, or find it through the search path; both fail at once.",
    find=find,
    harms={Category.BACKWARD_INCOMPATIBLE: Severity.ERROR},
    dialects=POSTGRESQL,
    split=("deploy",),
    unsafe=(Example(('op.execute("CREATE SCHEMA archive")\nop.execute("ALTER TABLE orders SET SCHEMA archive")',)),),
    safe=(
        Example(
            (
                'op.execute("CREATE SCHEMA archive")\n'
                'op.execute("CREATE TABLE old_orders (id int)")\n'
                'op.execute("ALTER TABLE old_orders SET SCHEMA archive")',
            )
        ),
    ),
)
