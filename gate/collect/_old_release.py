"""The release still running, on the new schema: it names every column that it maps in SELECT, INSERT, UPDATE, DELETE.

The queries are made from the base's schema: SQLAlchemy names each mapped column, and an INSERT of the old code leaves out
what it does not know. Only tables that the deploy touched can behave differently, so only those are asked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

from gate.collect import _losses
from gate.databases.base import ScratchDatabase
from gate.facts.changes import Change, DropTable, RenameColumn, RenameTable
from gate.facts.rehearsal import QueryFailure, Statement
from gate.facts.schema import Column, Schema, Table

Verb = Literal["SELECT", "INSERT", "UPDATE", "DELETE"]
Quote = Callable[[str], str]


def failures(
    database: ScratchDatabase, baseline: Schema, result: Schema, statements: Iterable[Statement]
) -> tuple[QueryFailure, ...]:
    """Every query that worked on the base's schema and is refused on the new one.

    The revision is None where no statement tells which it was.
    """
    every = tuple(statements)
    touched = _touched(baseline, result)
    found = []
    for table in touched:
        for verb, sql in queries(table, quoting(database.server.dialect)):
            error = database.try_query(sql)
            if error is not None and _schema_error(error):
                column = _named(error, table) or _unknown(error, table, result)
                found.append(
                    QueryFailure(table.name, column, verb, sql, error.split("\n")[0], _culprit(table, column, every))
                )
    return tuple(found)


def believed(
    mapped: Mapping[str, frozenset[str]], baseline: Schema, statements: Iterable[Statement]
) -> Mapping[str, frozenset[str]]:
    """The base's models, with tables that they do not know added whole, unless the deploy drops just those.

    An env.py often imports only part of the models: a table that is missing there may well be used. When everything
    that is missing goes away in this deploy, the models are in step with the schema, and it is the second of two deploys.
    """
    missing = {name for name, table in baseline.tables.items() if name not in mapped and _would_be_mapped(table)}
    dropped = {one.table for statement in statements for one in statement.changes if isinstance(one, DropTable)}
    if missing <= dropped:
        return mapped
    whole = {name: frozenset(column.name for column in baseline.tables[name].columns) for name in missing}
    return {**mapped, **whole}


def _would_be_mapped(table: Table) -> bool:
    """Views and single partitions seldom have a class of their own."""
    return table.kind in ("table", "partitioned") and table.partition_of is None


def used(baseline: Schema, mapped: Mapping[str, frozenset[str]]) -> Schema:
    """The base's schema as far as its models name it: what they do not map, no query of the old release mentions."""
    tables = {}
    for name, table in baseline.tables.items():
        if name in mapped:
            columns = tuple(column for column in table.columns if column.name in mapped[name])
            tables[name] = dataclasses.replace(table, columns=columns or table.columns)
    return dataclasses.replace(baseline, tables=tables)


def _touched(baseline: Schema, result: Schema) -> list[Table]:
    """Tables of the base whose definition is not the same after the deploy."""
    return [
        table
        for table in baseline.tables.values()
        if table.kind in ("table", "partitioned", "view") and result.tables.get(table.name) != table
    ]


def quoting(dialect: str) -> Quote:
    """How this dialect quotes a name."""
    mark = "`" if dialect in ("mysql", "mariadb") else '"'
    return lambda name: ".".join(mark + part.replace(mark, mark * 2) + mark for part in name.split("."))


def queries(table: Table, quote: Quote) -> Iterator[tuple[Verb, str]]:
    """The four statements that a mapped class sends.

    The INSERT repeats a row that is there (and is rolled back): NOT NULL is judged before keys are, so a key that stands
    twice says that everything else was accepted.
    """
    names = [column.name for column in table.columns]
    written = [column.name for column in table.columns if column.generated is None]
    name, every = quote(table.name), ", ".join(quote(one) for one in names)
    yield "SELECT", f"SELECT {every} FROM {name} LIMIT 1"
    if table.kind == "view" or not written:
        return
    ordinary = [one for one in written if not (c := table.column(one)) or not c.identity]
    insert = ", ".join(quote(one) for one in ordinary)
    yield "INSERT", f"INSERT INTO {name} ({insert}) SELECT {insert} FROM {name} LIMIT 1"
    yield "UPDATE", f"UPDATE {name} SET {', '.join(f'{quote(one)} = {quote(one)}' for one in ordinary)} WHERE 1 = 0"
    yield "DELETE", f"DELETE FROM {name} WHERE 1 = 0"


def _schema_error(error: str) -> bool:
    """Is it the schema that refuses, not a right or a lock?"""
    words = (
        "does not exist",
        "no such",
        "unknown column",
        "doesn't exist",
        "has no column",
        "unknown table",
        "cannot insert",
        "cannot update",
        "is not updatable",
        "generated",
        "not insertable",
        "not-null constraint",
        "not null constraint",
        "have a default value",
    )
    return any(word in error.lower() for word in words)


def _named(error: str, table: Table) -> str | None:
    first = error.split("\n", maxsplit=1)[0]  # the next line quotes the query, which names every column
    text = first.replace('"', " ").replace("'", " ").replace("`", " ").replace(".", " ").replace(":", " ").split()
    return next((column.name for column in table.columns if column.name in text), None)


def _unknown(error: str, table: Table, result: Schema) -> str | None:
    """A column that the old release does not know and the new schema demands."""
    now = result.tables.get(table.name)
    new = [column.name for column in now.columns if table.column(column.name) is None] if now else []
    return next((name for name in new if name in error), None)


def _culprit(table: Table, column: str | None, statements: Iterable[Statement]) -> str | None:
    """The revision that took the object away: the first after which it is not there any more.

    The catalogue is read after statements alone: what went unseen before one is no work of it, unless its text says so.
    """
    for one in statements:
        now = one.after.tables.get(table.name)
        known = column is not None and table.column(column) is not None
        if now is None or (column and _broken(now.column(column), known)):
            gone = now is None or known
            takes = _losses.takes(one, table.name, column) if gone else any(_about(each, table) for each in one.changes)
            return one.revision if takes or not one.understood else None
    for one in statements:
        if any(_about(change, table) for change in one.changes):
            return one.revision
    return None


def _broken(now: Column | None, known: bool) -> bool:
    """A column that the old release knows is gone; one that it does not know must have a value."""
    if known:
        return now is None
    return now is not None and not now.nullable and now.default is None and not now.identity and now.generated is None


def _about(change: Change, table: Table) -> bool:
    return getattr(change, "table", None) == table.name or (
        isinstance(change, (RenameTable, RenameColumn)) and change.table == table.name
    )
