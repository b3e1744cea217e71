"""The deploy's statements as they are said, where the server cannot vouch for them: read, not observed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from gate.collect._catalogue import Rows
from gate.collect._recording import Recorder
from gate.databases.base import Watching
from gate.facts.changes import (
    AddColumn,
    AddConstraint,
    AlterColumnType,
    Change,
    CreateIndex,
    Delete,
    DropColumn,
    DropTable,
    Insert,
    ModifyColumn,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
    Update,
)
from gate.facts.history import History
from gate.facts.rehearsal import Observation, Statement
from gate.facts.schema import Schema, Table
from gate.sql import Dialect
from gate.sql.schema_after import schema_after

MARK = "stands in for "  # how the stand-in's types call themselves in SQL
_LONGEST = 300  # characters of one reason
# What rules judge without knowing the table as it was.
_BY_TEXT = (
    AddColumn, AddConstraint, CreateIndex, Delete, DropColumn, DropTable, Insert, RenameColumn, RenameTable, SetDefault,
    SetNotNull, Update,
)  # fmt: skip


class _Read:
    """A catalogue that follows what statements say: for tables that the scratch server does not have, too."""

    version_table = "alembic_version"
    watching: Watching | None = None
    home: str = ""

    def __init__(self, dialect: Dialect, baseline: Schema) -> None:
        self.dialect, self.now = dialect, baseline
        self._old = frozenset(baseline.tables)

    def refresh(self, changes: Iterable[Change], understood: bool, seen: Mapping[str, Any], ask: Rows) -> Schema:
        """The schema after one statement."""
        self.now = schema_after(self.now, changes)
        return self.now

    def is_new(self, table: str) -> bool:
        """Was this relation made by the deploy, by what its statements say?"""
        return table not in self._old


class Reading(Recorder):
    """A recorder that believes the text. ``doubts`` say what in it cannot be judged.

    ``whole`` is whether all of the base ran: only then does a table that the server misses speak against the deploy.
    ``unknown`` are tables that the base should have and the scratch database has not.
    """

    def __init__(
        self, dialect: Dialect, baseline: Schema, history: History, sources: Mapping[str, str], apart: bool, whole: bool
    ) -> None:
        super().__init__(_Read(dialect, baseline), history, sources)
        self._baseline = baseline
        self._apart, self._whole, self._commits = apart, whole, 0
        self.doubts: list[str] = []
        self.unknown: list[str] = []
        self._behind: set[str] = set()  # tables for which the server did not do what the text says

    def heard(self, event: Mapping[str, Any], ask: Rows) -> None:
        """One statement event; a statement that cannot be judged is left to the doubts."""
        before = len(self.statements)
        super().heard(event, ask)
        self._commits += event.get("autocommit") is True
        if len(self.statements) == before:
            return
        last, refused = self.statements[-1], event.get("refused")
        if MARK in last.sql and any(isinstance(one, (AlterColumnType, ModifyColumn)) for one in last.changes):
            self._doubt(last, "the new type of a column is not known")
            self.statements.pop()
        elif isinstance(refused, dict):
            self._refused(last, refused)

    def _refused(self, last: Statement, refused: Mapping[str, Any]) -> None:
        """What the text says by itself still holds where only rows, or what the base lacks here, speak against it."""
        named = {str(getattr(one, "table", "")) for one in last.changes} - {""}
        missing = [] if self._whole else [name for name in sorted(named) if last.before.table(name) is None]
        excused = missing or named & self._behind or _is_about_rows(refused)
        if excused and last.understood and all(isinstance(one, _BY_TEXT) for one in last.changes):
            self._behind |= named
            self.unknown += [name for name in missing if name not in self.unknown]
        else:
            self._doubt(last, str(refused.get("text") or "refused").strip().partition("\n")[0])

    @property
    def baseline(self) -> Schema:
        """The schema that the deploy starts from, with the unknown tables, of which nothing is known but the name."""
        return replace(self._baseline, tables={**{name: Table(name) for name in self.unknown}, **self._baseline.tables})

    def told(self) -> tuple[Statement, ...]:
        """The statements, each with the schema around it as far as it is known."""
        now, found = self.baseline, []
        for one in self.statements:
            after = schema_after(now, one.changes)
            found.append(replace(one, before=now, after=after))
            now = after
        return tuple(found)

    def _doubt(self, statement: Statement, why: str) -> None:
        self.doubts.append(f"{statement.location.path}:{statement.location.line}: {why[:_LONGEST]}")

    def _transaction(self, seen: Mapping[str, Any], number: int) -> str:
        """Alembic's default is one for all; an autocommit block ends it."""
        if self.dialect != "postgresql":
            return f"{self.dialect} {number}"
        return f"read {self._commits} {self.revisions[-1] if self._apart and self.revisions else ''}"

    def _observation(self, *_: Any) -> Observation | None:
        return None


def _is_about_rows(refused: Mapping[str, Any]) -> bool:
    """Integrity violations: class 23 of SQLSTATE, and the DB-API's name for them where a driver tells no state."""
    return str(refused.get("sqlstate") or "").startswith("23") or refused.get("type") == "IntegrityError"
