"""Scratch databases on SQLite: one file each, below the working folder or in memory where there is room.

A copy of a database is a copy of its file, after the write-ahead log has been folded in.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from gate.databases._catalog_sqlite import read_schema
from gate.databases._process import Identity, Keeper, runtime_folder
from gate.databases._rows_sqlite import Rows, read_digest
from gate.databases._seed import seed
from gate.databases.base import DatabaseRefused, Progress, Seeded, SeedProfile, Watching
from gate.databases.digests import Digest
from gate.errors import ServerUnavailable
from gate.facts.rehearsal import Server
from gate.facts.schema import Schema

_BUSY_SECONDS = 10.0
_ROOM = 256 << 20


def start(version: str | None, url: str | None, *, cache_dir: Path, workdir: Path, progress: Progress) -> SqliteServer:
    """A folder for database files. The version is that of Python's library; ``url`` names no server and is not used."""
    wanted = tuple(int(one) for one in re.findall(r"\d+", version or ""))
    if sqlite3.sqlite_version_info[: len(wanted)] != wanted:
        raise ServerUnavailable(
            f"SQLite {version} is not on this machine, Python brings {sqlite3.sqlite_version}",
            advice="leave the version out: the project's own Python brings the SQLite that runs its migrations",
        )
    return SqliteServer(runtime_folder(workdir, Identity(), _ROOM))


class SqliteServer:
    """A private folder of database files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = Server("sqlite", tuple(sqlite3.sqlite_version_info), sqlite3.sqlite_version, "file")
        self._made: list[SqliteDatabase] = []
        self._keeper = _keep(folder)

    def create(self, name_hint: str = "gate") -> SqliteDatabase:
        """A new empty database file."""
        hint = re.sub(r"[^A-Za-z0-9]+", "_", name_hint)[:40].strip("_") or "gate"
        # Each file has a folder of its own, since SQLite writes its journal beside it.
        place = self.folder / f"{len(self._made) + 1}_{hint}"
        place.mkdir()
        database = SqliteDatabase(self, place / f"{hint}.sqlite3")
        if os.geteuid() == 0:
            # Project code runs as another user then: it gets this file, below a folder whose name it was told.
            self.folder.chmod(0o711)
            place.chmod(0o777)
            database.path.chmod(0o666)
        self._made.append(database)
        return database

    def save(self, database: SqliteDatabase, target: Path) -> str | None:
        """Keep a copy of the file; see ``gate.databases.snapshots``."""
        database.fold()
        target.mkdir(parents=True)
        shutil.copyfile(database.path, target / "database")
        return None

    def restore(self, database: SqliteDatabase, source: Path, saved_name: str) -> str | None:
        """Put a kept file in the place of this database."""
        database.forget()
        shutil.copyfile(source / "database", database.path)
        return None

    def close(self) -> None:
        """Remove the files."""
        for one in self._made:
            one.leave()
        self._keeper.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> SqliteServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SqliteDatabase:
    """A scratch database in a file."""

    def __init__(self, server: SqliteServer, path: Path, version_table: str = "alembic_version") -> None:
        self._server, self.path, self.version_table = server, path, version_table
        self._connection: sqlite3.Connection | None = None
        self._seen: tuple[tuple[str, int], Schema] | None = None
        with self._session():
            pass

    @property
    def server(self) -> Server:
        """The library that reads this file on the gate's side."""
        return self._server.server

    @property
    def parts(self) -> Mapping[str, str]:
        """The URL's parts as text: only the path is filled."""
        return {"host": "", "port": "", "user": "", "password": "", "database": str(self.path)}

    def url(self, driver: str | None = None) -> str:
        """SQLAlchemy URL text: four slashes, since the path is absolute."""
        name = (
            driver if driver and ("+" in driver or driver == "sqlite") else f"sqlite+{driver}" if driver else "sqlite"
        )
        return f"{name}:///{self.path}"

    @contextlib.contextmanager
    def _session(self) -> Iterator[sqlite3.Connection]:
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(
                    self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
                )
                self._connection.execute("PRAGMA synchronous = OFF")
                self.path.touch()
            yield self._connection
        except sqlite3.Error as error:
            raise DatabaseRefused(str(error)) from error

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    def fold(self) -> None:
        """Write what the write-ahead log holds into the file, and close our connection."""
        with self._session() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.leave()

    def leave(self) -> None:
        """Close our connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def forget(self) -> None:
        """Another file is in the place of this one."""
        self.leave()
        self._seen = None

    def schema(self) -> Schema:
        """The whole catalogue; each change of it raises the file's number: https://www.sqlite.org/fileformat2.html."""
        with self._session() as connection:
            now = (self.version_table, int(connection.execute("PRAGMA schema_version").fetchone()[0]))
            if self._seen is None or self._seen[0] != now:
                left_out = frozenset({self.version_table})
                self._seen = (now, read_schema(lambda text: connection.execute(text).fetchall(), left_out))
        return self._seen[1]

    def versions(self, table: str = "alembic_version", schema: str | None = None) -> tuple[str, ...]:
        """The version rows as committed."""
        with self._session() as connection:
            there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            if there is None:
                return ()
            rows = connection.execute(f"SELECT version_num FROM {_quoted(table)}").fetchall()
        return tuple(sorted(str(row[0]) for row in rows))

    def seed(self, profile: SeedProfile, tables: Iterable[str] | None = None) -> Seeded:
        """Fill empty tables with rows of the profile."""
        schema = self.schema()
        with self._session() as connection, Rows(connection) as rows:
            seeded = seed(rows, schema, profile, tables)
            rows.indexed(schema)
            return seeded

    def digest(self) -> Digest:
        """Rows and values as digests."""
        schema = self.schema()
        with self._session() as connection:
            return read_digest(connection, schema)

    def clone(self) -> SqliteDatabase:
        """A copy of the file, with what its write-ahead log holds."""
        self.fold()
        copy = self._server.create(self.path.stem)
        copy.leave()
        for ending in ("", "-wal", "-journal"):
            source = self.path.with_name(self.path.name + ending)
            if source.exists():
                shutil.copyfile(source, copy.path.with_name(copy.path.name + ending))
        copy.version_table, copy._seen = self.version_table, self._seen
        return copy

    def configure(self, settings: Mapping[str, str]) -> None:
        """Nothing: a database has no settings of its own here."""

    def watching(self) -> Watching:
        """Nothing: the observer has its own queries."""
        return Watching()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement, or a script when there are no parameters and several statements."""
        with self._session() as connection:
            try:
                return connection.execute(sql, tuple(parameters)).fetchall()
            except (sqlite3.Warning, sqlite3.ProgrammingError) as error:
                if "one statement" not in str(error) or parameters:
                    raise
                connection.executescript(sql)
                return []

    def try_query(self, sql: str) -> str | None:
        """Run SQL in a transaction that is rolled back."""
        with self._session() as connection:
            connection.execute("BEGIN")
            try:
                connection.execute(sql).fetchall()
            except sqlite3.Error as error:
                return str(error)
            finally:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
        return None

    def drop(self) -> None:
        """Remove the file and its journal."""
        self.leave()
        shutil.rmtree(self.path.parent, ignore_errors=True)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _keep(folder: Path) -> Keeper:
    """A keeper without a server: it only removes the folder when the gate is gone."""
    return Keeper(
        [],
        identity=Identity(),
        folder=folder,
        log=Path(os.devnull),
        remove=[folder],
        stop_signal=15,
        environment={},
    )
