"""Scratch databases on PostgreSQL: on the user's scratch server, or on one of our own from the machine's binaries."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from gate.databases import _watching_postgresql
from gate.databases._binaries_postgresql import find
from gate.databases._catalog_postgresql import read_schema
from gate.databases._cluster_postgresql import SUPERUSER, PostgresCluster
from gate.databases._ours import MARKER, OwnDatabases
from gate.databases._rows_postgresql import Rows, read_digest
from gate.databases._seed import seed
from gate.databases._url import ServerUrl, parse, render
from gate.databases.base import DatabaseRefused, Progress, Seeded, SeedProfile, Watching
from gate.databases.digests import Digest
from gate.errors import ServerUnavailable
from gate.facts.rehearsal import Server
from gate.facts.schema import Schema

_SESSION = "-c search_path=public -c lock_timeout=10s -c statement_timeout=120s -c client_min_messages=warning"
_FILE_COPY_SINCE = 15
_FORCE_SINCE = 13
_TERMINATE_WAITS_SINCE = 14

Connection = psycopg.Connection[tuple[Any, ...]]


def start(
    version: str | None, url: str | None, *, cache_dir: Path, workdir: Path, progress: Progress
) -> PostgresServer:
    """A server: the one at ``url``, else one of our own. See ``gate.databases.base.open_server``."""
    if url is not None:
        return PostgresServer(parse(url), None, "url")
    binaries = find(version)
    progress(f"starting PostgreSQL {binaries.text} ({binaries.source})")
    cluster = PostgresCluster(binaries, cache_dir, workdir, _try_connect)
    place = ServerUrl("postgresql", SUPERUSER, cluster.password, "127.0.0.1", cluster.port, "postgres")
    try:
        return PostgresServer(place, cluster, binaries.source)
    except BaseException:
        cluster.stop()
        raise


def _try_connect(folder: Path, port: int) -> Connection | None:
    try:
        return psycopg.connect(host=str(folder), port=port, user=SUPERUSER, dbname="postgres", autocommit=True)
    except psycopg.OperationalError:
        return None


class PostgresServer(OwnDatabases[PostgresCluster]):
    """A PostgreSQL server to make scratch databases on."""

    errors = psycopg.Error

    def __init__(self, place: ServerUrl, cluster: PostgresCluster | None, source: str) -> None:
        super().__init__(place, cluster)
        try:
            self._admin = self.connect(place.database or "postgres")
        except psycopg.OperationalError as error:
            raise ServerUnavailable(
                f"cannot connect: {str(error).strip()}",
                where=place.place,
                advice="check host, port, user and password; in a container, services are at their service names",
            ) from error
        self.server = _describe(self._admin, source)
        self._watch(source)

    def connect(self, database: str) -> Connection:
        """A new connection of ours, in autocommit."""
        place = self.place
        options: dict[str, Any] = {
            "user": place.user, "password": place.password, "host": place.host, "port": place.port, **place.query
        }  # fmt: skip
        if self._cluster is not None:
            options |= {"host": str(self._cluster.socket)}
        options = {name: value for name, value in options.items() if value is not None}
        return psycopg.connect(
            dbname=database,
            autocommit=True,
            connect_timeout=15,
            options=_SESSION,
            application_name=MARKER,
            **{"client_encoding": "utf8", **options},
        )

    def create(self, name_hint: str = "gate", template: str | None = None) -> PostgresDatabase:
        """A new database, empty or a copy of another of ours."""
        name = self._new_name(name_hint)
        text = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template or "template0")
        )
        if template is None:
            text += sql.SQL(" ENCODING 'UTF8'")
        if self.server.version[0] >= _FILE_COPY_SINCE and self._cluster is not None:
            text += sql.SQL(" STRATEGY file_copy")
        try:
            self._admin.execute(text)
        except psycopg.Error as error:
            raise ServerUnavailable(
                f"cannot create a database: {str(error).strip()}",
                where=self.place.place,
                advice="the user of --database-url needs the right CREATEDB",
            ) from error
        return PostgresDatabase(self, name)

    def disconnect(self, name: str) -> None:
        """End every session in one of our databases."""
        wait = ", 5000" if self.server.version[0] >= _TERMINATE_WAITS_SINCE else ""
        text = f"SELECT pg_terminate_backend(pid{wait}) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        self._admin.execute(f"{text} AND datname = %s".encode(), (name,))

    def _drop(self, name: str) -> None:
        force = " WITH (FORCE)" if self.server.version[0] >= _FORCE_SINCE else ""
        if not force:
            self.disconnect(name)
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}" + force).format(sql.Identifier(name)))

    def _leave(self) -> None:
        self._admin.close()

    def save(self, database: PostgresDatabase, target: Path) -> str | None:
        """Keep the whole server's data with this one database; see ``gate.databases.snapshots``."""
        cluster = self._whole(database.name)
        if isinstance(cluster, str):
            return cluster
        database.leave()
        self._admin.execute("CHECKPOINT")
        cluster.freeze(target)
        return None

    def restore(self, database: PostgresDatabase, source: Path, saved_name: str) -> str | None:
        """Put a kept server in the place of this one; the database keeps its name, every session is cut."""
        cluster = self._whole(database.name)
        if isinstance(cluster, str):
            return cluster
        database.forget()
        self._admin.close()
        cluster.thaw(source)
        self._admin = self.connect("postgres")
        if saved_name != database.name:
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            self._admin.execute(rename.format(sql.Identifier(saved_name), sql.Identifier(database.name)))
        return None

    def note_extensions(self, names: Sequence[str]) -> None:
        """Name in the server's notes the stand-ins that a database really uses."""
        offered = self._cluster.stand_ins if self._cluster is not None else ()
        used = [f"stand-in for the extension {name}" for name in names if name in offered]
        new = tuple(one for one in used if one not in self.server.notes)
        if new:
            self.server = replace(self.server, notes=(*self.server.notes, *new))


