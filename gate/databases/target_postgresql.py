"""A PostgreSQL target: libpq's own parameters, and every query in a transaction that is READ ONLY and has limits.

The limits are ``SET LOCAL``, so nothing stays behind on a connection that a pooler (PgBouncer) hands on.
https://www.postgresql.org/docs/current/sql-set-transaction.html
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import psycopg
from psycopg import pq

from gate.databases import _survey_postgresql as survey_sql
from gate.databases._catalog_postgresql import read_schema
from gate.databases._deadline import answering
from gate.databases.target import (
    CONNECT_SECONDS,
    LOCK_SECONDS,
    LOCKED,
    QUERY_SECONDS,
    VERSION_ROWS,
    Address,
    FoundTable,
    Row,
    Stand,
    catalogue,
)
from gate.errors import TargetUnavailable
from gate.facts.rehearsal import Server
from gate.facts.schema import Schema
from gate.facts.target_measurements import amount
from gate.facts.target_survey import TargetSurvey

_READ_ONLY = "-c default_transaction_read_only=on"
# SQLAlchemy drivers spell some of libpq's parameters their own way.
_SPELLINGS = {"ssl": "sslmode", "unix_sock": "host", "timeout": "connect_timeout", "database": "dbname"}
# Why a connection was refused, and what to do about it.
_HINTS = (
    (
        r"invalid response|unexpected message|expected authentication|received invalid",
        "What answers there is not PostgreSQL: check host and port, and the kind in the URL.",
    ),
    (
        r"password authentication failed|no password supplied|28P01|authentication",
        "Check user and password (URL, PGPASSWORD or .pgpass).",
    ),
    (
        r"permission denied for database",
        "The role lacks CONNECT: GRANT CONNECT ON DATABASE … TO this role, and SELECT on its tables.",
    ),
    (r"does not exist", "Check the names of database and role in the URL."),
    (
        r"does not support SSL|SSL|certificate|sslmode",
        "Check sslmode and the certificates; the server's administrator knows what it offers.",
    ),
    (r"no pg_hba.conf entry", "The server does not let this host, user or TLS mode in: see pg_hba.conf."),
    (
        r"timeout expired",
        "Check host and port, and that this machine may reach them. A server that is frozen, or whose catalogue another "
        "session locks, takes the connection and does not answer either.",
    ),
    (
        r"timeout|timed out|could not connect|refused|unreachable|translate host|resolve",
        "Check host and port, and that this machine may reach them.",
    ),
    (
        r"too many clients|remaining connection slots|no more connections allowed",
        "The server has no free connection: try again, or use the pooler's address.",
    ),
    (
        r"starting up|shutting down|in recovery mode",
        "The server is restarting: wait until it is up, then run again.",
    ),
)
# What a server or a pooler says in the middle of a run, and what to do about it.
_AFTER = {
    "not allowed in statement pooling mode": (
        "The pooler does statement pooling, in which no transaction can be READ ONLY: give the server's own address, or a pool "
        "with pool_mode = transaction or session."
    ),
    "query_wait_timeout": "The pooler has no free server connection: try again, or give the server's own address.",
    "conflict with recovery": "The standby had changes to apply first: run again, or verify on the primary.",
    "terminating connection": "An administrator or a shutdown ended the session: run again when the server is up.",
    "server closed the connection": "The server or the network cut the connection: run again when the server is up.",
}
_VERSION_TABLES = """
SELECT n.nspname, c.relname,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'version_num' AND NOT a.attisdropped),
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'), c.oid::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (c.relname = ANY (%s) OR (SELECT count(*) = 1 AND min(a.attname::text) = 'version_num' FROM pg_attribute a
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
ORDER BY n.nspname <> coalesce(current_schema(), 'public'), c.relname <> 'alembic_version', 1, 2 LIMIT 50
"""
_HAS_TABLES = """
SELECT count(*) FROM (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.oid <> ALL (%s::oid[])
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
LIMIT 1) found
"""
_ABOUT = """
SELECT current_setting('server_version_num')::int, current_setting('server_version'), pg_is_in_recovery(), current_user::text,
       coalesce(current_schema(), 'public')::text, (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'),
       current_setting('default_transaction_read_only') = 'on'
"""
_OWN_REPLAY = """
SELECT pg_is_wal_replay_paused(), pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint,
       extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8
"""
_POOLED = (
    "a pooler (PgBouncer) stands before the target; the gate read through it in READ ONLY transactions. Run the upgrade on "
    "a direct connection: behind transaction pooling a SET lock_timeout and session advisory locks reach other sessions"
)


def connect(address: Address, repo: Path) -> PostgresqlTarget:
    """Connect; with libpq's environment, service file and ``.pgpass`` where the URL is silent."""
    del repo
    words = parameters(address)
    try:
        try:
            connection = psycopg.connect(
                **{**words, "options": f"{words.get('options', '')} {_READ_ONLY}".strip()}, autocommit=True
            )
        except psycopg.OperationalError as error:
            if "startup parameter" not in str(error):  # PgBouncer refuses `options`; READ ONLY transactions remain
                raise
            connection = psycopg.connect(**words, autocommit=True)
    except (psycopg.Error, UnicodeError, ValueError) as error:
        raise address.unavailable(_said(error), _advice(str(error))) from None
    connection.prepare_threshold = None  # poolers do not keep prepared statements
    return PostgresqlTarget(address, connection)


def parameters(address: Address) -> dict[str, Any]:
    """Libpq's parameters out of the URL; what only a driver knows is left out."""
    known = {one.keyword.decode() for one in pq.Conninfo.get_defaults()}
    url = address.url
    words: dict[str, Any] = {
        "user": url.user,
        "password": url.password,
        "host": url.host,
        "port": url.port,
        "dbname": url.database,
    }
    hosts = [value.partition(":")[::2] for key, value in address.query if key == "host" and not value.startswith("/")]
    for key, value in address.query:
        name = _SPELLINGS.get(key, key)
        if name in known:
            words[name] = (
                {"true": "require", "True": "require", "false": "disable"}.get(value, value)
                if name == "sslmode"
                else value
            )
    if hosts:
        words["host"] = ",".join(host for host, _ in hosts)
        if any(port for _, port in hosts):
            words["port"] = ",".join(port for _, port in hosts)
    found = {name: value for name, value in words.items() if value not in (None, "")}
    return {"connect_timeout": CONNECT_SECONDS, "application_name": "alembic-gate", **found}


def _said(error: BaseException) -> str:
    return re.sub(r"^connection failed: ", "", " ".join(str(error).split()))


def _advice(said: str) -> str:
    """What to do about a refused connection."""
    return next(
        (advice for pattern, advice in _HINTS if re.search(pattern, said, re.IGNORECASE)), "Check --target-url."
    )


class PostgresqlTarget:
    """An open connection; ``ask`` runs one query in one short read-only transaction."""

    kind = "postgresql"

    def __init__(self, address: Address, connection: psycopg.Connection[Row]) -> None:
        self.address, self.connection = address, connection
        self.default_schema = "public"
        self._inside = False
        self._seconds: float = QUERY_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(psycopg.Error):
            self.connection.close()

    @contextlib.contextmanager
    def reading(self, seconds: float = QUERY_SECONDS, search_path: str | None = None) -> Iterator[None]:
        """One snapshot for several queries: REPEATABLE READ, READ ONLY, with limits."""
        begin = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
        limits = {
            "statement_timeout": f"{int(seconds * 1000)}ms",
            "lock_timeout": f"{LOCK_SECONDS * 1000}ms",
            "idle_in_transaction_session_timeout": "60s",
        }
        path = f"; SET LOCAL search_path = {search_path}" if search_path else ""
        sets = "; ".join(f"SET LOCAL {name} = '{value}'" for name, value in limits.items())
        self._seconds = seconds
        with self._told():
            self.connection.execute(cast(Any, f"{begin}; {sets}{path}"))
        self._inside = True
        try:
            yield
        finally:
            self._inside = False
            with contextlib.suppress(TargetUnavailable), self._told():
                self.connection.execute("ROLLBACK")

    def _told(self) -> contextlib.AbstractContextManager[None]:
        return answering(self.address, self.connection.fileno, self._seconds, (psycopg.Error,), self._words)

    def _words(self, error: psycopg.Error) -> tuple[str, str]:
        """What happened and what to do."""
        if isinstance(error, psycopg.errors.QueryCanceled):
            return "a query took longer than it may", "Try again when the server is less busy."
        if isinstance(error, psycopg.errors.LockNotAvailable):
            return LOCKED, "Find and end what holds the lock, then run again."
        said = _first(error)
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            return said, "Grant this role the right, or use a role that has it."
        return said, next((advice for mark, advice in _AFTER.items() if mark in said), self._broken())

    def _broken(self) -> str:
        lost = self.connection.closed or self.connection.broken
        return "The connection was lost while reading: run again." if lost else "See the server's message."

    def ask(self, sql: str, seconds: float = QUERY_SECONDS, parameters: Iterable[Any] | None = None) -> list[Row]:
        """The rows of one query."""
        if not self._inside:
            with self.reading(seconds):
                return self.ask(sql, seconds, parameters)
        with self._told():
            cursor = self.connection.execute(cast(Any, sql), None if parameters is None else list(parameters))
            return cursor.fetchall() if cursor.description else []

    def quote(self, name: str) -> str:
        """Identifiers quoted; a dot parts schema and table."""
        return ".".join(_identifier(part) for part in name.split("."))

    def stand(self, names: Iterable[str]) -> Stand:
        """What the server says of itself in one snapshot, then each version table in a transaction of its own."""
        with self.reading():
            number, text, replica, user, schema, zone, asked_for = self.ask(_ABOUT)[0]
            found = self.ask(_VERSION_TABLES, parameters=[list({*names, "alembic_version"})])
            has_tables = bool(self.ask(_HAS_TABLES, parameters=[[row[4] for row in found]])[0][0])
        tables = tuple(self._rows(schema, *row[:4]) for row in found)
        self.default_schema = schema
        server = Server("postgresql", (number // 10000, number % 10000), text.split()[0], "target")
        why = "it is in recovery (pg_is_in_recovery): a read replica" if replica else None
        notes = [] if asked_for else [_POOLED]
        notes += [self._standby()] if replica else []
        return Stand(server, tables, has_tables, schema, zone, user, why, tuple(notes))

    def _standby(self) -> str:
        """How far what is read here may be behind the primary."""
        said = "read from a standby, which may be behind the primary"
        found = self.optional(_OWN_REPLAY)
        if isinstance(found, str):
            return f"{said}; by how much could not be read: {found}"
        paused, size, seconds = found[0]
        if not paused and not size:
            return f"{said}; it has replayed everything that it received"
        age = f", its newest transaction is {seconds:.0f} s old" if seconds is not None else ""
        return f"{said}: {'its replay is paused, ' if paused else ''}{amount(size)} received and not replayed{age}"

    def _rows(self, default: str, schema: str, name: str, fits: bool, readable: bool) -> FoundTable:
        place = None if schema == default else schema
        if not fits or not readable:
            return FoundTable(name, place, None, fits)
        try:
            rows = self.ask(f"SELECT version_num FROM {self.quote(schema)}.{self.quote(name)} LIMIT {VERSION_ROWS}")
        except TargetUnavailable as error:
            if error.what != LOCKED:
                raise
            return FoundTable(name, place, None, locked=True)
        return FoundTable(name, place, tuple(row[0] for row in rows))

    def schema(self, left_out: frozenset[str]) -> Schema:
        """The catalogue in one snapshot. A default schema of another name reads as the default one."""
        own = self.ask("SELECT coalesce(current_schema(), 'public')::text")[0][0]
        with self.reading(QUERY_SECONDS * 2, search_path=_identifier(own)):
            found = read_schema(self.ask, left_out)
        return found if own == "public" else survey_sql.as_default(found, own)

    def sees_everything(self) -> bool:
        """The catalogue hides no table from anybody."""
        return True

    def hidden(self) -> Mapping[str, str]:
        """And nothing else."""
        return {}

    def survey(self, left_out: frozenset[str]) -> TargetSurvey:
        """Sizes, sessions, locks, replicas, settings."""
        schema, unknown = catalogue(self, left_out)
        return survey_sql.survey(self.ask, self.optional, schema, unknown)

    def optional(self, sql: str) -> list[Row] | str:
        """The rows, or a sentence why they could not be read."""
        try:
            return self.ask(sql)
        except TargetUnavailable as error:
            if self.connection.closed:
                raise
            return error.what


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first(error: psycopg.Error) -> str:
    return error.diag.message_primary or " ".join(str(error).split())
