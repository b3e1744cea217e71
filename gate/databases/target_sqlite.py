"""An SQLite target: the file opened with ``mode=ro`` and ``query_only``, interrupted when a query takes too long.

https://www.sqlite.org/uri.html
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import struct
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, unquote

from gate.databases.target import LOCK_SECONDS, QUERY_SECONDS, VERSION_ROWS, Address, FoundTable, Row, Stand
from gate.errors import TargetUnavailable, UsageError
from gate.facts.rehearsal import Server
from gate.facts.schema import Schema
from gate.facts.target_survey import HeldLock, Session, TableSize, TargetSurvey

_STEPS = 10_000  # instructions of SQLite's machine between two looks at the clock
_COUNT_LIMIT = 10_000_000
_PENDING, _RESERVED, _SHARED = 0x40000000, 0x40000001, 0x40000002  # https://www.sqlite.org/lockingv3.html
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"

_PAGES = "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = ?)"


def connect(address: Address, repo: Path) -> SqliteTarget:
    """Open the file for reading; a file that is not there is not made."""
    path = database_file(address, repo)
    if not path.is_file():
        raise address.unavailable("there is no such file", "Check the path; a relative one is relative to --repo.")
    locks = _other_locks(path)
    try:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro{_immutable(path)}", uri=True, timeout=LOCK_SECONDS, isolation_level=None
        )
        connection.execute("PRAGMA query_only = 1")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise address.unavailable(error, _advice(str(error))) from None
    return SqliteTarget(address, path, connection, locks)


def database_file(address: Address, repo: Path) -> Path:
    """The file that the URL names. Raises UsageError for a database in memory."""
    name = address.url.database or ""
    if name.startswith("file:"):
        name = unquote(name[5:].removeprefix("//"))
    if not name or name == ":memory:":
        raise UsageError(
            "the target is a database in memory", where="--target-url", advice="Name a file: sqlite:///path/to/file.db."
        )
    path = Path(name)
    return path if path.is_absolute() or (not (repo / path).exists() and path.exists()) else repo / path


def _immutable(path: Path) -> str:
    """A write-ahead log's index would have to be written even to read: not where nobody has the database open.

    https://www.sqlite.org/wal.html#read_only_databases
    """
    with path.open("rb") as file:
        header = file.read(20)
    wal = len(header) == 20 and header[18] == 2
    return "&immutable=1" if wal and not Path(f"{path}-wal").exists() else ""


def _other_locks(path: Path) -> tuple[str, ...]:
    """Which of SQLite's locks other processes hold, asked of the kernel (fcntl(2), F_GETLK) without taking any."""
    found = []
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return ()
    try:
        for name, start, length in (("PENDING", _PENDING, 1), ("RESERVED", _RESERVED, 1), ("EXCLUSIVE", _SHARED, 510)):
            asked = struct.pack("hhqqi", fcntl.F_RDLCK if name == "EXCLUSIVE" else fcntl.F_WRLCK, 0, start, length, 0)
            answer = fcntl.fcntl(handle, fcntl.F_GETLK, asked)
            kind, _, _, _, pid = struct.unpack("hhqqi", answer[: struct.calcsize("hhqqi")])
            if kind != fcntl.F_UNLCK:
                found.append(f"{name} by process {pid}")
    except (OSError, struct.error):
        return ()
    finally:
        os.close(handle)
    return tuple(found)


def _advice(said: str) -> str:
    if "not a database" in said or "malformed" in said:
        return "The file is not an SQLite database, or is damaged: check the path."
    if "locked" in said or "busy" in said:
        return "Another process is writing: wait for it, then run again."
    return "Check the path and the file's permissions."


class SqliteTarget:
    """An open file that can only be read."""

    kind = "sqlite"

    def __init__(self, address: Address, path: Path, connection: sqlite3.Connection, locks: tuple[str, ...]) -> None:
        self.address, self.path, self.connection, self.locks = address, path, connection, locks

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    @contextlib.contextmanager
    def _limited(self, seconds: float) -> Iterator[None]:
        end = time.monotonic() + seconds
        self.connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        try:
            yield
        except sqlite3.Error as error:
            said = "a query took longer than it may" if "interrupted" in str(error) else error
            raise self.address.unavailable(said, _advice(str(error))) from None
        finally:
            self.connection.set_progress_handler(None, 0)

    def ask(self, sql: str, seconds: float = QUERY_SECONDS, parameters: Iterable[Any] = ()) -> list[Row]:
        """The rows of one query."""
        with self._limited(seconds):
            return self.connection.execute(sql, list(parameters)).fetchall()

    def quote(self, name: str) -> str:
        """Identifiers quoted; a dot parts the attached database and the table."""
        return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))

    def stand(self, names: Iterable[str]) -> Stand:
        """The version tables and SQLite's own version."""
        wanted = {*names, "alembic_version"}
        tables = [name for (name,) in self.ask(_TABLES)]
        columns = {name: [row[1] for row in self.ask(f"PRAGMA table_info({self.quote(name)})")] for name in tables}
        found = [name for name in tables if name in wanted or columns[name] == ["version_num"]]
        found.sort(key=lambda name: (name != "alembic_version", name))
        versions = tuple(self._rows(name, "version_num" in columns[name]) for name in found)
        numbers = sqlite3.sqlite_version_info
        server = Server("sqlite", numbers, sqlite3.sqlite_version, "target")
        return Stand(server, versions, len(tables) > len(found), "main", None, "")

    def _rows(self, name: str, fits: bool) -> FoundTable:
        if not fits:
            return FoundTable(name, None, None, fits=False)
        rows = self.ask(f"SELECT version_num FROM {self.quote(name)} LIMIT {VERSION_ROWS}")
        return FoundTable(name, None, tuple(row[0] for row in rows))

    def schema(self, left_out: frozenset[str]) -> Schema:
        """The catalogue of the main database."""
        from gate.databases._catalog_sqlite import read_schema

        return read_schema(self.ask, left_out)

    def sees_everything(self) -> bool:
        """The catalogue hides no table from anybody."""
        return True

    def hidden(self) -> Mapping[str, str]:
        """And nothing else."""
        return {}

    def survey(self, left_out: frozenset[str]) -> TargetSurvey:
        """Tables with their rows, other processes' locks, room on the disk."""
        schema = self.schema(left_out)
        sizes = {name: self._size(name) for (name,) in self.ask(_TABLES)}
        sessions = tuple(
            Session(lock.rpartition(" ")[2], state="writing", locks=(HeldLock("*", lock.partition(" ")[0]),))
            for lock in self.locks
        )
        settings = {name: str(self.ask(f"PRAGMA {name}")[0][0]) for name in ("journal_mode", "foreign_keys")}
        disk = shutil.disk_usage(self.path)
        return TargetSurvey(
            schema=schema,
            tables=sizes,
            sessions=sessions,
            settings=settings,
            free_bytes=disk.free,
            used_bytes=self.path.stat().st_size,
        )

    def _size(self, name: str) -> TableSize:
        """Rows counted; bytes, indexes included, from ``dbstat`` where SQLite was built with it."""
        try:
            rows = self.ask(f"SELECT count(*) FROM {self.quote(name)} LIMIT {_COUNT_LIMIT}", 2)[0][0]
        except TargetUnavailable:
            rows = None
        try:
            size = self.ask(_PAGES, 2, [name])[0][0]
        except TargetUnavailable:
            size = None
        return TableSize(name, rows, size)
