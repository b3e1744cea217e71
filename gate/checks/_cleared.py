"""Columns that an UPDATE of the deploy emptied in every row, with values that nothing in it copied before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gate.facts.changes import Change, CreateTable, Insert, Query, Update
from gate.facts.rehearsal import DataChange, Rehearsal, Statement
from gate.sql.mentions import mentions

_GONE = re.compile(r"(\d+) of (\d+) values? became NULL")
_NOT_NULL = re.compile(r"^\W*(?:not\s+)?\W*([\w.\s]+?)\W*\s+is\s+(?:not\s+)?null\W*$", re.IGNORECASE)


def cleared(rehearsal: Rehearsal) -> Iterator[tuple[DataChange, Statement]]:
    """Each such column with the UPDATE: seen in the rows, and meant for all of them by its text."""
    plain = rehearsal.run("plain")
    for change in plain.data if plain else ():
        taker = _taker(change, rehearsal.statements) if _is_empty(change) else None
        if taker is not None and not _is_copied(change, taker, rehearsal.statements):
            yield change, taker


def _is_empty(change: DataChange) -> bool:
    found = _GONE.match(change.detail)
    return change.kind == "values-lost" and found is not None and found[1] == found[2]


def _taker(change: DataChange, statements: Iterable[Statement]) -> Statement | None:
    """The last UPDATE of the column; one that chooses its rows only happened to meet all that were there."""
    for statement in reversed(tuple(statements)):
        for one in statement.changes:
            if isinstance(one, Update) and one.table == change.table and _names(one.columns, change.column):
                return statement if one.always or _is_every_value(one, change.column) else None
    return None


def _is_every_value(update: Update, column: str | None) -> bool:
    """``WHERE c IS NOT NULL`` leaves out only rows that have nothing to lose."""
    where = (update.where or "").replace('"', "").replace("`", "").replace("[", "").replace("]", "")
    found = _NOT_NULL.match(where) if len(re.findall(r"\bnot\b", where, re.IGNORECASE)) == 1 else None
    return found is not None and found[1].rpartition(".")[2].strip().lower() == (column or "").lower()


def _is_copied(change: DataChange, taker: Statement, statements: Iterable[Statement]) -> bool:
    """Whether an earlier statement reads the values: into another column or table, or into the revision's own code."""
    earlier = (one for one in statements if one.number <= taker.number)
    return any(_reads(each, one, change) for one in earlier for each in one.changes)


def _reads(one: Change, statement: Statement, change: DataChange) -> bool:
    if isinstance(one, Update):
        return change.table in (one.table, *one.reads) and _takes(one, change.column)
    if isinstance(one, Insert):
        return change.table in one.reads
    if isinstance(one, CreateTable):
        return one.as_query and mentions(statement.sql, change.table)
    return isinstance(one, Query) and change.table in one.tables and mentions(statement.sql, change.column or "")


def _takes(update: Update, column: str | None) -> bool:
    """Whether it writes the column's value anywhere but into the column itself."""
    others = [name for name in update.columns if name.lower() != (column or "").lower()]
    return bool(others) and _names(update.read_columns, column)


def _names(columns: Iterable[str], column: str | None) -> bool:
    return (column or "").lower() in {name.lower() for name in columns}
