"""Rows on MySQL and MariaDB: how seeds go in, and how digests come out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Literal, TypeAlias

import pymysql

from gate.databases._solve import Refusal, Row
from gate.databases.digests import ColumnDigest, Digest, TableDigest, column_digest
from gate.facts.schema import Schema, Table

Connection: TypeAlias = "pymysql.connections.Connection[Any]"

# https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html, https://mariadb.com/kb/en/mariadb-error-codes/
_NUMBERS: dict[int, Literal["check", "unique", "not-null", "foreign-key"]] = {
    1062: "unique", 1586: "unique", 3819: "check", 4025: "check", 1048: "not-null", 1364: "not-null",
    1452: "foreign-key", 1526: "check",
}  # fmt: skip
_NAMES = (
    re.compile(r"for key '(?:[^'.]+\.)?([^']+)'"),
    re.compile(r"(?:Check constraint|CONSTRAINT) [`'\"]([^`'\"]+)[`'\"]"),
)
_COLUMN = re.compile(r"(?:Column|Field|column) '([^']+)'")
_FETCHED = 2000


def quoted(name: str) -> str:
    """A name in backticks."""
    return "`" + name.replace("`", "``") + "`"


class Rows:
    """Takes seeds inside one transaction, foreign keys off."""

    def __init__(self, connection: Connection, dialect: str) -> None:
        self._connection, self.dialect = connection, dialect

    def __enter__(self) -> Rows:
        self._run("SET SESSION foreign_key_checks = 0")
        # A key of 0 is a value here, not a request for the next number.
        self._run("SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')")
        self._run("START TRANSACTION")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run("ROLLBACK" if error else "COMMIT")
        self._run("SET SESSION foreign_key_checks = 1")

    def _run(self, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(text, values or None)
            return list(cursor.fetchall())

    def filled(self, tables: Sequence[Table]) -> set[str]:
        """Tables that have rows already."""
        return {one.name for one in tables if self._run(f"SELECT 1 FROM {quoted(one.name)} LIMIT 1")}

    def sample(self, table: Table, columns: Sequence[str]) -> list[Row]:
        """The first rows of a table."""
        if not columns:
            return []
        rows = self._run(f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(table.name)} LIMIT 4")
        return [{name: _value(value) for name, value in zip(columns, row, strict=True)} for row in rows]

    def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> Refusal | None:
        """Insert all rows or none."""
        line = "(" + ", ".join("%s" for _ in columns) + ")"
        fields = ", ".join(map(quoted, columns)).replace("%", "%%")
        name = quoted(table.name).replace("%", "%%")
        text = f"INSERT INTO {name} ({fields}) VALUES {', '.join([line] * len(rows))}"
        self._run("SAVEPOINT seeding")
        try:
            self._run(text, [row[name] for row in rows for name in columns])
        except (pymysql.MySQLError, UnicodeError) as error:
            self._run("ROLLBACK TO SAVEPOINT seeding")
            return _refusal(error)
        return None

    def inserted(self, table: Table) -> None:
        """Nothing to do: AUTO_INCREMENT follows the highest value."""


def _value(value: Any) -> str | bytes | None:
    return value if value is None or isinstance(value, bytes) else str(value)


def _refusal(error: Exception) -> Refusal:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    message = str(error.args[1] if len(error.args) > 1 else error)
    name = next((found[1] for pattern in _NAMES if (found := pattern.search(message))), None)
    if name is not None and "." in name:
        name = name.rpartition(".")[2]
    column = _COLUMN.search(message)
    return Refusal(message, _NUMBERS.get(number, "other"), name, (column[1],) if column else ())


def read_digest(connection: Connection, schema: Schema) -> Digest:
    """The digest of every base table."""
    tables: dict[str, TableDigest] = {}
    unread: dict[str, str] = {}
    for table in schema.tables.values():
        if table.kind not in ("table", "partitioned"):
            continue
        try:
            tables[table.name] = _read_table(connection, table)
        except pymysql.MySQLError as error:
            unread[table.name] = str(error.args[-1])
    return Digest(tables, unread)


def _read_table(connection: Connection, table: Table) -> TableDigest:
    fields = ", ".join(["NULL", *(quoted(one.name) for one in table.columns)])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {fields} FROM {quoted(table.name)} LIMIT {_FETCHED + 1}")
        rows = cursor.fetchall()
    if len(rows) > _FETCHED:
        return _read_large(connection, table)
    columns = {
        one.name: column_digest(one.type, (_text(row[at]) for row in rows)) for at, one in enumerate(table.columns, 1)
    }
    return TableDigest(len(rows), columns)


def _read_large(connection: Connection, table: Table) -> TableDigest:
    """Of a large table the server itself makes one hash a column."""
    parts = ["COUNT(*)"]
    for one in table.columns:
        name = quoted(one.name)
        parts.extend((f"COUNT({name})", f"COALESCE(SUM(CRC32({name})), 0)"))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)} FROM {quoted(table.name)}")
        row = cursor.fetchone()
    found = {
        one.name: ColumnDigest(one.type, (str(row[2 * at]),), (str(row[2 * at]),), int(row[2 * at - 1]), True)
        for at, one in enumerate(table.columns, 1)
    }
    return TableDigest(int(row[0]), found)


def _text(value: Any) -> str | None:
    return value if value is None else value.hex() if isinstance(value, bytes) else str(value)
