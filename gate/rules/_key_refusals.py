"""What to do when MySQL or MariaDB refuses a foreign key: 1830, 3780, and MariaDB's errno 150, which says no reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.facts import changes as c
from gate.facts.rehearsal import Statement
from gate.facts.schema import Column
from gate.rules._mysql_types import kind
from gate.sql import _types

_SET_NULL = "Leave the column nullable, or give the foreign key another ON DELETE than SET NULL."


@dataclass(frozen=True)
class _Pair:
    """A column of a key that the statement makes, and the column that it refers to."""

    table: str
    child: c.ColumnSpec | Column
    parent: c.ColumnSpec | Column
    parent_table: str


def way(statement: Statement | None, error: str) -> str | None:
    """The advice for this refusal; None where it is not about a key, or no more is known than the server says."""
    if "cannot be NOT NULL" in error:
        return _SET_NULL
    incompatible = "are incompatible" in error
    if statement is None or not (incompatible or "incorrectly formed" in error):
        return None
    made = tuple(_new_keys(statement))
    for pair in (pair for table, key in made for pair in _pairs(statement, table, key)):
        text = kind(pair.child.type) == kind(pair.parent.type) == "text"
        if (text and incompatible) or not (text or _types.same(pair.child.type, pair.parent.type)):
            return _declare(pair, text)
    emptied = any(
        not pair.child.nullable
        for table, key in made
        if (key.on_delete or "").upper() == "SET NULL"
        for pair in _pairs(statement, table, key)
    )
    return _SET_NULL if emptied else None


def _declare(pair: _Pair, text: bool) -> str:
    place = f"{pair.parent_table}.{pair.parent.name}"
    same = ", with the same character set and collation" if text else ""
    return f"Declare {pair.table}.{pair.child.name} as {pair.parent.type.upper()}{same}, as {place} is."


def _new_keys(statement: Statement) -> Iterator[tuple[str, c.ConstraintSpec]]:
    for change in statement.changes:
        if isinstance(change, c.AddConstraint) and change.constraint.kind == "foreign-key":
            yield change.table, change.constraint
        if isinstance(change, c.CreateTable):
            yield from ((change.table, one) for one in change.constraints if one.kind == "foreign-key")


def _pairs(statement: Statement, table: str, key: c.ConstraintSpec) -> Iterator[_Pair]:
    parent = key.references or ""
    for name, other in zip(key.columns, key.referenced_columns, strict=False):
        child, found = _column(statement, table, name), _column(statement, parent, other)
        if child is not None and found is not None:
            yield _Pair(table, child, found, parent)


def _column(statement: Statement, table: str, name: str) -> c.ColumnSpec | Column | None:
    """As the statement itself makes it, else as it was before."""
    for change in statement.changes:
        if isinstance(change, (c.CreateTable, c.AddColumn)) and change.table == table:
            made = change.columns if isinstance(change, c.CreateTable) else (change.column,)
            new = next((one for one in made if one.name.lower() == name.lower()), None)
            if new is not None:
                return new
    known = statement.before.table(table)
    return known.column(name) if known else None
