"""Where the target database stands: its version table set against the revision files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from gate.facts.history import History, Revision
from gate.facts.rehearsal import Server

State = Literal["up-to-date", "behind", "ahead", "unknown-revision", "unstamped", "empty", "several-heads"]
Whereabouts = Literal["removed", "other-branch", "uncommitted", "not-found"]

# What Alembic forbids in an identifier (script/revision.py, ``_revision_illegal_chars``), and what nobody writes.
_RUBBISH = re.compile(r"[@\-+:\s\x00-\x1f\x7f;'\"<>]")


@dataclass(frozen=True)
class VersionTable:
    """A version table on the target: its place, and its rows as text, sorted. ``schema`` is None in the default one."""

    name: str = "alembic_version"
    schema: str | None = None
    rows: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The name as SQL would say it."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True)
class UnknownRevision:
    """A revision of the target that the working tree does not have, and what git knows about it.

    ``commit`` removed the file, or added it where it lives on another branch. ``successors`` are revision files that
    the removing commit added (a squash); ``branches`` the refs that still have it; ``newer`` tells that it descends
    from this code's heads on the main line or in a release, so that the code is older than the target. ``nearest``
    is its nearest ancestor that the working tree has.
    """

    revision: str
    whereabouts: Whereabouts = "not-found"
    commit: str | None = None
    author: str | None = None
    date: str | None = None
    subject: str | None = None
    path: str | None = None
    message: str = ""
    successors: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    newer: bool = False
    nearest: str | None = None


@dataclass(frozen=True)
class TargetPosition:
    """Which revision the target says it has, and what that means for this code.

    ``current`` are the version table's rows, ``pending`` what an upgrade to the heads would run, parents first (empty
    where it cannot be known: unknown revision, unstamped). ``overlapping`` are rows that are ancestors of other rows.
    ``elsewhere`` are version tables that were found beside the one in use. ``state`` is None while another session
    holds the version table, so that it cannot be read.
    """

    server: Server
    place: str
    state: State | None
    current: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    pending: tuple[Revision, ...] = ()
    unknown: tuple[UnknownRevision, ...] = ()
    version_table: VersionTable | None = None
    elsewhere: tuple[VersionTable, ...] = ()
    overlapping: tuple[str, ...] = ()
    default_schema: str = "public"
    time_zone: str | None = None
    user: str = ""
    expected_heads: bool = False
    notes: tuple[str, ...] = ()

    @cached_property
    def pending_ids(self) -> tuple[str, ...]:
        """The ids of the pending revisions, parents first."""
        return tuple(one.id for one in self.pending)

    @property
    def knows_its_revision(self) -> bool:
        """Can an upgrade start from where the target says it is?"""
        return self.state not in (None, "unknown-revision", "ahead", "unstamped") and not self.overlapping


def rubbish(row: object) -> bool:
    """Is this something that no Alembic could have written into a version table?"""
    return not isinstance(row, str) or not row or len(row) > 255 or bool(_RUBBISH.search(row))


def pending(history: History, current: Iterable[str]) -> tuple[Revision, ...]:
    """What ``alembic upgrade heads`` would run from these revisions, parents first."""
    applied = history.ancestors(current)
    return tuple(one for one in history.ordered if one.id not in applied)


def overlapping(history: History, current: Iterable[str]) -> tuple[str, ...]:
    """Rows that another row already implies by ``down_revision``; Alembic refuses to go on from such a table."""
    rows = tuple(current)
    return tuple(one for one in rows if any(one != other and one in _below(history, other) for other in rows))


def _below(history: History, id: str) -> frozenset[str]:
    """Ancestors by ``down_revision`` alone: a row that ``depends_on`` implies may stay in the table."""
    seen: set[str] = set()
    todo = [id]
    while todo:
        one = todo.pop()
        if one not in seen and one in history.by_id:
            seen.add(one)
            todo += history.by_id[one].parents
    return frozenset(seen)


def state_of(
    history: History,
    current: tuple[str, ...],
    unknown: tuple[UnknownRevision, ...],
    *,
    has_tables: bool,
    expected_heads: bool,
) -> State:
    """The one word for where the target stands.

    Two applied heads with a pending merge are ``behind``; several heads that nothing unites are ``several-heads``
    unless the settings expect them.
    """
    if unknown:
        return "ahead" if all(one.newer for one in unknown) else "unknown-revision"
    if not current:
        return "unstamped" if has_tables else "empty"
    if overlapping(history, current):
        return "several-heads"
    if pending(history, current):
        return "behind"
    return "several-heads" if len(history.heads) > 1 and not expected_heads else "up-to-date"
