"""What goes on at a PostgreSQL server, from its statistics views. A missing privilege is said, never taken for calm.

https://www.postgresql.org/docs/current/monitoring-stats.html
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from gate.facts.schema import Schema
from gate.facts.target_survey import HeldLock, Replica, Session, TableSize, TargetSurvey

Row = tuple[Any, ...]
Ask = Callable[[str], list[Row]]
Optional = Callable[[str], "list[Row] | str"]

MOST_COUNTED, BATCH, COUNT_LIMIT = 1000, 50, 100_001
_NAME = "CASE n.nspname WHEN coalesce(current_schema(), 'public') THEN '' ELSE n.nspname || '.' END || "
_USER_SCHEMA = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
# Pages from the catalogue, not pg_total_relation_size: that waits behind an ACCESS EXCLUSIVE lock (measured).
_SIZES = f"""
SELECT {_NAME} c.relname, c.oid::bigint, c.reltuples::bigint, pg_stat_get_live_tuples(c.oid),
       current_setting('block_size')::bigint * (c.relpages + coalesce(t.relpages, 0) +
         coalesce((SELECT sum(i.relpages) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                   WHERE x.indrelid IN (c.oid, t.oid)), 0)),
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'), c.relkind
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
WHERE c.relkind IN ('r', 'p', 'm') AND {_USER_SCHEMA} ORDER BY 1
"""
_FILES = """
SELECT oid::bigint, pg_total_relation_size(oid)::bigint FROM pg_class c WHERE oid IN ({oids})
  AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock')
"""
_RIGHTS = """
SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'), current_user::text
"""
_SESSIONS = """
SELECT pid, coalesce(usename, ''), coalesce(application_name, ''), backend_type, coalesce(state, ''),
       extract(epoch FROM clock_timestamp() - xact_start)::float8, extract(epoch FROM clock_timestamp() - state_change)::float8,
       left(query, 300)
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type IN ('client backend', 'autovacuum worker', 'parallel worker')
"""
_LOCKS = f"""
SELECT coalesce(l.pid, 0), l.virtualtransaction, l.locktype, l.mode, l.granted, {_NAME} c.relname,
       concat_ws(' ', l.classid, l.objid)
FROM pg_locks l LEFT JOIN pg_index x ON x.indexrelid = l.relation LEFT JOIN pg_class c ON c.oid = coalesce(x.indrelid, l.relation)
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.pid IS DISTINCT FROM pg_backend_pid()
  AND (l.locktype = 'advisory' OR l.locktype = 'relation' AND l.relation >= 16384)
LIMIT 20000
"""
_PREPARED = """
SELECT 'prepared ' || gid, owner::text, extract(epoch FROM clock_timestamp() - prepared)::float8, '-1/' || transaction::text
FROM pg_prepared_xacts WHERE database = current_database()
"""
_REPLICAS = """
SELECT pid, coalesce(nullif(application_name, ''), 'pid ' || pid), extract(epoch FROM replay_lag)::float8,
       CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint END,
       replay_lsn < flush_lsn, replay_lsn::text, coalesce(sync_state IN ('sync', 'quorum'), false)
FROM pg_stat_replication WHERE state <> 'backup'
"""
_LOOK_AGAIN = "SELECT pid, replay_lsn::text FROM pg_stat_replication, pg_sleep(1)"
_SLOTS = """
SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint
FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL AND NOT pg_is_in_recovery()
"""
_SYNCHRONOUS = """
SELECT current_setting('synchronous_standby_names') WHERE current_setting('synchronous_standby_names') <> ''
  AND current_setting('synchronous_commit') NOT IN ('off', 'local') AND NOT pg_is_in_recovery()
