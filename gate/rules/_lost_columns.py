"""A column that goes away with its values: what is lost, and what the release still running meets."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Remedy
from gate.rule import Hit
from gate.rules import _elsewhere as elsewhere
from gate.rules._recipes import code_first, let_go
from gate.rules._world import column_before
from gate.sql import _types

_INTEGERS = {"tinyint", "smallint", "mediumint", "int", "integer", "bigint"}


def lost_column(deploy: Deploy, statement: Statement, table: str, column: str, message: str) -> Iterator[Hit]:
    """The loss, told by ``message``, and the queries that fail, unless the base's models have let go of the column."""
    place = f"{table}.{column}"
    recipe = _recipe(deploy, statement, table, column)
    if not _is_computed(statement, table, column):
        yield Hit(message, statement, category=Category.DATA_LOSS, table=table, column=column, remedy=recipe)
    if deploy.used(table, column) and not _is_back(deploy, statement, table, column):
        yield Hit(
            f"The release still running selects {place} by name (SQLAlchemy names every mapped column): each query on "
            f"{table} fails until the new release has replaced it.",
            statement,
            category=Category.BACKWARD_INCOMPATIBLE,
            table=table,
            column=column,
            remedy=recipe,
        )


def _is_back(deploy: Deploy, statement: Statement, table: str, column: str) -> bool:
    """Whether the deploy makes a column of this name again, of a type that takes what the old release sends."""
    made, was = deploy.result.table(table), column_before(statement, table, column)
    now = made.column(column) if made else None
    if not deploy.complete or now is None or was is None:
        return False
    types = {_types.base(was.type), _types.base(now.type)}
    return len(types) == 1 or types <= _INTEGERS


def _is_computed(statement: Statement, table: str, column: str) -> bool:
    """A generated column's values come from the other columns: with the column they are there again."""
    known = column_before(statement, table, column)
    return known is not None and known.generated is not None


def _recipe(deploy: Deploy, statement: Statement, table: str, column: str) -> Remedy:
    code = elsewhere.drop_column(deploy, statement, table, column)
    if not deploy.used(table, column):
        return let_go(f"{table}.{column}", code)
    return code_first(
        f"{table}.{column}", "When no release maps the column any more (relax its NOT NULL in deploy 1)", code
    )
