"""Which databases on a server are ours: named by us, dropped by us, and nothing else is ever touched."""

from __future__ import annotations

import contextlib
import re
import secrets
from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, Protocol, Self

from gate.databases._janitor import Janitor
from gate.databases._url import ServerUrl
from gate.facts.rehearsal import Server

MARKER = "alembic_gate"


class OwnProcess(Protocol):
    """A server process of ours, to end with the last database."""

    def stop(self) -> None:
        """End it and remove its files."""
        ...


class OwnDatabases(ABC):
    """A server with databases of ours; without a process of ours it is a server that was given by URL.

    ``server`` is what the server says it is. ``errors`` is what its driver raises.
    """

    server: Server
    errors: ClassVar[type[Exception]]

    def __init__(self, place: ServerUrl, process: OwnProcess | None) -> None:
        self.place, self._process = place, process
        self._made: set[str] = set()
        self._run, self._count = secrets.token_hex(4), 0
        self._janitor: Janitor | None = None

    def _watch(self, source: str) -> None:
        """Have a given server cleaned when we die."""
        self._janitor = Janitor(self.place) if source == "url" else None

    def _new_name(self, hint: str) -> str:
        """A name that nobody has, of a database about to be made."""
        words = re.sub(r"[^a-z0-9]+", "_", hint.lower())[:20].strip("_") or "gate"
        self._count += 1
        name = f"{MARKER}_{self._run}_{self._count}_{words}"
        self._made.add(name)
        if self._janitor is not None:
            self._janitor.made(name)
        return name

    def adopt(self, names: set[str]) -> None:
        """Take these databases as made here. Names without our marker are left alone."""
        self._made |= {one for one in names if one.startswith(f"{MARKER}_")}

    def drop(self, name: str) -> None:
        """Drop one of our databases; no other is ever touched."""
        if name not in self._made:
            return
        self._drop(name)
        self._made.discard(name)
        if self._janitor is not None:
            self._janitor.dropped(name)

    @abstractmethod
    def _drop(self, name: str) -> None:
        """Drop a database, whoever is connected."""

    @abstractmethod
    def _leave(self) -> None:
        """Close our connection to the server."""

    def _why_not_whole(self, name: str) -> str | None:
        """Why the server's data cannot be kept or exchanged as that of this one database; None when it can."""
        if self._process is None:
            return "the server is not ours"
        if self._made != {name}:
            return "other databases are open on the server"
        return None

    def close(self) -> None:
        """Drop what was made here; end the server if it is ours."""
        if self._process is None:
            for name in sorted(self._made):
                with contextlib.suppress(self.errors):
                    self.drop(name)
        with contextlib.suppress(self.errors):
            self._leave()
        if self._janitor is not None:
            self._janitor.close()
        if self._process is not None:
            self._process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
