"""Rows on PostgreSQL: how seeds go in, and how digests come out."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Literal

import psycopg
from psycopg import sql

from gate.databases._solve import Refusal, Row
from gate.databases.digests import ColumnDigest, Digest, TableDigest, column_digest
from gate.facts.schema import Schema, Table

Connection = psycopg.Connection[tuple[Any, ...]]
Kind = Literal["check", "unique", "not-null", "foreign-key", "other"]

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_STATES: dict[str, Kind] = {
    "23514": "check", "23505": "unique", "23P01": "unique", "23502": "not-null", "23503": "foreign-key",
}  # fmt: skip
_NEXTVAL = re.compile(r"nextval\('((?:[^']|'')+)'::regclass\)")
# More rows than this are digested by the server, as a whole column, and only exactly.
_FETCHED = 2000


def identifier(name: str) -> sql.Identifier:
    """A table's name in a ``Schema`` as a quoted identifier."""
    return sql.Identifier(*name.split(".", 1))


class _Text(sql.Composable):
    """SQL that the server spelled itself."""

    def as_bytes(self, context: object = None) -> bytes:
        return str(self._obj).encode()


class Rows:
    """Takes seeds inside one transaction, foreign keys and triggers off where the user may switch them off."""

    dialect = "postgresql"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = psycopg.ClientCursor(connection)
        self._transaction = connection.transaction()
        self._highest: dict[str, list[sql.Composable]] = {}

    def __enter__(self) -> Rows:
        self._transaction.__enter__()
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege), self._connection.transaction():
            self._connection.execute("SET LOCAL session_replication_role = replica")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._advance()
        self._transaction.__exit__(kind, error, trace)

    def filled(self, tables: Sequence[Table]) -> set[str]:
        """Tables that have rows already."""
        if not tables:
            return set()
        parts = [
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(one.name), identifier(one.name))
            for one in tables
        ]
        return {row[0] for row in self._connection.execute(sql.SQL(" UNION ALL ").join(parts)).fetchall()}

    def sample(self, table: Table, columns: Sequence[str]) -> list[Row]:
        """The first rows of a table."""
        if not columns:
            return []
        fields = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(one)) for one in columns)
        rows = self._connection.execute(sql.SQL("SELECT {} FROM {} LIMIT 4").format(fields, identifier(table.name)))
        return [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]

    def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> Refusal | None:
        """Insert all rows or none."""
        name = self._spelled(identifier(table.name))
        line = f"({', '.join(['%s'] * len(columns))})"
        fields = ", ".join(self._spelled(sql.Identifier(one)) for one in columns)
        text = f"INSERT INTO {name} ({fields}) OVERRIDING SYSTEM VALUE VALUES {', '.join([line] * len(rows))}"
        if not columns:
            text = f"INSERT INTO {name} DEFAULT VALUES"
        values = [row[name] for row in rows for name in columns]
        try:
            # Values are merged here, so that one round trip holds all three statements.
            self._cursor.execute(f"SAVEPOINT seeding; {text}; RELEASE seeding".encode(), values)
        except psycopg.Error as error:
            self._connection.execute("ROLLBACK TO seeding; RELEASE seeding")
            return _refusal(error)
        return None

    def _spelled(self, name: sql.Identifier) -> str:
        """A quoted name in a statement with placeholders, where a percent sign has to be doubled."""
        return name.as_string(self._connection).replace("%", "%%")

    def inserted(self, table: Table) -> None:
        """Note the table's sequences: they are put behind the rows at the end, so that new rows get new numbers."""
        for one in table.columns:
            highest = sql.SQL("(SELECT max({}) FROM {})").format(sql.Identifier(one.name), identifier(table.name))
            named = _NEXTVAL.search(one.default or "")
            if one.identity:
                owner = identifier(table.name).as_string(self._connection)
                owned = sql.SQL("pg_get_serial_sequence({}, {})").format(sql.Literal(owner), sql.Literal(one.name))
                self._highest.setdefault(owned.as_string(self._connection), []).append(highest)
            elif named:
                self._highest.setdefault(f"'{named[1]}'", []).append(highest)

    def _advance(self) -> None:
        """Put every sequence behind the highest number used, all in one go unless one of them refuses."""
        calls = [
            sql.SQL("setval({}::regclass, greatest({}))").format(_Text(sequence), sql.SQL(", ").join(highest))
            for sequence, highest in self._highest.items()
        ]
        # A target list has at most 1664 entries (MaxTupleAttributeNumber).
        for start in range(0, len(calls), 500):
            if not self._run(calls[start : start + 500]):
                for call in calls[start : start + 500]:
                    self._run([call])

    def _run(self, calls: Sequence[sql.Composable]) -> bool:
        try:
            with self._connection.transaction():
                self._connection.execute(sql.SQL("SELECT ") + sql.SQL(", ").join(calls))
        except psycopg.Error:
            return False
        return True


def _refusal(error: psycopg.Error) -> Refusal:
    detail = error.diag
    columns = (detail.column_name,) if detail.column_name else ()
    message = detail.message_primary or str(error)
    return Refusal(message, _STATES.get(error.sqlstate or "", "other"), detail.constraint_name, columns)


def read_digest(connection: Connection, schema: Schema) -> Digest:
    """The digest of every base table; partitions are read through their parent."""
    tables: dict[str, TableDigest] = {}
    unread: dict[str, str] = {}
    chosen = [
        one for one in schema.tables.values() if one.kind in ("table", "partitioned") and one.partition_of is None
    ]
    for table in chosen:
        try:
            tables[table.name] = _read_table(connection, table)
        except psycopg.Error as error:
            unread[table.name] = str(error).strip()
    return Digest(tables, unread)


def _read_table(connection: Connection, table: Table) -> TableDigest:
    columns = [one for one in table.columns if one.generated != "virtual"]
    fields = sql.SQL(", ").join(
        [sql.SQL("NULL"), *(sql.SQL("{}::text").format(sql.Identifier(one.name)) for one in columns)]
    )
    text = sql.SQL("SELECT {} FROM {} LIMIT {}").format(fields, identifier(table.name), sql.Literal(_FETCHED + 1))
    rows = connection.execute(text).fetchall()
    if len(rows) > _FETCHED:
        return _read_large(connection, table)
    digests = {one.name: column_digest(one.type, (row[at] for row in rows)) for at, one in enumerate(columns, 1)}
    return TableDigest(len(rows), digests)


_SINCE_11 = 110000
_HASH, _HASH_OF_10 = "hashtextextended({}::text, 0)", "('x' || left(md5({}::text), 16))::bit(64)::bigint"


def _read_large(connection: Connection, table: Table) -> TableDigest:
    """Of a large table the server itself makes one hash a column: counts, and whether anything changed."""
    columns = [one for one in table.columns if one.generated != "virtual"]
    hashed = _HASH if connection.info.server_version >= _SINCE_11 else _HASH_OF_10
    parts: list[sql.Composable] = [sql.SQL("count(*)::text")]
    for one in columns:
        name = sql.Identifier(one.name)
        parts.append(sql.SQL("count({})::text").format(name))
        parts.append(sql.SQL("coalesce(sum({}::numeric), 0)::text").format(sql.SQL(hashed).format(name)))
    row = connection.execute(
        sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(parts), identifier(table.name))
    ).fetchone()
    assert row is not None
    found = {
        one.name: ColumnDigest(one.type, (row[2 * at],), (row[2 * at],), int(row[2 * at - 1]), True)
        for at, one in enumerate(columns, 1)
    }
    return TableDigest(int(row[0]), found)
