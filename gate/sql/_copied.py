"""The columns that an INSERT ... SELECT (or a CREATE TABLE ... AS SELECT) copies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import expressions as exp


@dataclass(frozen=True)
class Source:
    """Where a column's values come from: the old column, and the expression around it where there is one."""

    column: str
    using: str | None = None


def column_sources(sql: str, columns: Sequence[str] = ()) -> Mapping[str, Source]:
    """New column to old column, from the statement that copies the rows; ``columns`` are all of the new table."""
    try:
        tree = sqlglot.parse_one(sql, read="sqlite")
    except sqlglot.errors.SqlglotError:
        return {}
    body = tree.expression if isinstance(tree, exp.Insert | exp.Create) else None
    if not isinstance(body, exp.Select):
        return {}
    written = list(zip(_targets(tree, body.expressions, columns), body.expressions, strict=False))
    found = ((target.lower(), _source(value, target.lower())) for target, value in written if target)
    return {target: source for target, source in found if source}


def _targets(tree: exp.Expr, values: Sequence[exp.Expr], columns: Sequence[str]) -> Iterator[str]:
    """The columns that are written: those listed, all in their order, or those that the query makes."""
    if isinstance(tree, exp.Create):
        return (value.alias_or_name for value in values)
    if isinstance(tree.this, exp.Schema):
        return (part.name for part in tree.this.expressions)
    return iter(columns if len(columns) == len(values) else ())


def _source(value: exp.Expr, target: str) -> Source | None:
    """The column of the same name where the expression has it, else the first."""
    plain = value.unalias()
    names = [one.name for one in plain.find_all(exp.Column) if one.name]
    column = next((name for name in names if name.lower() == target), next(iter(names), None))
    if column is None:
        return None
    return Source(column, None if isinstance(plain, exp.Column) else plain.sql())


def values_by_column(sql: str) -> Mapping[str, str]:
    """What each place of an INSERT ... SELECT gets: ``column`` (``*`` too), ``null``, or ``other``; without a list by number."""
    try:
        tree = sqlglot.parse_one(sql, read="sqlite")
    except sqlglot.errors.SqlglotError:
        return {}
    body = tree.expression if isinstance(tree, exp.Insert) else None
    if not isinstance(body, exp.Select):
        return {}
    kinds = [_kind(value.unalias()) for value in body.expressions]
    listed = tree.this.expressions if isinstance(tree.this, exp.Schema) else ()
    names = [part.name.lower() for part in listed] or [str(number) for number in range(len(kinds))]
    return dict(zip(names, kinds, strict=False))


def _kind(value: exp.Expr) -> str:
    if isinstance(value, (exp.Column, exp.Star)):
        return "column"
    return "null" if isinstance(value, exp.Null) else "other"
