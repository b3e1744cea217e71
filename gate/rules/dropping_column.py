"""A column with data goes away while the release still running selects and writes it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._lost_columns import lost_column
from gate.rules._world import drops_its_own, table_before


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.DropColumn):
        known = table_before(statement, change.table)
        if known is not None and known.columns and known.column(change.column) is None:
            continue  # IF EXISTS of what is not there
        if drops_its_own(deploy, change, statement):
            continue
        yield from lost_column(
            deploy,
            statement,
            change.table,
            change.column,
            f"Dropping {change.table}.{change.column} destroys its values in every row; a downgrade brings back the "
            "column, not the data.",
        )


rule = Rule(
    title="Column dropped",
    why="The data is gone, and the release still running names the column in its queries.",
    find=find,
    harms={Category.DATA_LOSS: Severity.ERROR, Category.BACKWARD_INCOMPATIBLE: Severity.ERROR},
    dialects=EVERY,
    split=("deploy",),
    unsafe=(
        Example(('op.drop_column("users", "age")',)),
        Example(('op.execute("ALTER TABLE users DROP COLUMN age, ADD COLUMN age numeric(5,2)")',)),
    ),
    safe=(
        Example(
            (
                'op.create_table("tickets", sa.Column("id", sa.Integer()), sa.Column("x", sa.Text()))\n'
                'op.drop_column("tickets", "x")',
            )
        ),
    ),
)
