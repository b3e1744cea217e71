"""Rows on SQLite: how seeds go in, and how digests come out."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Literal

from gate.databases._solve import Refusal, Row
from gate.databases.digests import Digest, TableDigest, column_digest
from gate.facts.schema import Schema, Table

_FAILED = re.compile(r"(CHECK|UNIQUE|NOT NULL|FOREIGN KEY) constraint failed(?:: (?P<what>.*))?", re.DOTALL)
_KINDS: dict[str, Literal["check", "unique", "not-null", "foreign-key"]] = {
    "CHECK": "check", "UNIQUE": "unique", "NOT NULL": "not-null", "FOREIGN KEY": "foreign-key",
}  # fmt: skip


def quoted(name: str) -> str:
    """A name in SQLite's quotes."""
    return '"' + name.replace('"', '""') + '"'


class Rows:
    """Takes seeds inside one transaction, foreign keys off."""

    dialect = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Rows:
        # The pragma has no effect inside a transaction: https://www.sqlite.org/pragma.html#pragma_foreign_keys
        self._connection.execute("PRAGMA foreign_keys = OFF")
        self._connection.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.execute("ROLLBACK" if error else "COMMIT")

    def filled(self, tables: Sequence[Table]) -> set[str]:
        """Tables that have rows already."""
        return {
            one.name
            for one in tables
            if self._connection.execute(f"SELECT 1 FROM {quoted(one.name)} LIMIT 1").fetchone()
        }

    def sample(self, table: Table, columns: Sequence[str]) -> list[Row]:
        """The first rows of a table."""
        if not columns:
            return []
        fields = ", ".join(map(quoted, columns))
        rows = self._connection.execute(f"SELECT {fields} FROM {quoted(table.name)} LIMIT 4").fetchall()
        return [{name: _value(value) for name, value in zip(columns, row, strict=True)} for row in rows]

    def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> Refusal | None:
        """Insert all rows or none."""
        marks = ", ".join("?" for _ in columns)
        fields = ", ".join(map(quoted, columns))
        text = f"INSERT INTO {quoted(table.name)} ({fields}) VALUES ({marks})"
        self._connection.execute("SAVEPOINT seeding")
        try:
            self._connection.executemany(text, [[row[name] for name in columns] for row in rows])
        except (sqlite3.Error, OverflowError) as error:
            self._connection.execute("ROLLBACK TO seeding")
            return _refusal(str(error), table)
        finally:
            self._connection.execute("RELEASE seeding")
        return None

    def inserted(self, table: Table) -> None:
        """Nothing to do: SQLite numbers rows after the highest."""

    def indexed(self, schema: Schema) -> None:
        """Text indexes over other tables' rows are built from them: https://www.sqlite.org/fts5.html#the_rebuild_command.

        Triggers of the project's do it for some; an index that lacks rows takes their removal for damage.
        """
        for table in schema.tables.values():
            if table.kind == "foreign-table":
                name = quoted(table.name)
                with contextlib.suppress(sqlite3.Error):  # not every such table is an index
                    self._connection.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")


def _value(value: Any) -> str | bytes | None:
    return value if value is None or isinstance(value, bytes) else str(value)


def _refusal(message: str, table: Table) -> Refusal:
    match = _FAILED.match(message)
    if match is None:
        return Refusal(message)
    what = match["what"] or ""
    if match[1] == "CHECK":
        return Refusal(message, "check", _check_name(what, table))
    if what.startswith("index "):
        return Refusal(message, "unique", what[6:].strip("'"))
    columns = tuple(part.strip().rpartition(".")[2] for part in what.split(","))
    return Refusal(message, _KINDS[match[1]], None if len(columns) != 1 else f"of {columns[0]}", columns)


def _check_name(what: str, table: Table) -> str | None:
    """SQLite names a check by its constraint's name, else by its condition."""
    if table.constraint(what):
        return what
    squeezed = re.sub(r"\s+", "", what)
    same = (one.name for one in table.constraints if re.sub(r"\s+", "", one.definition) == f"CHECK({squeezed})")
    return next(same, what or None)


def read_digest(connection: sqlite3.Connection, schema: Schema) -> Digest:
    """The digest of every table."""
    tables: dict[str, TableDigest] = {}
    unread: dict[str, str] = {}
    for table in schema.tables.values():
        if table.kind != "table":
            continue
        fields = ", ".join(["NULL", *(quoted(one.name) for one in table.columns)])
        try:
            rows = connection.execute(f"SELECT {fields} FROM {quoted(table.name)}").fetchall()
        except sqlite3.Error as error:
            unread[table.name] = str(error)
            continue
        columns = {
            one.name: column_digest(one.type, (_text(row[at]) for row in rows))
            for at, one in enumerate(table.columns, 1)
        }
        tables[table.name] = TableDigest(len(rows), columns)
    return Digest(tables, unread)


def _text(value: Any) -> str | None:
    return value if value is None else value.hex() if isinstance(value, bytes) else str(value)
