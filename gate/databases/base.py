"""What a scratch server and a scratch database can do, whatever their kind; and how to open one.

Everything a server makes (processes, files, databases) is gone when it is closed, also when the gate is killed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol

from gate.databases._url import kind_of
from gate.databases.digests import Digest
from gate.errors import CannotDecide, UsageError
from gate.facts.rehearsal import Server
from gate.facts.schema import Schema

SeedProfile = Literal["plain", "hostile"]
Progress = Callable[[str], None]


class DatabaseRefused(CannotDecide):
    """The scratch database refused a statement of the gate's or the user's (``init-sql``). ``sqlstate`` is its code."""

    def __init__(self, what: str, *, sqlstate: str | None = None, advice: str | None = None) -> None:
        super().__init__(what, where="scratch database", advice=advice)
        self.sqlstate = sqlstate


@dataclass(frozen=True)
class Seeded:
    """What seeding gave: tables and rows filled, and for each table left empty or half empty the reason.

    ``own_rows`` are the tables that had rows before, and got no more.
    """

    tables: int = 0
    rows: int = 0
    unseeded: Mapping[str, str] = field(default_factory=dict)
    own_rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Watching:
    """What the observer in the project's process is told of one database.

    ``queries`` by name are what the project's own session is asked after a statement; ``files`` is JSON: a number that moves
    when a transaction ends, and of each relation oid, file node, table of an index and name, as they are now.
    """

    database: str = ""
    queries: Mapping[str, str] = field(default_factory=dict)
    files: str = "[0, []]"


class ScratchDatabase(Protocol):
    """A database that the gate made and will drop. ``version_table`` is left out of ``schema``."""

    version_table: str

    @property
    def server(self) -> Server:
        """The server that this database is on, with notes as of now."""
        ...

    @property
    def parts(self) -> Mapping[str, str]:
        """``host``, ``port``, ``user``, ``password``, ``database``: for the templates of the settings."""
        ...

    def url(self, driver: str | None = None) -> str:
        """SQLAlchemy URL text, password included; ``driver`` is the bare driver (``psycopg2``) or a full name."""
        ...

    def schema(self) -> Schema:
        """The whole catalogue, without system schemas, extensions' objects and Alembic's version table."""
        ...

    def versions(self, table: str = "alembic_version", schema: str | None = None) -> tuple[str, ...]:
        """The version rows as committed, sorted; empty when there is no such table."""
        ...

    def seed(self, profile: SeedProfile, tables: Iterable[str] | None = None) -> Seeded:
        """Fill the empty tables (or these) with a few rows of the profile; never raises for a table it cannot fill."""
        ...

    def digest(self) -> Digest:
        """Row counts and the values of every column, as digests."""
        ...

    def clone(self) -> ScratchDatabase:
        """A copy of this database as it is now. Every connection to this one is closed first."""
        ...

    def configure(self, settings: Mapping[str, str]) -> None:
        """What every new session in this database starts with; only PostgreSQL keeps such settings for a database."""
        ...

    def watching(self) -> Watching:
        """What the observer in the project's process has to know of this database."""
        ...

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement, or (without parameters) a script, in autocommit. Raises ``DatabaseRefused``."""
        ...

    def try_query(self, sql: str) -> str | None:
        """Run in a transaction that is rolled back; the server's error text, or None when it works."""
        ...

    def drop(self) -> None:
        """Drop the database with everything in it, whoever is connected."""
        ...


class ScratchServer(Protocol):
    """A server to make scratch databases on; a context manager."""

    @property
    def server(self) -> Server:
        """What the server says it is, where it came from, and stand-ins used so far."""
        ...

    def create(self, name_hint: str = "gate") -> ScratchDatabase:
        """A new empty database."""
        ...

    def close(self) -> None:
        """Drop every database made here, end the server if it is ours, remove the files. Safe to call twice."""
        ...

    def __enter__(self) -> ScratchServer: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_server(
    kind: str, version: str | None, url: str | None, *, cache_dir: Path, workdir: Path, progress: Progress
) -> ScratchServer:
    """A running scratch server of this kind (``postgresql``, ``mariadb``, ``mysql``, ``sqlite``).

    With ``url`` (an SQLAlchemy URL) the user's own scratch server is used, and the server says what it is; else one
    is started from what the machine offers. ``version`` is a prefix such as ``15`` or ``10.11``. ``cache_dir`` keeps
    initialised data directories between runs; ``workdir`` is where files go when memory is too small.

    Raises ``UsageError`` for an unknown kind, ``ServerUnavailable`` when no such server can be had.
    """
    name = kind_of(url) if url else kind_of(kind)
    known = {"postgresql", "mariadb", "mysql", "sqlite"}
    if name not in known:
        raise UsageError(
            f"unknown kind of database: {name}", advice=f"use one of {', '.join(sorted(known))}, such as postgresql:16"
        )
    module = importlib.import_module(f"gate.databases.{name}")
    server: ScratchServer = module.start(version, url, cache_dir=cache_dir, workdir=workdir, progress=progress)
    return server
