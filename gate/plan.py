"""The plan to hand on: what each pending revision runs, locks, rewrites, how long about, and what the way back loses.

Also which part of it is safe now (staging). Pure: values in, values out.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gate.facts.changes import AddColumn, Change, CreateIndex, CreateTable, DropColumn, DropTable, RecreateTable
from gate.facts.history import History, Revision
from gate.facts.rehearsal import Deploy, Lock, Statement
from gate.facts.target_measurements import amount, index_text, rewrite_text, scan_text
from gate.facts.target_survey import TableSize
from gate.model import Category, Finding

# An error of these kinds says "not yet": once the new code runs everywhere, the same revision is safe.
LATER_IS_FINE = (Category.BACKWARD_INCOMPATIBLE, Category.NOT_SPLIT, Category.DATA_LOSS, Category.IRREVERSIBLE)
MOST_REASONS = 4
_READING = ("AccessShareLock", "RowShareLock")
# SQLAlchemy's and Alembic's own looks at SQLite's catalogue: https://www.sqlite.org/pragma.html
_REFLECTION = re.compile(
    r"^\s*(?:PRAGMA\s+(?:\S+\.)?(?:table_x?info|table_list|index_x?info|index_list|foreign_key_list|database_list)\b"
    r"|SELECT\b.*\bsqlite_(?:temp_)?(?:master|schema)\b)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Phase:
    """One step of a staged release: revisions that go together, and why they stand there."""

    name: str
    revisions: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Staging:
    """``upgrade_to`` is what ``alembic upgrade`` may get now: a revision, ``heads``, or None when nothing is safe."""

    upgrade_to: str | None
    phases: tuple[Phase, ...] = ()


def touched_tables(deploy: Deploy, revisions: Iterable[str] | None = None) -> tuple[str, ...]:
    """The existing tables that these revisions lock for more than reading, or change; in order of first touch."""
    wanted = None if revisions is None else set(revisions)
    found: list[str] = []
    for one in deploy.statements:
        if wanted is None or one.revision in wanted:
            found += [name for name in _tables_of(one) if deploy.baseline.table(name) is not None]
    return tuple(dict.fromkeys(found))


def _tables_of(one: Statement) -> list[str]:
    locked = [lock.table for lock in one.observed.locks if lock.mode not in _READING] if one.observed else []
    changed = [name for change in one.changes if (name := getattr(change, "table", None))]
    pointed = [spec.references for change in one.changes for spec in _constraints(change) if spec.references]
    return [*locked, *changed, *pointed]


def copied_tables(deploy: Deploy, revisions: Iterable[str] | None = None) -> tuple[str, ...]:
    """The existing tables that these revisions write anew, each a whole copy on the disk for a while."""
    wanted = None if revisions is None else set(revisions)
    found: list[str] = []
    for one in deploy.statements:
        if wanted is None or one.revision in wanted:
            found += [name for name in _copied(one) if deploy.baseline.table(name) is not None]
    return tuple(dict.fromkeys(found))


def _copied(one: Statement) -> list[str]:
    if one.observed is None:
        return []
    made_anew = [change.table for change in one.changes if isinstance(change, RecreateTable)]
    copied = one.observed.rewrites or (_tables_of(one) if one.observed.algorithm == "COPY" else ())
    return list(dict.fromkeys([*copied, *made_anew]))


def copy_bytes(dialect: str, size: TableSize, whole: int | None = None) -> int | None:
    """The disk that a copy of the table needs at its peak; None is not known.

    SQLite needs it twice: the copy, and the journal that could take it back (https://www.sqlite.org/atomiccommit.html).
    ``whole`` are the bytes of the database, for where the table's own are not known.
    """
    known = size.bytes if size.bytes is not None else whole
    return None if known is None else known * (2 if dialect == "sqlite" else 1)


def _constraints(change: Change) -> tuple[Any, ...]:
    one = getattr(change, "constraint", None)
    return tuple(getattr(change, "constraints", ())) + ((one,) if one is not None else ())


def rows(deploy: Deploy, sizes: Mapping[str, TableSize]) -> list[dict[str, Any]]:
    """The report's ``plan``: one row per pending revision, in order of running."""
    return [_row(deploy, revision, sizes) for revision in deploy.revisions]


def _row(deploy: Deploy, revision: Revision, sizes: Mapping[str, TableSize]) -> dict[str, Any]:
    statements = [one for one in deploy.statements if one.revision == revision.id]
    seen = [one.observed for one in statements if one.observed]
    locks = dict.fromkeys(f"{lock.mode} on {lock.table}" for one in statements for lock in _locks(one))
    copies = [
        f"ALGORITHM={one.observed.algorithm}, LOCK={one.observed.lock_level}"
        for one in statements
        if one.observed and one.observed.algorithm
    ]
    tables = touched_tables(deploy, [revision.id])
    return {
        "revision": revision.id,
        "message": revision.message,
        "path": revision.path,
        "sql": "\n".join(f"{one.sql.strip().rstrip(';')};" for one in statements if not _reads_catalogue(deploy, one)),
        "locks": [*locks, *dict.fromkeys(copies)],
        "rewrites": list(dict.fromkeys(name for one in seen for name in one.rewrites)),
        "seconds": round(sum(one.seconds for one in seen), 3),
        "tables": [dataclasses.asdict(sizes[name]) for name in tables if name in sizes],
        "estimate": [*estimates(statements, sizes), *_space(deploy, revision, sizes)],
        "way_back": way_back(revision, statements),
    }


def _reads_catalogue(deploy: Deploy, one: Statement) -> bool:
    return deploy.dialect == "sqlite" and _REFLECTION.match(one.sql) is not None


def _space(deploy: Deploy, revision: Revision, sizes: Mapping[str, TableSize]) -> list[str]:
    """The free disk that the revision's copies need, table by table."""
    needs = {
        name: copy_bytes(deploy.dialect, sizes[name]) for name in copied_tables(deploy, [revision.id]) if name in sizes
    }
    return [f"needs about {amount(size)} of free disk to write {name} anew" for name, size in needs.items() if size]


def _locks(one: Statement) -> list[Lock]:
    """New locks, and those held since an earlier revision of the same transaction on the tables that it changes."""
    if one.observed is None:
        return []
    changed = {getattr(change, "table", None) for change in one.changes}
    held = [lock for lock in one.observed.held if lock.table in changed and lock.relation == lock.table]
    return [lock for lock in (*one.observed.locks, *held) if lock.mode != "AccessShareLock"]


def estimates(statements: Iterable[Statement], sizes: Mapping[str, TableSize]) -> list[str]:
    """What the statements do to big tables, with the target's sizes: ``rewrites orders, 212 GB, about 39 min ...``."""
    said: list[str] = []
    for one in statements:
        if one.observed is None:
            continue
        copied = _copied(one)
        said += [rewrite_text(sizes[name]) for name in copied if name in sizes]
        scanned = [each.table for each in one.observed.touched if each.scans and each.table not in copied]
        said += [scan_text(sizes[name]) for name in scanned if name in sizes]
        built = [change.table for change in one.changes if isinstance(change, CreateIndex) and change.concurrently]
        said += [index_text(sizes[name]) for name in built if name in sizes]
    return list(dict.fromkeys(said))


def way_back(revision: Revision, statements: Iterable[Statement]) -> str:
    """What a downgrade of the revision loses."""
    if revision.downgrade in ("missing", "raises"):
        return "none: its downgrade " + ("is missing" if revision.downgrade == "missing" else "refuses")
    changes = [change for one in statements for change in one.changes]
    gone = [f"{one.table}.{one.column}" for one in changes if isinstance(one, DropColumn)]
    gone += [one.table for one in changes if isinstance(one, DropTable)]
    made = [f"{one.table}.{one.column.name}" for one in changes if isinstance(one, AddColumn)]
    made += [one.table for one in changes if isinstance(one, CreateTable)]
    if gone:
        return f"downgrade makes {', '.join(gone[:5])} again, empty: the values are lost"
    if revision.downgrade == "empty" and changes:
        return "downgrade does nothing: what the upgrade changed stays"
    return (
        f"downgrade drops {', '.join(made[:5])} with what was written meanwhile" if made else "downgrade loses nothing"
    )


def staging(
    history: History,
    pending: tuple[str, ...],
    errors: Mapping[str, tuple[Finding, ...]],
    whole: tuple[Finding, ...],
    barred: Mapping[str, str],
    stop: str | None,
) -> Staging:
    """The furthest revision that is safe now, and the phases of the rest.

    ``errors`` are those of each part of the plan by its last revision, ``whole`` those of the plan as one deploy.
    ``barred`` are revisions that something else forbids, with the reason; ``stop`` forbids everything.
    """
    if not pending:
        return Staging(None)
    parts = {id: history.ancestors([id]) & set(pending) for id in pending}
    safe = [] if stop else [id for id in pending if not errors.get(id) and not parts[id] & barred.keys()]
    best = max(safe, key=lambda id: (len(parts[id]), pending.index(id)), default=None)
    now = tuple(id for id in pending if best and id in parts[best])
    if not whole and not barred and not stop:
        now = pending
    every = len(history.heads) > 1 and now == pending
    why_not = stop or ""
    return Staging(
        "heads" if every else (pending[-1] if now == pending else best), _phases(pending, now, whole, barred, why_not)
    )


def _phases(
    pending: tuple[str, ...], now: tuple[str, ...], whole: tuple[Finding, ...], barred: Mapping[str, str], stop: str
) -> tuple[Phase, ...]:
    """Before the code, after the code, later; empty phases are left out."""
    rest = [id for id in pending if id not in now]
    after: list[str] = []
    for id in rest:
        mine = [one for one in whole if one.revision == id]
        splits = [one for one in mine if one.category is Category.NOT_SPLIT and set(one.related) & set(after)]
        if stop or id in barred or splits or any(one.category not in LATER_IS_FINE for one in mine):
            break
        after.append(id)
    later = [id for id in rest if id not in after]
    phases = []
    if now:
        phases.append(Phase("before the code", now, "safe while the release now running still runs"))
    if after:
        phases.append(
            Phase("after the code", tuple(after), _why(after, whole, "safe once the new code runs everywhere"))
        )
    if later:
        known = stop or next((barred[id] for id in later if id in barred), "")
        phases.append(Phase("later", tuple(later), known or _why(later, whole, "must not run as they are")))
    return tuple(phases)


def _why(revisions: Iterable[str], whole: tuple[Finding, ...], said: str) -> str:
    """What it takes, and for each of these revisions that has errors the first of them."""
    first = {one.revision: one.message for one in reversed(whole)}
    reasons = [f"{id}: {first[id]}" for id in revisions if id in first]
    rest = f"; and {len(reasons) - MOST_REASONS} more" if len(reasons) > MOST_REASONS else ""
    return f"{said}. {' '.join(reasons[:MOST_REASONS])}{rest}" if reasons else said
