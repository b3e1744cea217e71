"""A MySQL or MariaDB target: a session whose transactions are all READ ONLY, with limits on statements and lock waits.

Autocommit, so that no metadata lock outlives its query. https://mariadb.com/kb/en/set-transaction/
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pymysql
import pymysql.cursors

from gate.databases import _survey_mysql as survey_sql
from gate.databases._catalog_mysql import read_schema
from gate.databases._deadline import answering
from gate.databases._grants_mysql import hidden, privileges, seeing
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
from gate.errors import TargetUnavailable, UsageError
from gate.facts.rehearsal import Server
from gate.facts.schema import Schema
from gate.facts.target_survey import TargetSurvey

_TLS = {
    "ssl_ca": "ssl_ca",
    "ssl_cert": "ssl_cert",
    "ssl_key": "ssl_key",
    "ssl_verify_cert": "ssl_verify_cert",
    "ssl_verify_identity": "ssl_verify_identity",
    "ssl_check_hostname": "ssl_verify_identity",
    "ssl_key_password": "ssl_key_password",
}
_TRUE = ("1", "true", "yes", "on")
_ABOUT = (
    "SELECT VERSION(), CURRENT_USER(), DATABASE(), @@global.read_only, @@session.time_zone, @@global.system_time_zone"
)
_VERSION_TABLES = """
SELECT t.TABLE_NAME, SUM(c.COLUMN_NAME = 'version_num') FROM information_schema.TABLES t
JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' GROUP BY t.TABLE_NAME
HAVING t.TABLE_NAME IN ({names}) OR COUNT(*) = 1 AND SUM(c.COLUMN_NAME = 'version_num') = 1
ORDER BY t.TABLE_NAME <> 'alembic_version', 1 LIMIT 50
"""
_BODIES_MISSING = (
    "SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_DEFINITION IS NULL"
)
_DENIED = (1044, 1045, 1142, 1143, 1227)  # ER_DBACCESS_DENIED and its kin: a right is missing
_TOO_LONG = (1969, 3024, 1317)  # ER_STATEMENT_TIMEOUT (MariaDB), ER_QUERY_TIMEOUT (MySQL), ER_QUERY_INTERRUPTED
_LOCKED = (1205, 1213)


def connect(address: Address, repo: Path) -> MysqlTarget:
    """Connect by TCP, or by the socket that the URL names."""
    del repo
    if not address.url.database:
        raise UsageError(
            "the target URL names no database", where="--target-url", advice="Write mysql://user@host/database."
        )
    try:
        connection = pymysql.connect(**parameters(address))
    except (pymysql.MySQLError, OSError, ValueError, UnicodeError, RuntimeError, NotImplementedError) as error:
        raise address.unavailable(_said(error), _advice(_said(error))) from None
    return MysqlTarget(address, connection)


def parameters(address: Address) -> dict[str, Any]:
    """PyMySQL's parameters out of the URL; other drivers' spellings of TLS and sockets are understood."""
    url, options = address.url, dict(address.query)
    password = url.password if url.password is not None else os.environ.get("MYSQL_PWD", "")
    words: dict[str, Any] = {
        "host": url.host or "localhost",
        "port": url.port or 3306,
        "user": url.user,
        "password": password,
        "database": url.database,
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": CONNECT_SECONDS,  # of the handshake; later every answer has a deadline of its own
        "write_timeout": 10,
        "autocommit": True,
        "program_name": "alembic-gate",
    }
    socket = options.get("unix_socket") or options.get("unix_sock")
    if socket:
        words["unix_socket"] = socket
    if options.get("read_default_file"):
        words["read_default_file"] = options["read_default_file"]
        words = {name: value for name, value in words.items() if value not in (None, "")}
    return {**words, **_tls(options)}


def _tls(options: dict[str, str]) -> dict[str, Any]:
    """``ssl_mode`` as the client programs know it, ``ssl_*`` as the drivers do."""
    if options.get("ssl_disabled", "").lower() in _TRUE or options.get("ssl_mode", "").upper() == "DISABLED":
        return {"ssl_disabled": True}
    words: dict[str, Any] = {_TLS[name]: value for name, value in options.items() if name in _TLS}
    for name in ("ssl_verify_cert", "ssl_verify_identity"):
        if name in words:
            words[name] = words[name].lower() in _TRUE
    mode = options.get("ssl_mode", "").upper()
    if mode in ("VERIFY_CA", "VERIFY_IDENTITY"):
        words |= {"ssl_verify_cert": True, "ssl_verify_identity": mode == "VERIFY_IDENTITY"}
    if not words and (mode == "REQUIRED" or options.get("ssl", "").lower() in (*_TRUE, "{}")):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # REQUIRED encrypts and does not verify
        return {"ssl": context}
    return words


def _said(error: BaseException) -> str:
    if isinstance(error, pymysql.MySQLError) and len(error.args) > 1:
        return f"{error.args[1]} ({error.args[0]})"
    return str(error) or type(error).__name__


def _advice(said: str) -> str:
    hints = (
        (r"1045|Access denied for user", "Check user and password (URL, MYSQL_PWD or read_default_file)."),
        (r"1049|Unknown database|1044", "Check the name of the database in the URL, and that the user may use it."),
        (
            r"SSL|TLS|certificate",
            "Check ssl_mode, ssl_ca and the certificates; the server's administrator knows what it offers.",
        ),
        (
            r"2013|Lost connection|Packet|invalid|unpack|index out|2027|Bad Handshake",
            "What answers there may not be MySQL or MariaDB: check host and port, and the kind in the URL.",
        ),
        (r"2003|timed out|refused|Name or service", "Check host and port, and that this machine may reach them."),
        (r"1040|Too many", "The server has no free connection: try again."),
    )
    return next((advice for pattern, advice in hints if re.search(pattern, said, re.IGNORECASE)), "Check --target-url.")


class MysqlTarget:
    """An open connection that can only read."""

    def __init__(self, address: Address, connection: pymysql.Connection[Any]) -> None:
        self.address, self.connection = address, connection
        said: str = connection.get_server_info()  # type: ignore[no-untyped-call]  # the stubs leave it out
        self.kind = "mariadb" if "mariadb" in said.lower() else "mysql"
        self._limit = 0.0
        connection._read_timeout = None  # type: ignore[attr-defined]  # private, and the only way to have it for the handshake alone
        try:
            self._execute("SET SESSION TRANSACTION READ ONLY")
            # the rules quote names as the standard does
            self._execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')")
            self._execute(f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}, innodb_lock_wait_timeout = {LOCK_SECONDS}")
            self._limited(QUERY_SECONDS)
        except TargetUnavailable:
            connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(pymysql.MySQLError, OSError):
            self.connection.close()

    def _limited(self, seconds: float) -> None:
        """The time limit of the queries that follow. https://mariadb.com/kb/en/aborting-statements/"""
        if seconds != self._limit:
            unit = (
                f"max_statement_time = {seconds}"
                if self.kind == "mariadb"
                else f"max_execution_time = {int(seconds * 1000)}"
            )
            self._execute(f"SET SESSION {unit}")
            self._limit = seconds

    def _execute(self, sql: str, parameters: Iterable[Any] | None = None) -> list[Row]:
        with self._told(), self.connection.cursor() as cursor:
            cursor.execute(sql, None if parameters is None else list(parameters))
            return list(cursor.fetchall())

    def _told(self) -> contextlib.AbstractContextManager[None]:
        seconds = self._limit or QUERY_SECONDS
        return answering(self.address, self._descriptor, seconds, (pymysql.MySQLError, OSError), self._words)

    def _descriptor(self) -> int:
        line = self.connection._sock  # type: ignore[attr-defined]  # private; the driver offers no other way to its socket
        if line is None:
            raise pymysql.InterfaceError(0, "the connection is closed")
        return int(line.fileno())

    def _words(self, error: Exception) -> tuple[str, str]:
        """What happened and what to do."""
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        if number in _DENIED:
            return _said(error), "Grant this user the right, or use one that has it."
        if number in _TOO_LONG:
            return "a query took longer than it may", "Try again when the server is less busy."
        if number in _LOCKED:
            return LOCKED, "Find and end what holds the lock, then run again."
        lost = not self.connection.open
        return _said(
            error
        ), "The connection was lost while reading: run again." if lost else "See the server's message."

    def ask(self, sql: str, seconds: float = QUERY_SECONDS, parameters: Iterable[Any] | None = None) -> list[Row]:
        """The rows of one query."""
        self._limited(seconds)
        return self._execute(sql, parameters)

    def optional(self, sql: str) -> list[Row] | str:
        """The rows, or a sentence why they could not be read."""
        try:
            return self.ask(sql)
        except TargetUnavailable as error:
            if not self.connection.open:
                raise
            return error.what

    def quote(self, name: str) -> str:
        """Identifiers quoted; a dot parts database and table."""
        return ".".join("`" + part.replace("`", "``") + "`" for part in name.split("."))

    def stand(self, names: Iterable[str]) -> Stand:
        """The version tables and what the server says of itself."""
        version, user, database, read_only, zone, system_zone = self.ask(_ABOUT)[0]
        wanted = sorted({*names, "alembic_version"})
        found = self.ask(_VERSION_TABLES.format(names=", ".join(["%s"] * len(wanted))), parameters=wanted)
        tables = tuple(self._rows(name, bool(fits)) for name, fits in found)
        others = self.ask("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")[0][0]
        numbers = tuple(int(part) for part in re.findall(r"\d+", re.sub(r"^5\.5\.5-", "", version))[:3])
        server = Server(self.kind, numbers, ".".join(map(str, numbers)), "target")  # type: ignore[arg-type]  # one of two literals
        why = "it is read-only (@@read_only): a replica, or a primary that takes no writes" if read_only else None
        return Stand(
            server, tables, others > len(tables), database, system_zone if zone == "SYSTEM" else zone, user, why
        )

    def _rows(self, name: str, fits: bool) -> FoundTable:
        if not fits:
            return FoundTable(name, None, None, fits=False)
        try:
            rows = self.ask(f"SELECT version_num FROM {self.quote(name)} LIMIT {VERSION_ROWS}")
        except TargetUnavailable as error:
            if not self.connection.open:
                raise
            return FoundTable(name, None, None, locked=error.what == LOCKED)
        return FoundTable(name, None, tuple(row[0] for row in rows))

    def schema(self, left_out: frozenset[str]) -> Schema:
        """The catalogue of the connected database."""
        return read_schema(
            seeing(self._named), self.address.url.database or "", left_out, mariadb=self.kind == "mariadb"
        )

    def _named(self, sql: str) -> list[dict[str, Any]]:
        """The rows as dictionaries, for the catalogue's reader."""
        with self._told(), self.connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def sees_everything(self) -> bool:
        """A table without a grant is not in information_schema at all."""
        return bool({"SELECT", "ALL PRIVILEGES"} & self._rights)

    def hidden(self) -> Mapping[str, str]:
        """Triggers, views and routines that information_schema keeps from this role."""
        user, database = self.ask("SELECT CURRENT_USER(), DATABASE()")[0]
        missing = bool(self.ask(_BODIES_MISSING)[0][0])
        return hidden(self._rights, missing, database, user, mariadb=self.kind == "mariadb")

    @functools.cached_property
    def _rights(self) -> frozenset[str]:
        """What the role may do: read once, though asked for several times in a run."""
        lines = [str(row[0]) for row in self.ask("SHOW GRANTS")]
        return privileges(lines, self.address.url.database or "")

    def survey(self, left_out: frozenset[str]) -> TargetSurvey:
        """Sizes, sessions, locks, settings."""
        schema, unknown = catalogue(self, left_out)
        whole = self.sees_everything()
        return survey_sql.survey(self.ask, self.optional, schema, self.kind, unknown, whole=whole)
