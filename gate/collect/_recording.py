"""Turns the probe's statement events into ``Statement`` values: parsed, observed, with the catalogue around them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from gate import sql
from gate.collect._catalogue import Rows
from gate.collect._held import Held
from gate.databases.base import Watching
from gate.facts.changes import Change, CreateIndex, DetachPartition, DropIndex, Maintenance, Reindex, SetSetting
from gate.facts.history import History
from gate.facts.rehearsal import Lock, Observation, Statement, Touched
from gate.facts.schema import Schema
from gate.model import Location
from gate.sql.home import at_home

# Locks of statements that refuse to run in a transaction, so cannot be watched from inside it. From the manual
# (https://www.postgresql.org/docs/current/explicit-locking.html), confirmed with a lock trap on 15 and 18.
_SHARE_UPDATE, _EXCLUSIVE = "ShareUpdateExclusiveLock", "AccessExclusiveLock"

_FACTS = (
    "foreign_keys",
    "foreign_keys_after",
    "lost",
    "made",
    "left_over",
    "rebuild_known",
    "sql_mode",
    "foreign_key_checks",
)


class Followed(Protocol):
    """The schema as of now, kept up to date statement by statement: ``Catalogue`` by looking, others by reading.

    ``watching`` is what the observer is told; None where statements are to be told but not observed. ``home`` is the
    database whose name says nothing before a table's: the connected one on MySQL and MariaDB.
    """

    dialect: sql.Dialect
    watching: Watching | None

    @property
    def now(self) -> Schema:
        """The schema."""

    @property
    def version_table(self) -> str:
        """Alembic's own table."""

    @property
    def home(self) -> str:
        """The database whose name says nothing before a table's."""

    def refresh(self, changes: Iterable[Change], understood: bool, seen: Mapping[str, Any], ask: Rows) -> Schema:
        """The schema after one statement."""

    def is_new(self, table: str) -> bool:
        """Was this relation made by the deploy?"""


class Recorder:
    """Collects the deploy's statements of one run. ``outside`` are those of env.py and of Alembic itself."""

    def __init__(self, catalogue: Followed, history: History, sources: Mapping[str, str]) -> None:
        self.catalogue, self._history, self._sources = catalogue, history, sources
        self.statements: list[Statement] = []
        self.outside: list[Mapping[str, Any]] = []
        self.revisions: list[str] = []
        self._born: set[str] = set()
        self._held = Held()

    @property
    def dialect(self) -> sql.Dialect:
        """The rehearsal's dialect."""
        return self.catalogue.dialect

    def began(self, revision: str) -> None:
        """A revision starts."""
        self.revisions.append(revision)

    def heard(self, event: Mapping[str, Any], ask: Rows) -> None:
        """One statement event; while the probe waits, the catalogue is brought up to date."""
        seen = self._held.completed(event["observed"] if isinstance(event.get("observed"), dict) else {})
        if event.get("revision") not in self._history.by_id:
            self.outside.append(event)
            return
        text = str(event.get("sql") or "")
        parsed = sql.parse(at_home(text, self.catalogue.home), self.dialect)
        before = self.catalogue.now
        after = before if event.get("error") else self.catalogue.refresh(parsed.changes, parsed.understood, seen, ask)
        self.statements.append(self._statement(event, text, parsed, seen, before, after))

    def _statement(
        self,
        event: Mapping[str, Any],
        text: str,
        parsed: sql.Parsed,
        seen: Mapping[str, Any],
        before: Schema,
        after: Schema,
    ) -> Statement:
        number = len(self.statements) + 1
        revision = str(event["revision"])
        location, source = self.place(revision, event.get("line"))
        return Statement(
            number=number,
            revision=revision,
            location=location,
            sql=text,
            changes=parsed.changes,
            understood=parsed.understood,
            transaction=self._transaction(seen, number),
            autocommit=event.get("autocommit") is True,
            observed=self._observation(event, seen, parsed.changes, before),
            before=before,
            after=after,
            error=_error(event),
            source=source,
            sets=event.get("sets") or 1,
        )

    def _transaction(self, seen: Mapping[str, Any], number: int) -> str:
        """PostgreSQL says it; elsewhere each DDL statement commits by itself, so each statement stands alone."""
        told = seen.get("transaction")
        if isinstance(told, str):
            return told
        return f"{self.dialect} open" if seen.get("in_transaction") else f"{self.dialect} {number}"

    def place(self, revision: str, line: Any) -> tuple[Location, str]:
        """The statement of the revision file around a line, as lines and as text."""
        path = self._history.by_id[revision].path
        if not isinstance(line, int) or line < 1:
            return Location(path, self._history.by_id[revision].upgrade_line or self._history.by_id[revision].line), ""
        text = self._sources.get(path, "")
        first, last = around(text, line)
        return Location(path, first, last), "\n".join(text.splitlines()[first - 1 : last])

    def _observation(
        self, event: Mapping[str, Any], seen: Mapping[str, Any], changes: tuple[Change, ...], before: Schema
    ) -> Observation | None:
        if event.get("error") or seen.get("observer_error"):
            return None
        self._born.update(_texts(seen.get("born")))
        known = seen.get("known") is True

        def new(name: str) -> bool:
            return name in self._born or name == self.catalogue.version_table or self.catalogue.is_new(name)

        return Observation(
            locks=known_locks(changes, before) if known else tuple(_locks(seen.get("locks"), new, self._born)),
            held=tuple(_locks(seen.get("held"), new, self._born)),
            rewrites=tuple(name for name in map(self._at_home, _texts(seen.get("rewrites"))) if not new(name)),
            indexes_built=tuple(_texts(seen.get("indexes_built"))),
            touched=tuple(one for one in _touched(seen.get("touched")) if not new(one.table)),
            notices=tuple(_texts(seen.get("notices"))),
            algorithm=_text(seen.get("algorithm")),
            lock_level=_text(seen.get("lock_level") or seen.get("lock")),
            refusals=tuple(_texts(seen.get("refusals"))),
            known=known,
            row_count=event.get("row_count") if isinstance(event.get("row_count"), int) else None,
            seconds=float(event.get("seconds") or 0.0),
            facts={key: seen[key] for key in _FACTS if key in seen},
        )

    def _at_home(self, name: str) -> str:
        return name.removeprefix(f"{self.catalogue.home}.") if self.catalogue.home else name

    def settings(self) -> dict[str, str]:
        """What env.py set on the session before the first revision: ``lock_timeout`` and the like."""
        found: dict[str, str] = {}
        for event in self.outside:
            for change in sql.parse(str(event.get("sql") or ""), self.dialect).changes:
                if isinstance(change, SetSetting):
                    found[change.name.lower()] = change.value
        return found


