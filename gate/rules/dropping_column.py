"""A column with data goes away while the release still running selects and writes it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Table
from gate.model import Category, Remedy, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import code_first, let_go
from gate.rules._says import bare, python, schema_argument
from gate.rules._world import drops_its_own, table_before


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.DropColumn):
        known = table_before(statement, change.table)
        if known is not None and known.columns and known.column(change.column) is None:
            continue  # IF EXISTS of what is not there
        if drops_its_own(deploy, change, statement):
            continue
        place = f"{change.table}.{change.column}"
        recipe = _recipe(deploy, change, place)
        if not _is_computed(known, change.column):
            yield Hit(
                f"Dropping {place} destroys its values in every row; a downgrade brings back the column, not the data.",
                statement,
                category=Category.DATA_LOSS,
                table=change.table,
                column=change.column,
                remedy=recipe,
            )
        if not deploy.used(change.table, change.column):
            continue  # the base's models have let go of it already: the second of the two deploys
        if _is_back(deploy, change):
            continue
        yield Hit(
            f"The release still running selects {place} by name (SQLAlchemy names every mapped column): each query on "
            f"{change.table} fails until the new release has replaced it.",
            statement,
            category=Category.BACKWARD_INCOMPATIBLE,
            table=change.table,
            column=change.column,
            remedy=recipe,
        )


def _is_back(deploy: Deploy, change: c.DropColumn) -> bool:
    """Whether the deploy makes a column of this name again, so that queries name one that is there."""
    table = deploy.result.table(change.table)
    return deploy.complete and table is not None and table.column(change.column) is not None


def _is_computed(known: Table | None, name: str) -> bool:
    """A generated column's values come from the other columns: with the column they are there again."""
    column = known.column(name) if known else None
    return column is not None and column.generated is not None


def _recipe(deploy: Deploy, change: c.DropColumn, place: str) -> Remedy:
    code = f"op.drop_column({python(bare(change.table))}, {python(change.column)}{schema_argument(change.table)})"
    if not deploy.used(change.table, change.column):
        return let_go(place, code)
    return code_first(place, "When no release maps the column any more (relax its NOT NULL in deploy 1)", code)


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
