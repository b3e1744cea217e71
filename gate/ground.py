"""What a verdict rests on, for the report: the locks that were seen on existing tables, and the world it assumes.

Lock modes and what they conflict with: https://www.postgresql.org/docs/current/explicit-locking.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gate.facts.rehearsal import Deploy, Statement

BLOCKS: Mapping[str, str] = {
    "AccessExclusiveLock": "reads and writes",
    "ExclusiveLock": "writes",
    "ShareRowExclusiveLock": "writes",
    "ShareLock": "writes",
    "ShareUpdateExclusiveLock": "other schema changes",
}
"""PostgreSQL's lock modes that keep anybody waiting, the strongest first, and whom."""

_MYSQL = {"EXCLUSIVE": "reads and writes", "SHARED": "writes"}
_STATEMENT = 300


def locks(deploy: Deploy) -> list[dict[str, Any]]:
    """The report's ``locks``: per statement and existing table the strongest lock that keeps anybody waiting."""
    return [row for one in deploy.statements for row in (*_postgresql(deploy, one), *_mysql(one))]


def _postgresql(deploy: Deploy, one: Statement) -> Iterator[dict[str, Any]]:
    if one.observed is None:
        return
    strength = list(BLOCKS)
    mine: dict[str, str] = {}
    for lock in one.observed.locks:
        if lock.mode in BLOCKS and deploy.existed(lock.table, one):
            known = mine.get(lock.table, lock.mode)
            mine[lock.table] = min(known, lock.mode, key=strength.index)
    for table, mode in mine.items():
        rewrites = table in one.observed.rewrites
        yield _row(one, table, mode, blocks=BLOCKS[mode], seconds=_held(deploy, one), rewrites=rewrites)


def _mysql(one: Statement) -> Iterator[dict[str, Any]]:
    """MySQL and MariaDB: the weakest algorithm and lock level that the server accepted for an ALTER."""
    seen = one.observed
    if seen is None or not seen.algorithm or (seen.lock_level or "") not in _MYSQL:
        return
    tables = dict.fromkeys(name for change in one.changes if (name := getattr(change, "table", None)))
    for table in tables:
        blocked = _MYSQL[seen.lock_level or ""]
        mode = f"ALGORITHM={seen.algorithm}, LOCK={seen.lock_level}"
        yield _row(one, table, mode, blocks=blocked, seconds=seen.seconds, rewrites=seen.algorithm == "COPY")


def _held(deploy: Deploy, one: Statement) -> float:
    """Seconds from the statement to the end of its transaction, as far as statements took them."""
    if one.autocommit:
        return one.observed.seconds if one.observed else 0.0
    later = [each for each in deploy.statements if each.transaction == one.transaction and each.number >= one.number]
    return sum(each.observed.seconds for each in later if each.observed)


def _row(one: Statement, table: str, mode: str, *, blocks: str, seconds: float, rewrites: bool) -> dict[str, Any]:
    return {
        "revision": one.revision,
        "table": table,
        "mode": mode,
        "blocks": blocks,
        "held_ms": round(seconds * 1000, 1),
        "rewrites": rewrites,
        "statement": " ".join(one.sql.split())[:_STATEMENT],
    }


def world(deploy: Deploy) -> str:
    """The world that the verdict assumes, in sentences (design, section 4)."""
    if deploy.maintenance_window:
        return "A maintenance window: the application is stopped while the revisions run (`world:` in the settings)."
    small = sorted(deploy.small_tables)
    but = f" but {', '.join(small[:10])}{', …' if len(small) > 10 else ''} (`world:` in the settings)" if small else ""
    who = (
        "The new code is everywhere before the revisions run (`world:` in the settings)."
        if deploy.code_first
        else "The release that is deployed still reads and writes them while the revisions run."
    )
    return f"Tables of the base are large and live{but}. {who} {_transactions(deploy)}".strip()


def _transactions(deploy: Deploy) -> str:
    """How the revisions share transactions, where it was observed."""
    ran = {one.transaction for one in deploy.statements if one.observed and not one.autocommit}
    revisions = {one.revision for one in deploy.statements}
    if len(revisions) < 2 or deploy.dialect != "postgresql" or not ran:
        return ""
    return "All of them run in one transaction." if len(ran) == 1 else "They run in more than one transaction."
