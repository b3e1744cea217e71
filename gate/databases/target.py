"""The target database: opened to be read and nothing else. One module per kind, ``target_<kind>``.

Every session is read-only by the server's own means, every query has a time limit, and no lock is waited for longer
than a second. Passwords are taken out of every message.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl, quote, quote_plus

from gate.databases._url import ServerUrl, kind_of, parse
from gate.errors import TargetUnavailable, UsageError
from gate.facts.rehearsal import Server
from gate.facts.schema import Schema
from gate.facts.target_survey import TargetSurvey

Row = tuple[Any, ...]
CONNECT_SECONDS = 10
QUERY_SECONDS = 5
LOCK_SECONDS = 1
LOCKED = "a table is locked by another session"
VERSION_ROWS = 200  # a version table has one row per branch; more than this is rubbish

KINDS = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}
_SECRET_KEYS = ("password", "passwd", "sslpassword", "ssl_key_password")
_SECRET_VARIABLES = ("PGPASSWORD", "MYSQL_PWD", "PGSSLPASSWORD")


@dataclass(frozen=True)
class FoundTable:
    """A table that may be Alembic's; ``fits`` tells that it has ``version_num``.

    ``rows`` is None when it may not be read, or, with ``locked``, when another session holds it.
    """

    name: str
    schema: str | None
    rows: tuple[Any, ...] | None
    fits: bool = True
    locked: bool = False


@dataclass(frozen=True)
class Stand:
    """What the position needs, read in one go. ``replica`` says why nothing can be migrated here.

    ``notes`` are about the way to the server: a pooler in between, a standby that is behind.
    """

    server: Server
    version_tables: tuple[FoundTable, ...] = ()
    has_tables: bool = False
    default_schema: str = "public"
    time_zone: str | None = None
    user: str = ""
    replica: str | None = None
    notes: tuple[str, ...] = ()


class Target(Protocol):
    """An open, read-only target; a context manager. Every method raises ``TargetUnavailable``."""

    kind: str

    def stand(self, names: Iterable[str]) -> Stand:
        """Version tables (of these names, and whatever looks like one), server, replica or not."""
        ...

    def survey(self, left_out: frozenset[str]) -> TargetSurvey:
        """Everything that goes on there now; ``left_out`` are the names of version tables."""
        ...

    def schema(self, left_out: frozenset[str]) -> Schema:
        """The catalogue alone."""
        ...

    def sees_everything(self) -> bool:
        """Does the catalogue show this role every table (MySQL and MariaDB hide those without a grant)?"""
        ...

    def hidden(self) -> Mapping[str, str]:
        """Kinds of object (``triggers``, ``views``, ``routines``) that the role does not see, each with what it lacks."""
        ...

    def ask(self, sql: str, seconds: float = QUERY_SECONDS) -> list[Row]:
        """The rows of one query of the gate or of a precondition."""
        ...

    def quote(self, name: str) -> str:
        """A table's name (maybe ``schema.table``) or a column's as SQL has it."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True)
class Address:
    """A target's URL in parts, and what must never be shown of it."""

    url: ServerUrl
    query: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, text: str) -> Address:
        """Take the URL apart. Raises UsageError without repeating it."""
        url = parse(text)
        query = tuple(parse_qsl(text.partition("?")[2], keep_blank_values=True))
        plain = [url.password, *(value for key, value in query if key.lower() in _SECRET_KEYS)]
        plain += [os.environ.get(name) for name in _SECRET_VARIABLES]
        spelled = [
            form
            for one in plain
            if one
            for form in (one, quote(one, safe=""), quote_plus(one), quote(one), repr(one)[1:-1])
        ]
        written = re.search(r"://[^/?]*?:([^/?]*)@", text)  # as the user spelled it
        spelled += [written[1]] if written and written[1] else []
        return cls(url, query, tuple(sorted(set(spelled), key=len, reverse=True)))

    def scrub(self, text: object) -> str:
        """The text on one line, without any secret of this address."""
        said = " ".join(str(text).split())
        for secret in self.secrets:
            said = said.replace(secret, "***")
        return re.sub(r"(://[^/\s:@]*):[^/\s@]*@", r"\1:***@", said)

    @property
    def place(self) -> str:
        """Kind, host and database, without secrets."""
        options = dict(self.query)
        if self.url.kind == "sqlite":
            return f"sqlite at {self.url.database}"
        socket = options.get("unix_socket") or options.get("service") or options.get("host")
        where = socket or self.url.host or "the default host"
        port = f":{self.url.port}" if self.url.port else ""
        base = f", database {self.url.database}" if self.url.database else ""
        return self.scrub(f"{self.url.kind} at {where}{port}{base}")

    def unavailable(self, what: object, advice: str) -> TargetUnavailable:
        """The error for this address."""
        return TargetUnavailable(self.scrub(what), where=f"target {self.place}", advice=advice)


def open_target(text: str, repo: Path) -> Target:
    """The target behind an SQLAlchemy URL. Relative SQLite paths are relative to the repository.

    Raises UsageError when the text is no URL, TargetUnavailable when the database cannot be reached or read.
    """
    address = Address.of(text)
    kind = KINDS.get(kind_of(text), "")
    if not kind:
        known = ", ".join(name for name, module in KINDS.items() if module)
        raise TargetUnavailable(
            f"{kind_of(text)} is not a kind of database that the gate can read",
            where="--target-url",
            advice=f"Known kinds: {known}.",
        )
    opener: Callable[[Address, Path], Target] = importlib.import_module(f"gate.databases.target_{kind}").connect
    return opener(address, repo)


def catalogue(target: Target, left_out: frozenset[str]) -> tuple[Schema, tuple[str, ...]]:
    """The catalogue, or none of it and a sentence, where another session's lock keeps the server from telling it."""
    try:
        return target.schema(left_out), ()
    except TargetUnavailable as error:
        if error.what != LOCKED:
            raise
        return Schema(), (f"the schema: {LOCKED}",)


def no_target() -> UsageError:
    """The error for a missing ``--target-url``."""
    return UsageError(
        "predeploy and verify need the target database",
        where="--target-url",
        advice="Give its SQLAlchemy URL, or put it into the variable ALEMBIC_GATE_TARGET_URL (kept out of the process list).",
    )
