"""What happened when the deploy's revisions ran on a scratch database, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from gate.facts.changes import Change
from gate.facts.history import History, Revision
from gate.facts.schema import Schema
from gate.model import Location

ChangeT = TypeVar("ChangeT", bound=Change)
Profile = Literal["empty", "plain", "hostile"]


@dataclass(frozen=True)
class Lock:
    """A lock on a relation; ``mode`` is PostgreSQL's name (``AccessExclusiveLock``), ``table`` the owner of an index."""

    relation: str
    mode: str
    table: str


@dataclass(frozen=True)
class Touched:
    """Sequential scans and rows that one statement read or wrote in one table."""

    table: str
    scans: int = 0
    rows_read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class Observation:
    """What the server did for one statement. Relations born in this deploy are left out of locks and rewrites.

    ``algorithm``/``lock_level`` are MySQL's and MariaDB's (``COPY``, ``INPLACE``, ``NOCOPY``, ``INSTANT``;
    ``NONE``, ``SHARED``, ``EXCLUSIVE``) as the server accepted them, ``refusals`` the server's reasons for refusing
    the weaker ones. ``known`` marks locks that come from the manual, because the statement cannot run in a transaction.
    ``facts`` are the dialect's own (SQLite: ``foreign_keys``, objects ``lost`` and ``made``, tables ``left_over``).
    """

    locks: tuple[Lock, ...] = ()
    held: tuple[Lock, ...] = ()
    rewrites: tuple[str, ...] = ()
    indexes_built: tuple[str, ...] = ()
    touched: tuple[Touched, ...] = ()
    notices: tuple[str, ...] = ()
    algorithm: str | None = None
    lock_level: str | None = None
    refusals: tuple[str, ...] = ()
    known: bool = False
    row_count: int | None = None
    seconds: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Statement:
    """One statement of the deploy. ``observed`` is None when it was only read (offline SQL).

    ``transaction`` names the transaction it ran in (equal names share one); ``autocommit`` means it ran on its own.
    ``before`` and ``after`` are the catalogue around it. ``changes`` is empty and ``understood`` false when the
    parser did not know it; then only the observation speaks. ``sets`` tells how many sets of parameters one call gave it.
    """

    number: int
    revision: str
    location: Location
    sql: str
    changes: tuple[Change, ...] = ()
    understood: bool = True
    transaction: str = "1"
    autocommit: bool = False
    observed: Observation | None = None
    before: Schema = field(default_factory=Schema)
    after: Schema = field(default_factory=Schema)
    error: str | None = None
    source: str = ""
    sets: int = 1


NOT_COMMITTED = "not committed"  # the kind of a Failure where nothing failed, and nothing was kept either


@dataclass(frozen=True)
class Failure:
    """Why a run stopped: the server's or Python's error, at which revision, statement and line.

    ``lacks`` is filled when the scratch server lacks something that production may well have (an extension, a role):
    what it lacks, and what to do. Such a failure says nothing about the migration.
    """

    error: str
    kind: str
    revision: str | None = None
    location: Location | None = None
    sql: str | None = None
    statement: int | None = None
    sqlstate: str | None = None
    lacks: tuple[str, str] | None = None


@dataclass(frozen=True)
class DataChange:
    """Rows or values that were there before and are gone or different after, found by digests and schemas.

    ``revision`` and ``statement`` (its number) say which did it, as far as that is known. ``emptied``: no row is left.
    """

    kind: Literal["rows-lost", "values-lost", "values-changed", "table-dropped", "column-dropped"]
    table: str
    column: str | None = None
    detail: str = ""
    revision: str | None = None
    statement: int | None = None
    emptied: bool = False

    @property
    def place(self) -> str:
        """The column with its table, or the table."""
        return f"{self.table}.{self.column}" if self.column else self.table


@dataclass(frozen=True)
class RowsRun:
    """One upgrade of the deploy over rows of a profile.

    ``unseeded`` are tables that no row could be made for (``table: reason``), ``own_rows`` those that have the rows of the
    base's own revisions and no made-up ones beside them.
    """

    profile: Profile
    failure: Failure | None = None
    data: tuple[DataChange, ...] = ()
    seeded_tables: int = 0
    unseeded: tuple[str, ...] = ()
    own_rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class QueryFailure:
    """A query of the release still running that the new schema refuses.

    ``by_trigger`` tells that the table itself takes it, but not what runs with it; ``certain`` is false where other rows
    might pass, or nobody may send the query. ``reads`` is the table, or the column of one, that a view outlived.
    """

    table: str
    column: str | None
    verb: Literal["SELECT", "INSERT", "UPDATE", "DELETE"]
    sql: str
    error: str
    revision: str | None = None
    certain: bool = True
    by_trigger: bool = False
    reads: tuple[str, str | None] | None = None


