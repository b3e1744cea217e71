"""What goes on at the target right now: tables and their sizes, sessions and their locks, replicas, settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.facts.schema import Schema


@dataclass(frozen=True)
class TableSize:
    """Rows and bytes (indexes included) of a table, as the server's statistics have them; None is not known.

    ``readable`` tells whether the role of the gate may SELECT from it.
    """

    name: str
    rows: int | None = None
    bytes: int | None = None
    readable: bool = True


@dataclass(frozen=True)
class HeldLock:
    """A lock of a session on a table; ``mode`` in the server's spelling. ``granted`` is false for one waited for."""

    table: str
    mode: str
    granted: bool = True


@dataclass(frozen=True)
class Session:
    """Another session that holds a transaction, a lock, or runs a statement. Ages are in seconds.

    ``state`` is ``active``, ``idle in transaction``, ``prepared``, ``autovacuum`` or ``idle``. ``blind`` means that
    the server does not tell which tables its transaction holds.
    """

    id: str
    user: str = ""
    application: str = ""
    state: str = "active"
    transaction_seconds: float | None = None
    state_seconds: float | None = None
    query: str = ""
    locks: tuple[HeldLock, ...] = ()
    advisory: tuple[str, ...] = ()
    blind: bool = False


@dataclass(frozen=True)
class Replica:
    """A replica of the target, how far it is behind; None where the server does not tell.

    ``still`` means that it received changes and applied none of them while the gate looked (paused, delayed, or a query
    in its way); ``kept_for`` that nobody is connected and the server only keeps the log for it (a slot without consumer).
    ``waited_for`` tells that commits wait for it.
    """

    name: str
    seconds: float | None = None
    bytes: int | None = None
    still: bool = False
    kept_for: bool = False
    waited_for: bool = False


@dataclass(frozen=True)
class TargetSurvey:
    """The target as it is now. ``unknowns`` are sentences about what could not be read, each with the missing right.

    ``commits_wait_for`` names synchronous replicas none of which is there, so that every commit hangs.
    ``replicates`` tells that the target itself takes changes from another server.
    ``settings`` are those that a session of this role starts with. ``free_bytes`` is the room left on its disk,
    ``used_bytes`` what the database takes there; None where SQL does not tell.
    """

    schema: Schema = field(default_factory=Schema)
    tables: Mapping[str, TableSize] = field(default_factory=dict)
    sessions: tuple[Session, ...] = ()
    replicas: tuple[Replica, ...] = ()
    commits_wait_for: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    free_bytes: int | None = None
    used_bytes: int | None = None
    unknowns: tuple[str, ...] = ()
    replicates: bool = False
    notes: tuple[str, ...] = ()