def drop_all(place: ServerUrl, names: set[str]) -> None:
    """Drop databases of ours that a gate which died left on this server."""
    server = PostgresServer(place, None, "janitor")
    server.adopt(names)
    server.close()


def _describe(connection: Connection, source: str) -> Server:
    row = connection.execute(
        "SELECT current_setting('server_version_num'), current_setting('server_version')"
    ).fetchone()
    number, text = (int(row[0]), str(row[1])) if row else (0, "")
    version = (
        (number // 10000, number % 10000) if number >= 100000 else (number // 10000, number // 100 % 100, number % 100)
    )
    return Server("postgresql", version, text, source)


Moment = tuple[str, str]  # the table that is left out, and which transactions have ended


class PostgresDatabase:
    """A scratch database on PostgreSQL."""

    def __init__(self, server: PostgresServer, name: str, version_table: str = "alembic_version") -> None:
        self._server, self.name, self.version_table = server, name, version_table
        self._connection: Connection | None = None
        self._seen: tuple[Moment, Schema] | None = None

    @property
    def server(self) -> Server:
        """The server that this database is on, with notes as of now."""
        return self._server.server

    @property
    def _place(self) -> ServerUrl:
        return replace(self._server.place, database=self.name)

    @property
    def parts(self) -> Mapping[str, str]:
        """The URL's parts as text."""
        place = self._place
        return {
            "host": place.host or place.query.get("host", "localhost"),
            "port": str(place.port or 5432),
            "user": place.user or "",
            "password": place.password or "",
            "database": self.name,
        }

    def url(self, driver: str | None = None) -> str:
        """SQLAlchemy URL text."""
        return render(self._place, driver)

    @contextlib.contextmanager
    def _session(self) -> Iterator[Connection]:
        """Our own connection, opened when first needed and after it was cut."""
        if self._connection is None or self._connection.closed or self._connection.broken:
            self._connection = self._open()
        try:
            yield self._connection
        except psycopg.Error as error:
            raise _refused(error) from error

    def _open(self) -> Connection:
        try:
            return self._server.connect(self.name)
        except psycopg.Error as error:
            raise ServerUnavailable(
                f"the scratch database is gone or refuses connections: {str(error).strip()}",
                where=self._place.place,
                advice="a revision may have dropped the database, or the server may have been stopped",
            ) from error

    def leave(self) -> None:
        """Close our own connection; the next use opens one again."""
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

    def schema(self) -> Schema:
        """The whole catalogue; what was read before is given again while no transaction has written since."""
        with self._session() as connection:
            now = self._moment(connection)
            if self._seen is None or self._seen[0] != now:
                found = read_schema(
                    lambda text: connection.execute(text.encode()).fetchall(), frozenset({self.version_table})
                )
                self._seen = (now, found)
        self._server.note_extensions(self._seen[1].extensions)
        return self._seen[1]

    def _moment(self, connection: Connection) -> Moment:
        """Which transactions of the server have ended: https://www.postgresql.org/docs/current/functions-info.html."""
        row = connection.execute("SELECT txid_current_snapshot()::text").fetchone()
        return self.version_table, str(row[0] if row else None)

    @contextlib.contextmanager
    def _changing_no_object(self, connection: Connection) -> Iterator[None]:
        """Around statements of ours, while the project stands still: what was read of the catalogue stays true."""
        still = self._seen is not None and self._seen[0] == self._moment(connection)
        yield
        if still and self._seen is not None:
            self._seen = (self._moment(connection), self._seen[1])

    def forget(self) -> None:
        """Another database is in the place of this one."""
        self.leave()
        self._seen = None

    def configure(self, settings: Mapping[str, str]) -> None:
        """What every new session in this database starts with."""
        with self._session() as connection, self._changing_no_object(connection):
            for name, value in settings.items():
                text = sql.SQL("ALTER DATABASE {} SET {} = {}")
                connection.execute(text.format(sql.Identifier(self.name), sql.Identifier(name), sql.Literal(value)))

    def versions(self, table: str = "alembic_version", schema: str | None = None) -> tuple[str, ...]:
        """The version rows as committed."""
        name = sql.Identifier(*(part for part in (schema, table) if part))
        with self._session() as connection:
            there = connection.execute("SELECT to_regclass(%s)", (name.as_string(connection),)).fetchone()
            if not there or there[0] is None:
                return ()
            rows = connection.execute(sql.SQL("SELECT version_num FROM {}").format(name)).fetchall()
        return tuple(sorted(str(row[0]) for row in rows))

    def seed(self, profile: SeedProfile, tables: Iterable[str] | None = None) -> Seeded:
        """Fill empty tables with rows of the profile."""
        schema = self.schema()
        with self._session() as connection, self._changing_no_object(connection), Rows(connection) as rows:
            return seed(rows, schema, profile, tables)

    def digest(self) -> Digest:
        """Rows and values as digests."""
        schema = self.schema()
        with self._session() as connection:
            return read_digest(connection, schema)

    def clone(self) -> PostgresDatabase:
        """A copy made by the server from this database as template."""
        with self._session() as connection:
            known = self._seen[1] if self._seen and self._seen[0] == self._moment(connection) else None
        self.leave()
        self._server.disconnect(self.name)
        copy = self._server.create(self.name.split("_", 4)[-1], template=self.name)
        copy.version_table = self.version_table
        if known is not None:
            with copy._session() as connection:
                copy._seen = (copy._moment(connection), known)
        return copy

    def watching(self) -> Watching:
        """The observer's queries (planned functions where our user may make them), and the files of all relations."""
        version = self.server.version[0]
        with self._session() as connection, self._changing_no_object(connection):
            there = connection.execute(_watching_postgresql.there().encode()).fetchone()
            planned = there is not None and there[0] is True
            if not planned and connection.info.parameter_status("is_superuser") == "on":
                with contextlib.suppress(psycopg.Error):
                    connection.execute(_watching_postgresql.creation(version).encode())
                    planned = True
            files = connection.execute(_watching_postgresql.FILES.encode()).fetchone()
        return Watching(self.name, _watching_postgresql.queries(planned), files[0] if files else Watching.files)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run SQL in autocommit."""
        with self._session() as connection:
            cursor = connection.execute(sql.encode(), tuple(parameters) or None)
            return cursor.fetchall() if cursor.description else []

    def try_query(self, sql: str) -> str | None:
        """Run SQL in a transaction that is rolled back."""
        with self._session() as connection:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(sql.encode())
            except psycopg.Error as error:
                return str(error).strip() or type(error).__name__
        return None

    def drop(self) -> None:
        """Drop the database."""
        self.leave()
        with contextlib.suppress(psycopg.Error):
            self._server.drop(self.name)


def _refused(error: psycopg.Error) -> DatabaseRefused:
    return DatabaseRefused(str(error).strip() or type(error).__name__, sqlstate=error.sqlstate)