@dataclass(frozen=True)
class RoundTrip:
    """Down to the baseline and up again. ``ran`` is false when the project promises no way back."""

    ran: bool = False
    reason: str | None = None
    down_failure: Failure | None = None
    up_failure: Failure | None = None
    leftovers: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    data: tuple[DataChange, ...] = ()
    version_after_down: tuple[str, ...] = ()
    revision: str | None = None


@dataclass(frozen=True)
class Diff:
    """Autogenerate's diff after the upgrade: one row per operation and the code that would make them."""

    operations: tuple[Mapping[str, Any], ...] = ()
    code: str = ""
    runs: int = 0
    metadata_tables: int = 0
    error: str | None = None
    known: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Server:
    """The scratch server: what it says it is, and where it came from (``wheel``, ``binaries``, ``url``, ``file``)."""

    dialect: Literal["postgresql", "mysql", "mariadb", "sqlite"]
    version: tuple[int, ...]
    version_text: str
    source: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rehearsal:
    """Everything one rehearsal gave. ``reason`` says why the rest is empty when it could not run.

    ``statements`` are those of the deploy's upgrade, in order, observed on plain rows (or as far as it came).
    ``settings`` holds what env.py and the session set: ``lock_timeout``, ``statement_timeout``, ``TimeZone``.
    ``mapped`` holds the columns that the base's models map, by table; None when they were not needed or not to be had.
    ``unseen`` are tables and columns of the base that are gone without a statement that took them.
    """

    server: Server
    baseline: Schema
    result: Schema
    statements: tuple[Statement, ...] = ()
    runs: tuple[RowsRun, ...] = ()
    diff: Diff | None = None
    round_trip: RoundTrip = RoundTrip()
    unseen: tuple[DataChange, ...] = ()
    old_release: tuple[QueryFailure, ...] = ()
    old_release_source: str = "the base's schema"
    mapped: Mapping[str, frozenset[str]] | None = None
    baseline_failure: Failure | None = None
    version_rows: tuple[str, ...] = ()
    transaction_per_migration: bool | None = None
    creates_schema_outside: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    output_tail: str = ""
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)

    def run(self, profile: Profile) -> RowsRun | None:
        """The run over rows of this profile, if it was made."""
        return next((run for run in self.runs if run.profile == profile), None)


@dataclass(frozen=True)
class Deploy:
    """What rules are asked about: the deploy's revisions with their statements, and the schema that they start from.

    Made from a rehearsal, or, where none could run, from the revisions run by themselves (then ``observed`` is false,
    ``baseline`` is what the earlier revisions give without the project's environment, and ``unjudged`` says what of the
    deploy could not be seen that way; ``unknown_tables`` are tables of the base that were judged by the text alone).
    """

    dialect: Literal["postgresql", "mysql", "mariadb", "sqlite"]
    version: tuple[int, ...]
    history: History
    revisions: tuple[Revision, ...]
    statements: tuple[Statement, ...]
    baseline: Schema
    result: Schema
    runs: tuple[RowsRun, ...] = ()
    server: str = ""
    observed: bool = True
    complete: bool = True
    unjudged: tuple[str, ...] = ()
    unknown_tables: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    round_trip: RoundTrip = RoundTrip()
    small_tables: frozenset[str] = frozenset()
    maintenance_window: bool = False
    code_first: bool = False
    mapped: Mapping[str, frozenset[str]] | None = None

    def used(self, table: str, column: str | None = None) -> bool:
        """Does the release still running name this table or column? Yes, unless its models were read and do not map it."""
        if self.mapped is None:
            return True
        return table in self.mapped and (column is None or column in self.mapped[table])

    def existed(self, table: str, at: Statement | None = None) -> bool:
        """Was this table there before the deploy (so: has rows, is used)? Follows renames made by the deploy."""
        from gate.facts.changes import CreateTable, called_before

        name = table
        for statement in reversed(self.statements):
            if at is not None and statement.number >= at.number:
                continue
            for change in statement.changes:
                name = called_before(change, name)
                if isinstance(change, CreateTable) and change.table == name and statement.before.table(name) is None:
                    return False  # dropped and made anew by this deploy
        return self.baseline.table(name) is not None

    def changes(self, *kinds: type[ChangeT]) -> Iterator[tuple[Statement, ChangeT]]:
        """Every change of these kinds on a table that existed before the deploy, in order of running."""
        for statement, change in self.all_changes(*kinds):
            table = getattr(change, "table", None)
            if table is None or self.existed(table, statement):
                yield statement, change

    def all_changes(self, *kinds: type[ChangeT]) -> Iterator[tuple[Statement, ChangeT]]:
        """Every change of these kinds, on new tables too."""
        for statement in self.statements:
            for change in statement.changes:
                if isinstance(change, kinds):
                    yield statement, change

    def revision(self, id: str) -> Revision | None:
        """The revision of this id."""
        return self.history.by_id.get(id)
