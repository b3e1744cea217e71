"""Scratch databases on MySQL and MariaDB, which speak the same protocol; the server says which of the two it is."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymysql
from pymysql.constants import CLIENT
from pymysql.cursors import DictCursor

from gate.databases._catalog_mysql import read_schema
from gate.databases._cluster_mysql_family import USER, Binaries, MysqlCluster
from gate.databases._copy_mysql import copy_database
from gate.databases._ours import OwnDatabases
from gate.databases._rows_mysql import Connection, Rows, quoted, read_digest
from gate.databases._seed import seed
from gate.databases._url import ServerUrl, render
from gate.databases.base import DatabaseRefused, Progress, Seeded, SeedProfile, Watching
from gate.databases.digests import Digest
from gate.errors import ServerUnavailable
from gate.facts.rehearsal import Server
from gate.facts.schema import Schema

_NO_SUCH_TABLE = 1146
_UNKNOWN_TABLE = 1109


class MysqlServer(OwnDatabases[MysqlCluster]):
    """A MySQL or MariaDB server to make scratch databases on."""

    errors = pymysql.MySQLError

    def __init__(self, place: ServerUrl, cluster: MysqlCluster | None, source: str) -> None:
        super().__init__(place, cluster)
        try:
            self._admin = self.connect(place.database if cluster is None else None)
        except (pymysql.MySQLError, OSError, RuntimeError) as error:  # RuntimeError: a login that needs TLS
            raise ServerUnavailable(
                f"cannot connect: {_words(error)}",
                where=place.place,
                advice="check host, port, user and password; in a container, services are at their service names",
            ) from error
        self.server = _describe(self._admin, source)
        self._watch(source)

    def connect(self, database: str | None) -> Connection:
        """A new connection of ours, in autocommit."""
        place = self.place
        options: dict[str, Any] = {
            name: place.query[name] for name in ("unix_socket", "charset") if name in place.query
        }
        options |= {name: value for name, value in place.query.items() if name.startswith("ssl_")}
        return pymysql.connect(
            host=place.host or "localhost",
            port=place.port or 3306,
            user=place.user,
            password=place.password or "",
            database=database,
            autocommit=True,
            connect_timeout=15,
            init_command="SET SESSION lock_wait_timeout = 10, innodb_lock_wait_timeout = 10",
            client_flag=CLIENT.MULTI_STATEMENTS,
            **{"charset": "utf8mb4", **options},
        )

    def ask(self, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement of the server's own kind (databases, sessions)."""
        with self._admin.cursor() as cursor:
            cursor.execute(text, values or None)
            return list(cursor.fetchall())

    def create(self, name_hint: str = "gate") -> MysqlDatabase:
        """A new empty database."""
        name = self._new_name(name_hint)
        try:
            self.ask(f"CREATE DATABASE {quoted(name)} CHARACTER SET utf8mb4")
        except pymysql.MySQLError as error:
            raise ServerUnavailable(
                f"cannot create a database: {_words(error)}",
                where=self.place.place,
                advice="the user of --database-url needs ALL PRIVILEGES on `alembic_gate_%`.*",
            ) from error
        return MysqlDatabase(self, name)

    def disconnect(self, name: str) -> None:
        """End every session in one of our databases, as far as our user may."""
        for (number,) in self.ask(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = %s AND ID <> CONNECTION_ID()", (name,)
        ):
            with contextlib.suppress(pymysql.MySQLError):
                self.ask(f"KILL {int(number)}")

    def _drop(self, name: str) -> None:
        self.disconnect(name)
        self.ask(f"DROP DATABASE IF EXISTS {quoted(name)}")

    def _leave(self) -> None:
        self._admin.close()

    def save(self, database: MysqlDatabase, target: Path) -> str | None:
        """Keep the whole server's data with this one database; see ``gate.databases.snapshots``."""
        cluster = self._whole(database.name)
        if isinstance(cluster, str):
            return cluster
        database.leave()
        self._admin.close()
        cluster.freeze(target)
        self._admin = self.connect(None)
        return None

    def restore(self, database: MysqlDatabase, source: Path, saved_name: str) -> str | None:
        """Put a kept server in the place of this one; the database keeps its name, every session is cut."""
        cluster = self._whole(database.name)
        if isinstance(cluster, str):
            return cluster
        database.leave()
        self._admin.close()
        cluster.thaw(source)
        self._admin = self.connect(None)
        if saved_name != database.name:
            self._rename(saved_name, database.name)
        return None

    def _rename(self, old: str, new: str) -> None:
        """MariaDB cannot rename a database, so what it holds is copied."""
        self.ask(f"CREATE DATABASE {quoted(new)} CHARACTER SET utf8mb4")
        connection = self.connect(new)
        with connection:
            copy_database(connection, old, new)
        self.ask(f"DROP DATABASE {quoted(old)}")


def start_own(binaries: Binaries, cache_dir: Path, workdir: Path, progress: Progress) -> MysqlServer:
    """A server of our own, which ends with the last database. Raises ``ServerUnavailable`` with what it said."""
    progress(f"starting {binaries.name} {binaries.text}")
    cluster = MysqlCluster(binaries, cache_dir, workdir, _try_connect)
    try:
        return MysqlServer(ServerUrl("mysql", USER, cluster.password, "127.0.0.1", cluster.port), cluster, "binaries")
    except BaseException:
        cluster.stop()
        raise


def _try_connect(socket: Path) -> Connection | None:
    try:
        return pymysql.connect(unix_socket=str(socket), user=USER, autocommit=True)
    except pymysql.MySQLError:
        return None


