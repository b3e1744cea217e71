"""What would hold the deploy's locks up now, out of a survey of the target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gate.facts.changes import ValidateConstraint
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Schema
from gate.facts.target import TargetPosition
from gate.facts.target_measurements import amount
from gate.facts.target_survey import HeldLock, Replica, Session, TargetSurvey
from gate.model import Severity
from gate.plan import copied_tables, copy_bytes

LAG_SECONDS, LAG_BYTES = 10.0, 256_000_000
_DDL = re.compile(
    r"^\s*(?:/\*.*?\*/\s*|--[^\n]*\n\s*)*(?:ALTER|DROP|REINDEX|TRUNCATE|CLUSTER|VACUUM\s+FULL|REFRESH|RENAME\s+TABLE|OPTIMIZE"
    r"|CREATE(?!\s+(?:GLOBAL\s+|LOCAL\s+)?TEMP))\b",
    re.IGNORECASE | re.DOTALL,
)
# Modes that reads or writes of the application never take (PostgreSQL, MySQL, MariaDB, SQLite).
_STRONG = re.compile(
    r"^(?:ShareUpdateExclusiveLock|ShareLock|ShareRowExclusiveLock|ExclusiveLock|AccessExclusiveLock|LOCK TABLES|RESERVED|PENDING"
    r"|EXCLUSIVE|(?:MDL_)?(?:SHARED_UPGRADABLE|SHARED_NO_WRITE|SHARED_NO_READ_WRITE|EXCLUSIVE))$"
)
_WRITING = re.compile(r"^(?:RowExclusiveLock|(?:MDL_)?SHARED_WRITE)$")


@dataclass(frozen=True)
class Blocker:
    """One thing in the way. ``tables`` are those it stands on; empty means everything."""

    kind: str
    detail: str
    severity: Severity = Severity.ERROR
    tables: tuple[str, ...] = ()


def blockers(
    survey: TargetSurvey,
    position: TargetPosition,
    touched: frozenset[str] | None,
    deploy: Deploy | None,
    transaction_seconds: float,
    idle_seconds: float,
) -> tuple[Blocker, ...]:
    """Everything in the way. ``touched`` None means that the deploy is not known, so any table may be meant."""
    found: list[Blocker] = []
    for one in survey.sessions:
        found += _session(one, position, touched, transaction_seconds, idle_seconds)
    found += _replication(survey)
    found += _indexes(survey.schema, deploy)
    found += _constraints(survey.schema, deploy)
    found += _disk(survey, deploy)
    return tuple(found)


def _session(
    one: Session,
    position: TargetPosition,
    touched: frozenset[str] | None,
    transaction_seconds: float,
    idle_seconds: float,
) -> Iterator[Blocker]:
    mine = _touching(one, touched)
    tables = tuple(dict.fromkeys(lock.table for lock in mine))
    if one.state == "autovacuum":
        if mine:
            yield Blocker("autovacuum", f"{_name(one)}: {_statement(one)}", _autovacuum(one), tables)
        return
    running = _migration(one, position)
    if running:
        yield Blocker("migration-running", f"{_name(one)} {running}")
    strong = [lock for lock in mine if _STRONG.match(lock.mode) and lock.granted]
    if strong and not running:
        yield Blocker("lock", f"{_name(one)} holds {_held(strong)}", tables=tables)
    age = one.transaction_seconds
    if age is None or (one.state == "active" and running):
        return
    near = age >= transaction_seconds and (bool(mine) or (one.blind and touched != frozenset()))
    if near or age >= idle_seconds:
        yield from _old(one, mine, age, tables)


def _touching(one: Session, touched: frozenset[str] | None) -> list[HeldLock]:
    return [lock for lock in one.locks if touched is None or lock.table in touched or (lock.table == "*" and touched)]


def _old(one: Session, mine: list[HeldLock], age: float, tables: tuple[str, ...]) -> Iterator[Blocker]:
    """A transaction that stays open too long; an idle one is said to be so as well."""
    holds = (
        f" and holds {_held(mine)}" if mine else "; the server does not tell which tables it holds" if one.blind else ""
    )
    kind = "prepared-transaction" if one.state == "prepared" else "long-transaction"
    yield Blocker(kind, f"{_name(one)} has had a transaction open for {_age(age)}{holds}{_last(one)}", tables=tables)
    if one.state.startswith("idle in transaction"):
        idle = one.state_seconds if one.state_seconds is not None else age
        yield Blocker(
            "idle-in-transaction",
            f"{_name(one)} has been idle in its transaction for {_age(idle)}{holds}",
            tables=tables,
        )


def _migration(one: Session, position: TargetPosition) -> str | None:
    """Does this session look like a migration on its way: advisory lock, version table, DDL?"""
    if one.advisory:
        return f"holds the advisory lock {', '.join(one.advisory[:3])}: a migration may be running"
    names = {position.version_table.name} if position.version_table else {"alembic_version"}
    for lock in one.locks:
        if lock.table.rpartition(".")[2] in names and (_WRITING.match(lock.mode) or _STRONG.match(lock.mode)):
            return f"holds {lock.mode} on {lock.table}: a migration is running"
    if one.state == "active" and _DDL.match(one.query):
        return f"is running {_statement(one)}"
    return None


def _autovacuum(one: Session) -> Severity:
    """One against wraparound does not give way to a migration; any other is cancelled by it."""
    return Severity.ERROR if "to prevent wraparound" in one.query else Severity.WARNING


def _replication(survey: TargetSurvey) -> Iterator[Blocker]:
    """Replicas that are behind, slots that keep the log for nobody, commits that would hang."""
    if survey.commits_wait_for:
        text = (
            f"commits wait for a synchronous standby ({survey.commits_wait_for}) and none is connected: the upgrade would "
            "hang at its end, with its locks held"
        )
        yield Blocker("replication-lag", text)
    if survey.replicates:
        text = (
            "the target replicates from another server and takes writes all the same (read_only is off): migrate the primary; "
            "what is changed here alone breaks the replication"
        )
        yield Blocker("replica", text, Severity.WARNING)
    for one in survey.replicas:
        much = (one.seconds or 0) >= LAG_SECONDS or (one.bytes or 0) >= LAG_BYTES
        if one.kept_for and much:
            yield Blocker("replication-slot", _kept(one), Severity.WARNING)
        elif much or one.still:
            yield Blocker("replication-lag", _behind(one), Severity.WARNING)


def _behind(one: Replica) -> str:
    parts = [_age(one.seconds)] if one.seconds and one.seconds >= 1 else []
    parts += [amount(one.bytes)] if one.bytes else []
    much = f" by {', '.join(parts)}" if parts else ""
    why = " and applied nothing while the gate looked (paused, delayed, or a query there is in the way)"
    waits = "; commits wait for it" if one.waited_for else ""
    return (
        f"replica {one.name} is behind{much}{why if one.still else ''}{waits}: it gets the new schema late, and all that the "
        "upgrade writes comes on top"
    )


def _kept(one: Replica) -> str:
    return (
        f"replication slot {one.name} has no consumer and keeps {amount(one.bytes)} of log on the target's disk; all that the "
        "upgrade writes stays there too. Start its consumer, or drop the slot"
    )


def _indexes(schema: Schema, deploy: Deploy | None) -> Iterator[Blocker]:
    said = _sql(deploy)
    for table in schema.tables.values():
        for index in table.indexes:
            if not index.valid:
                mended = re.search(rf"\b{re.escape(index.name)}\b", said) is not None
                severity = Severity.ERROR if index.unique and not mended else Severity.WARNING
                text = f"index {index.name} on {table.name} is invalid: a CREATE INDEX CONCURRENTLY failed; drop it and build it again"
                yield Blocker("invalid-index", text, severity, (table.name,))


def _constraints(schema: Schema, deploy: Deploy | None) -> Iterator[Blocker]:
    validated = {change.name for _, change in deploy.all_changes(ValidateConstraint)} if deploy else set()
    for table in schema.tables.values():
        for constraint in table.constraints:
            if not constraint.validated:
                severity = Severity.NOTE if constraint.name in validated else Severity.WARNING
                text = f"constraint {constraint.name} on {table.name} is NOT VALID: old rows may break it"
                yield Blocker("unvalidated-constraint", text, severity, (table.name,))


def _disk(survey: TargetSurvey, deploy: Deploy | None) -> Iterator[Blocker]:
    """Tables whose new copy does not fit on the disk: surely not (error), or not with all that a copy takes (warning)."""
    free = survey.free_bytes
    for name in copied_tables(deploy) if deploy and free is not None else ():
        size = survey.tables.get(name)
        needed = copy_bytes(deploy.dialect, size, survey.used_bytes) if deploy and size else None
        if free is not None and needed and needed > free:
            severity = Severity.ERROR if needed > 2 * free else Severity.WARNING
            text = f"writing {name} anew takes up to {amount(needed)}, and the target's disk has {amount(free)} left"
            yield Blocker("disk", text, severity, (name,))


def _sql(deploy: Deploy | None) -> str:
    return "\n".join(one.sql for one in deploy.statements) if deploy else ""


def _held(locks: Iterable[HeldLock]) -> str:
    names = list(dict.fromkeys(f"{lock.mode} on {lock.table}" for lock in locks))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _name(one: Session) -> str:
    about = ", ".join(part for part in (one.application, one.user and f"role {one.user}") if part)
    return f"session {one.id}" + (f" ({about})" if about else "")


def _age(seconds: float | None) -> str:
    whole = int(seconds or 0)
    return f"{whole} s" if whole < 180 else f"{whole // 60} min"


def _last(one: Session) -> str:
    return f"; its last statement: {_statement(one)}" if one.query else ""


def _statement(one: Session) -> str:
    """The statement without its values: those may be secrets."""
    text = re.sub(r"'(?:[^']|'')*'?", "'…'", " ".join(one.query.split()))
    return text[:77] + "…" if len(text) > 78 else text
