"""Which statement took what is gone after the deploy, and what is gone without any statement that was seen to take it.

What a project runs on the driver's own connection, in another process or by COPY passes every listener of SQLAlchemy's;
the schema and the rows before and after show it all the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from gate.facts.changes import (
    TAKES_ROWS,
    Change,
    CodeBlock,
    DetachPartition,
    DropColumn,
    DropObject,
    DropSchema,
    DropTable,
    DropType,
    DropView,
    Insert,
    ModifyColumn,
    MoveTable,
    Query,
    RenameColumn,
    RenameSchema,
    RenameTable,
    Update,
)
from gate.facts.rehearsal import DataChange, Statement
from gate.facts.schema import Schema
from gate.sql._differences import differences

_TABLE = (DropTable, DropView, RenameTable, MoveTable, DetachPartition)
_COLUMN = (DropColumn, RenameColumn, ModifyColumn)
_HIDING = (CodeBlock, DropObject, DropSchema, DropType, RenameSchema)


def unseen(baseline: Schema, result: Schema, statements: Iterable[Statement]) -> tuple[DataChange, ...]:
    """Tables and columns of the base that are gone, though no statement says or was seen to take them away."""
    every = tuple(statements)
    return tuple(one for one in _gone(baseline, result) if not _is_taken(one, baseline, every))


def _gone(baseline: Schema, result: Schema) -> Iterator[DataChange]:
    """What got another name is not gone; views hold no rows, and what reads them is asked anyway."""
    for change in differences(baseline, result):
        table = baseline.tables.get(getattr(change, "table", ""))
        if table is None or table.kind not in ("table", "partitioned"):
            continue
        if isinstance(change, DropTable):
            yield DataChange("table-dropped", table.name)
        elif isinstance(change, DropColumn):
            yield DataChange("column-dropped", table.name, change.column)


def _is_taken(gone: DataChange, baseline: Schema, statements: Iterable[Statement]) -> bool:
    names = {name for one in _with_parents(gone.table, baseline) for name in (one, _bare(one))}
    return any(takes(one, gone.table, gone.column, names) for one in statements)


def _with_parents(table: str, schema: Schema) -> Iterator[str]:
    """A partition goes with the table above it."""
    name: str | None = table
    while name is not None and name in schema.tables:
        yield name
        name = schema.tables[name].partition_of


def _bare(name: str) -> str:
    return name.rpartition(".")[2]


def takes(statement: Statement, table: str, column: str | None = None, names: Iterable[str] = ()) -> bool:
    """Whether a statement takes a table or column away: its text says so, or hides what it does and it was seen."""
    if statement.error is not None:
        return False
    about = {name.lower() for name in (*names, table, _bare(table))}
    if any(_says(change, about, column) for change in statement.changes):
        return True
    return _hides(statement) and _has(statement.before, table, column) and not _has(statement.after, table, column)


def _says(change: Change, about: set[str], column: str | None) -> bool:
    name = str(getattr(change, "table", getattr(change, "view", ""))).lower()
    if not {name, _bare(name)} & about:
        return False
    if isinstance(change, _TABLE):
        return True
    return column is not None and isinstance(change, _COLUMN) and change.column.lower() == column.lower()


def _hides(statement: Statement) -> bool:
    """Code, functions and CASCADE do more than their text says."""
    if not statement.understood:
        return True
    return any(
        isinstance(one, _HIDING) or getattr(one, "cascade", False) or (isinstance(one, Query) and bool(one.calls))
        for one in statement.changes
    )


def _has(schema: Schema, table: str, column: str | None) -> bool:
    known = schema.tables.get(table)
    return known is not None and (column is None or known.column(column) is not None)


def blamed(change: DataChange, statements: tuple[Statement, ...]) -> DataChange:
    """Rows that are gone, with the statement that took them, from the table or a partition of it, where one is known."""
    if change.kind != "rows-lost" or not statements:
        return change
    taker = _taker(statements[0].before.with_partitions(change.table), statements)
    if taker is None:
        return change
    return dataclasses.replace(change, revision=taker.revision, statement=taker.number)


def _taker(tables: tuple[str, ...], statements: tuple[Statement, ...]) -> Statement | None:
    """The statement that took the rows: seen doing it, else one whose text says so, else code that hides what it does."""
    back = statements[::-1]
    seen = (one for one in back if _deleted(one, tables) and _may_delete(one, tables))
    said = (one for one in back if any(isinstance(c, TAKES_ROWS) and c.table in tables for c in one.changes))
    hidden = (one for one in back if not one.understood or any(isinstance(c, CodeBlock) for c in one.changes))
    return next((one for found in (seen, said, hidden) for one in found), None)


def _deleted(statement: Statement, tables: tuple[str, ...]) -> bool:
    touched = statement.observed.touched if statement.observed else ()
    return any(one.table in tables and one.deleted for one in touched)


def _may_delete(statement: Statement, tables: tuple[str, ...]) -> bool:
    """What went unseen before a statement is counted with it: an ADD COLUMN deletes nothing.

    Rows go along with those of another table by ON DELETE CASCADE, and by triggers.
    """
    for change in statement.changes:
        name = getattr(change, "table", None)
        known = statement.before.tables.get(name or "")
        writes = isinstance(change, (Insert, Update)) and (name in tables or bool(known and known.triggers))
        if writes or isinstance(change, TAKES_ROWS):
            return True
    return _hides(statement)