def drop_all(place: ServerUrl, names: set[str]) -> None:
    """Drop databases of ours that a gate which died left on this server."""
    server = MysqlServer(place, None, "janitor")
    server.adopt(names)
    server.close()


def _describe(connection: Connection, source: str) -> Server:
    with connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        text = str(cursor.fetchone()[0])
    # Old MariaDB servers put 5.5.5- in front for old clients: https://mariadb.com/kb/en/version/
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", text.removeprefix("5.5.5-"))
    version = tuple(int(one) for one in numbers.groups()) if numbers else ()
    return Server("mariadb" if "mariadb" in text.lower() else "mysql", version, text, source)


class MysqlDatabase:
    """A scratch database on MySQL or MariaDB."""

    def __init__(self, server: MysqlServer, name: str, version_table: str = "alembic_version") -> None:
        self._server, self.name, self.version_table = server, name, version_table
        self._connection: Connection | None = None

    @property
    def server(self) -> Server:
        """The server that this database is on."""
        return self._server.server

    @property
    def _place(self) -> ServerUrl:
        return replace(self._server.place, database=self.name)

    @property
    def parts(self) -> Mapping[str, str]:
        """The URL's parts as text."""
        place = self._place
        return {
            "host": place.host or "localhost",
            "port": str(place.port or 3306),
            "user": place.user or "",
            "password": place.password or "",
            "database": self.name,
        }

    def url(self, driver: str | None = None) -> str:
        """SQLAlchemy URL text."""
        return render(self._place, driver)

    @contextlib.contextmanager
    def session(self) -> Iterator[Connection]:
        """Our own connection, opened when first needed and after it was cut."""
        try:
            if self._connection is None or not self._connection.open:
                self._connection = self._server.connect(self.name)
            yield self._connection
        except pymysql.OperationalError as error:
            if self._connection is not None and not self._connection.open:
                self._connection = None
            raise _refused(error) from error
        except pymysql.MySQLError as error:
            raise _refused(error) from error

    def leave(self) -> None:
        """Close our own connection; the next use opens one again."""
        if self._connection is not None:
            with contextlib.suppress(pymysql.MySQLError):
                self._connection.close()
            self._connection = None

    def schema(self) -> Schema:
        """The whole catalogue."""
        with self.session() as connection:

            def ask(text: str) -> list[dict[str, Any]]:
                with connection.cursor(DictCursor) as cursor:
                    try:
                        cursor.execute(text)
                    except pymysql.OperationalError as error:
                        if error.args[0] == _UNKNOWN_TABLE:  # a view of information_schema that this version lacks
                            return []
                        raise
                    return [{key.upper(): value for key, value in row.items()} for row in cursor.fetchall()]

            return read_schema(
                ask, self.name, frozenset({self.version_table}), mariadb=self.server.dialect == "mariadb"
            )

    def versions(self, table: str = "alembic_version", schema: str | None = None) -> tuple[str, ...]:
        """The version rows as committed."""
        name = f"{quoted(schema)}.{quoted(table)}" if schema else quoted(table)
        with self.session() as connection, connection.cursor() as cursor:
            try:
                cursor.execute(f"SELECT version_num FROM {name}")
            except pymysql.ProgrammingError as error:
                if error.args[0] == _NO_SUCH_TABLE:
                    return ()
                raise
            return tuple(sorted(str(row[0]) for row in cursor.fetchall()))

    def seed(self, profile: SeedProfile, tables: Iterable[str] | None = None) -> Seeded:
        """Fill empty tables with rows of the profile."""
        schema = self.schema()
        with self.session() as connection, Rows(connection, self.server.dialect) as rows:
            return seed(rows, schema, profile, tables)

    def digest(self) -> Digest:
        """Rows and values as digests."""
        schema = self.schema()
        with self.session() as connection:
            return read_digest(connection, schema)

    def clone(self) -> MysqlDatabase:
        """A copy, object by object: this server has no templates."""
        self._server.disconnect(self.name)
        self.leave()
        copy = self._server.create(self.name.split("_", 4)[-1])
        copy.version_table = self.version_table
        with copy.session() as connection:
            copy_database(connection, self.name, copy.name)
        return copy

    def configure(self, settings: Mapping[str, str]) -> None:
        """Nothing: a database has no settings of its own here."""

    def watching(self) -> Watching:
        """Nothing: the observer has its own queries."""
        return Watching()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement or a script in autocommit; the rows of the last one."""
        with self.session() as connection, connection.cursor() as cursor:
            cursor.execute(sql, tuple(parameters) or None)
            rows = list(cursor.fetchall())
            while cursor.nextset():
                rows = list(cursor.fetchall())
            return rows

    def try_query(self, sql: str) -> str | None:
        """Run SQL in a transaction that is rolled back."""
        with self.session() as connection, connection.cursor() as cursor:
            cursor.execute("START TRANSACTION")
            try:
                cursor.execute(sql)
                cursor.fetchall()
            except pymysql.MySQLError as error:
                return _words(error).replace(f"{self.name}.", "")  # our database's name says nothing to the reader
            finally:
                with contextlib.suppress(pymysql.MySQLError):
                    cursor.execute("ROLLBACK")
        return None

    def drop(self) -> None:
        """Drop the database."""
        self.leave()
        with contextlib.suppress(pymysql.MySQLError):
            self._server.drop(self.name)


def _words(error: BaseException) -> str:
    return str(error.args[1] if len(error.args) > 1 else error)


def _refused(error: pymysql.MySQLError) -> DatabaseRefused:
    number = error.args[0] if error.args else None
    return DatabaseRefused(_words(error), sqlstate=str(number) if number else None)