"""
_SETTINGS = """
SELECT name, reset_val FROM pg_settings
WHERE name IN ('lock_timeout', 'statement_timeout', 'TimeZone', 'idle_in_transaction_session_timeout', 'max_wal_size', 'wal_level')
"""


def survey(ask: Ask, optional: Optional, schema: Schema, unknown: tuple[str, ...]) -> TargetSurvey:
    """Put the views together. ``optional`` gives a sentence in place of rows that could not be read."""
    unknowns: list[str] = list(unknown)

    def rows(sql: str, what: str) -> list[Row]:
        found = optional(sql)
        if isinstance(found, str):
            unknowns.append(f"{what}: {found}")
            return []
        return found

    allowed, user = ask(_RIGHTS)[0]
    if not allowed:
        unknowns.append(
            f"transactions of other roles and replication lag: role {user} lacks pg_read_all_stats "
            f"(GRANT pg_monitor TO {user})"
        )
    sizes = _tables(rows(_SIZES, "table sizes"), optional, unknowns)
    sessions = _sessions(rows(_SESSIONS, "sessions"), rows(_LOCKS, "locks"), rows(_PREPARED, "prepared transactions"))
    locked = frozenset(lock.table for one in sessions for lock in one.locks if lock.mode == "AccessExclusiveLock")
    replicas = _replicas(rows(_REPLICAS, "replicas"), optional) if allowed else ()
    missing = allowed and not any(one.waited_for for one in replicas)
    slots = [Replica(name, None, size, kept_for=True) for name, size in rows(_SLOTS, "replication slots")]
    return TargetSurvey(
        schema=schema,
        tables=_counted(sizes, locked, optional),
        sessions=sessions,
        replicas=(*replicas, *slots),
        commits_wait_for=next((row[0] for row in rows(_SYNCHRONOUS, "synchronous replicas") if missing), None),
        settings=dict(rows(_SETTINGS, "settings")),
        unknowns=tuple(unknowns),
    )


def _replicas(found: list[Row], optional: Optional) -> tuple[Replica, ...]:
    """Replicas as they are; where one has received more than it has applied, a second look tells whether it goes on at all.

    ``replay_lag`` does not: with the replay paused it stays at what was measured last, or empty.
    """
    behind = {pid: place for pid, _, _, _, waiting, place, _ in found if waiting}
    again = optional(_LOOK_AGAIN) if behind else []
    still = {pid for pid, place in again if behind.get(pid) == place} if not isinstance(again, str) else set()
    return tuple(
        Replica(name, seconds, size, pid in still, waited_for=waited_for)
        for pid, name, seconds, size, _, _, waited_for in found
    )


def _tables(found: list[Row], optional: Optional, unknowns: list[str]) -> dict[str, TableSize]:
    """Sizes by name. Tables that grew since the last VACUUM or ANALYZE are stale in the catalogue: their files are asked."""
    unseen = {
        oid: name for name, oid, estimate, live, _, _, kind in found if kind != "p" and live > 2 * max(estimate, 0)
    }
    sizes: dict[str, int] = {}
    if unseen:
        oids = ", ".join(str(int(oid)) for oid in unseen)
        asked = optional(_FILES.format(oids=oids))
        if isinstance(asked, str):
            unknowns.append(f"size of {', '.join(list(unseen.values())[:5])}: {asked}")
        else:
            sizes = {unseen[oid]: size for oid, size in asked if size is not None}
    tables = {}
    for name, oid, estimate, live, size, readable, _kind in found:
        known = estimate > 0 and oid not in unseen
        rows = int(estimate) if known else int(live) if live or estimate == 0 else None
        tables[name] = TableSize(name, rows, sizes.get(name, int(size)) or None, readable)
    return tables


def _counted(tables: dict[str, TableSize], locked: frozenset[str], optional: Optional) -> dict[str, TableSize]:
    """Tables that the statistics do not know yet, counted as far as that is quick; those that are locked are left alone."""
    unknown = [one for one in tables.values() if one.rows is None and one.readable and one.name not in locked]
    for start in range(0, min(len(unknown), MOST_COUNTED), BATCH):
        batch = unknown[start : start + BATCH]
        parts = [
            f"SELECT {number}, count(*) FROM (SELECT FROM {_quoted(one.name)} LIMIT {COUNT_LIMIT}) counted"
            for number, one in enumerate(batch)
        ]
        found = optional(" UNION ALL ".join(parts))
        for number, count in found if not isinstance(found, str) else ():
            if count < COUNT_LIMIT:
                tables[batch[number].name] = dataclasses.replace(batch[number], rows=int(count))
    return tables


def _quoted(name: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def _sessions(activity: list[Row], locks: list[Row], prepared: list[Row]) -> tuple[Session, ...]:
    held: dict[str, list[HeldLock]] = defaultdict(list)
    advisory: dict[str, list[str]] = defaultdict(list)
    for pid, virtual, kind, mode, granted, table, key in locks:
        owner = str(pid) if pid else virtual
        if kind == "advisory":
            advisory[owner] += [key] if granted else []
        elif table:
            held[owner].append(HeldLock(table, mode, granted))
    found = []
    for pid, user, application, backend, state, age, idle, query in activity:
        own = str(pid)
        said = "autovacuum" if backend == "autovacuum worker" else state or ("unknown" if held[own] else "idle")
        found.append(
            Session(own, user, application, said, age, idle, query or "", tuple(held[own]), tuple(advisory[own]))
        )
    for name, owner, age, virtual in prepared:
        found.append(Session(name, owner, "", "prepared", age, age, "", tuple(held[virtual])))
    return tuple(
        one
        for one in found
        if one.transaction_seconds is not None or one.locks or one.advisory or one.state == "active"
    )


def as_default(schema: Schema, own: str) -> Schema:
    """The schema as if ``own`` were ``public``: the names that the role's search path leaves out."""

    def bare(name: str) -> str:
        return name.removeprefix(f"{own}.")

    tables = {}
    for name, table in schema.tables.items():
        constraints = tuple(
            dataclasses.replace(one, references=bare(one.references)) if one.references else one
            for one in table.constraints
        )
        parent = bare(table.partition_of) if table.partition_of else None
        tables[bare(name)] = dataclasses.replace(table, name=bare(name), constraints=constraints, partition_of=parent)
    return dataclasses.replace(
        schema,
        tables=tables,
        enums={bare(name): dataclasses.replace(one, name=bare(name)) for name, one in schema.enums.items()},
        domains={bare(name): dataclasses.replace(one, name=bare(name)) for name, one in schema.domains.items()},
        sequences=tuple(bare(name) for name in schema.sequences),
        routines={bare(name): body for name, body in schema.routines.items()},
    )
