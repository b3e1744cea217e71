"""What the project's own session is asked about itself after a statement, as functions that the server keeps planned.

Planning these queries takes the server several times as long as answering them (0.6 ms against 0.2 ms for the locks, some
12 ms against 1 ms for a table's catalogue entries; measured on 17). PL/pgSQL plans once in a session:
https://www.postgresql.org/docs/current/plpgsql-implementation.html. The functions stand in pg_catalog, which no
autogenerate, digest or dump looks into; where the user may not create them there, the same text is sent as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from gate.databases._catalog_postgresql import of_tables

# The database, and one row per lock on a relation of users: relation, mode, file node, name, kind, table of an index,
# has partitions or heirs, and of a table what this transaction did to it: scans, rows read, inserted, updated, deleted
# (monitoring-stats.html, pg_stat_get_xact_*). Of a relation that is gone only the lock is left.
LOCKED = """
SELECT json_build_array(current_database(), coalesce(json_agg(json_build_array(
       l.relation::bigint, l.mode, nullif(c.relfilenode, 0)::bigint,
       CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname, c.relkind::text, x.indrelid::bigint,
       c.relhassubclass, CASE WHEN c.relkind IN ('r', 'p', 'm') THEN json_build_array(
       pg_stat_get_xact_numscans(l.relation), pg_stat_get_xact_tuples_returned(l.relation),
       pg_stat_get_xact_tuples_inserted(l.relation), pg_stat_get_xact_tuples_updated(l.relation),
       pg_stat_get_xact_tuples_deleted(l.relation)) END)), '[]'))::text
FROM pg_lock_status() l LEFT JOIN pg_class c ON c.oid = l.relation LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index x ON x.indexrelid = l.relation
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND l.relation >= 16384
      AND left(n.nspname, 3) IS DISTINCT FROM 'pg_' AND coalesce(c.relkind IN ('r', 'p', 'm', 'i', 'I', 'v'), true)
"""

# Relations as everybody else sees them: what they were before a transaction that has not ended.
COMMITTED = """
SELECT c.oid::bigint, nullif(c.relfilenode, 0)::bigint,
       CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY (%s::bigint[]::oid[]) AND left(n.nspname, 3) <> 'pg_'
"""

_TABLES = "ARRAY[{oids}]::oid[]"
_PLAIN = {"locked": LOCKED, "tables": of_tables(_TABLES)}
_ARGUMENTS = {"locked": "()", "tables": "(oid[])"}
_BODIES = {"locked": LOCKED, "tables": of_tables("$1")}
# One plan for all calls, whatever the number of tables; and event triggers of the project's do not hear of us.
_GENERIC_SINCE = 12
_UNHEARD = "SET session_replication_role = replica; {}; RESET session_replication_role"


def queries(planned: bool) -> Mapping[str, str]:
    """``locked``, and ``tables`` with ``{oids}`` to be filled in: as calls of our functions, or as plain text."""
    if not planned:
        return _PLAIN
    names = _names()
    return {"locked": f"SELECT {names['locked']}()", "tables": f"SELECT {names['tables']}({_TABLES})"}


def there() -> str:
    """A query: are the functions of this text in this database (a clone has those of its template)?"""
    every = [f"to_regproc('{name}') IS NOT NULL" for name in _names().values()]
    return f"SELECT {' AND '.join(every)}"


def creation(version: int) -> str:
    """A script that makes the functions, for whatever role a revision takes; only a superuser may run it."""
    means = "SET search_path = public" + (
        " SET plan_cache_mode = force_generic_plan" if version >= _GENERIC_SINCE else ""
    )
    functions = [
        f"CREATE OR REPLACE FUNCTION {name}{_ARGUMENTS[id]} RETURNS text LANGUAGE plpgsql {means} "
        f"AS $gate$BEGIN RETURN ({_BODIES[id]}); END$gate$; GRANT EXECUTE ON FUNCTION {name}{_ARGUMENTS[id]} TO PUBLIC"
        for id, name in _names().items()
    ]
    return _UNHEARD.format("; ".join(functions))


def _names() -> dict[str, str]:
    """A new text is a new function: databases kept from an older gate may hold its functions."""
    return {
        id: f"pg_catalog.alembic_gate_{id}_{hashlib.sha256(body.encode()).hexdigest()[:12]}"
        for id, body in _BODIES.items()
    }
