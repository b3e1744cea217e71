"""Which databases on a server are ours: named by us, dropped by us, and nothing else is ever touched."""

from __future__ import annotations

import contextlib
import re
import secrets
from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, Generic, Self, TypeVar

from gate.databases._cluster import Cluster
from gate.databases._janitor import Janitor
from gate.databases._url import ServerUrl
from gate.facts.rehearsal import Server

MARKER = "alembic_gate"


ClusterT = TypeVar("ClusterT", bound=Cluster)


class OwnDatabases(ABC, Generic[ClusterT]):
    """A server with databases of ours; without a cluster of ours it is a server that was given by URL.

    ``server`` is what the server says it is. ``errors`` is what its driver raises.
    """

    server: Server
    errors: ClassVar[type[Exception]]

    def __init__(self, place: ServerUrl, cluster: ClusterT | None) -> None:
        self.place, self._cluster = place, cluster
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

    def _whole(self, name: str) -> ClusterT | str:
        """The cluster whose data is that of this one database, to keep or exchange; else why there is none."""
        if self._cluster is None:
            return "the server is not ours"
        return self._cluster if self._made == {name} else "other databases are open on the server"

    def close(self) -> None:
        """Drop what was made here; end the server if it is ours."""
        if self._cluster is None:
            for name in sorted(self._made):
                with contextlib.suppress(self.errors):
                    self.drop(name)
        with contextlib.suppress(self.errors):
            self._leave()
        if self._janitor is not None:
            self._janitor.close()
        if self._cluster is not None:
            self._cluster.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