def known_locks(changes: Iterable[Change], schema: Schema) -> tuple[Lock, ...]:
    """The locks that statements outside of transactions are known to take."""
    found: list[Lock] = []
    for one in changes:
        if isinstance(one, CreateIndex):
            found.append(Lock(one.table, _SHARE_UPDATE, one.table))
        elif isinstance(one, (DropIndex, Reindex)):
            owner = schema.table(one.name) or schema.index_owner(one.name)
            if owner is not None:
                found.append(Lock(one.name, _SHARE_UPDATE, owner.name))
        elif isinstance(one, DetachPartition):
            found += [Lock(one.table, _SHARE_UPDATE, one.table), Lock(one.partition, _EXCLUSIVE, one.partition)]
        elif isinstance(one, Maintenance) and one.table:
            mode = _EXCLUSIVE if one.verb in ("vacuum-full", "cluster") else _SHARE_UPDATE
            found.append(Lock(one.table, mode, one.table))
    return tuple(found)


@functools.lru_cache(maxsize=64)
def _spans(text: str) -> tuple[tuple[int, int], ...]:
    """First and last line of every simple statement; of compound ones the header alone."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    spans = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.end_lineno is not None:
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno
            spans.append((node.lineno, max(node.lineno, last)))
    return tuple(sorted(spans))


def around(text: str, line: int) -> tuple[int, int]:
    """The smallest statement around a line."""
    fitting = [span for span in _spans(text) if span[0] <= line <= span[1]]
    return min(fitting, key=lambda span: span[1] - span[0]) if fitting else (line, line)


def _error(event: Mapping[str, Any]) -> str | None:
    told = event.get("error")
    return str(told.get("text") or told.get("type")) if isinstance(told, dict) else None


def _texts(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return str(value) if value else None


def _locks(value: Any, new: Callable[[str], bool], born: set[str]) -> list[Lock]:
    """Locks on what existed before the deploy; a new index on an old table is no lock on that table."""
    every = [Lock(*row) for row in value or ()]
    return [lock for lock in every if not new(lock.table) and lock.relation not in born]


def _touched(value: Any) -> list[Touched]:
    rows = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    names = ("scans", "rows_read", "inserted", "updated", "deleted")
    return [Touched(str(one.get("table")), **{name: int(one.get(name) or 0) for name in names}) for one in rows]
