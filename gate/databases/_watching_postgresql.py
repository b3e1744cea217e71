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

# Which session and transaction; below which number every transaction has ended (functions-info.html); which database.
_ENDED = "txid_snapshot_xmax(txid_current_snapshot())"
_HEAD = (
    f"concat_ws(',', pg_backend_pid() || '/' || extract(epoch FROM transaction_timestamp()), {_ENDED}, "
    "to_json(current_database()))"
)
_FULL_NAME = """to_json(CASE c.relnamespace::regnamespace::text WHEN 'public' THEN ''
       ELSE (SELECT nspname || '.' FROM pg_namespace n WHERE n.oid = c.relnamespace) END || c.relname)"""
_OF_USERS = "c.relpersistence IS DISTINCT FROM 't' AND c.relnamespace IS DISTINCT FROM 'pg_toast'::regnamespace"
_KINDS = "c.relkind IN ('r', 'p', 'm', 'i', 'I', 'v')"
# A line for each relation of users on which this session holds a lock: oid, modes, file node, kind, has partitions or
# heirs, of a table what this transaction did to it (scans, rows read, inserted, updated, deleted: monitoring-stats.html,
# pg_stat_get_xact_*), and its name; of a relation that is gone, kind and name are left out.
# Text, since JSON's functions look up the type of every argument again at each call; and no join that is not needed for
# each of them: at 120 locked relations each one costs a tenth of a millisecond (measured on 18).
_LINES = f"""string_agg(concat_ws(',', l.relation, l.modes, coalesce(c.relfilenode, 0), c.relkind,
       coalesce(c.relhassubclass, false), CASE WHEN c.relkind IN ('r', 'p', 'm') THEN concat_ws(',',
       pg_stat_get_xact_numscans(l.relation), pg_stat_get_xact_tuples_returned(l.relation),
       pg_stat_get_xact_tuples_inserted(l.relation), pg_stat_get_xact_tuples_updated(l.relation),
       pg_stat_get_xact_tuples_deleted(l.relation)) ELSE '0,0,0,0,0' END, {_FULL_NAME}), chr(10))"""
# The relations that got a lock under which their catalogue entries may change (13.3.1), and had none before ($1).
_FRESH = """coalesce(array_agg(l.relation) FILTER (WHERE l.changing AND c.oid IS NOT NULL AND l.relation <> ALL ($1)),
       ARRAY[]::oid[])"""
_LOCKED = f"""
FROM (SELECT relation, string_agg(mode, ' ') AS modes, bool_or(mode IN ('ShareUpdateExclusiveLock', 'ShareLock',
             'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')) AS changing
      FROM pg_lock_status() WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND relation >= 16384
      GROUP BY relation) l
LEFT JOIN pg_class c ON c.oid = l.relation WHERE {_OF_USERS} AND coalesce({_KINDS}, true)"""
# What these have in the catalogue: tables, those of indexes too, and as pairs which table an index belongs to.
_ABOUT = "array_agg(coalesce(x.indrelid, f.oid)), string_agg(x.indexrelid || ',' || x.indrelid, ' ')"
_OWNED = "LEFT JOIN pg_index x ON x.indexrelid = f.oid"

# Relations as everybody else sees them, what they were before a transaction that has not ended: oid, file node, table of an
# index, name.
_ROW = f"""c.oid::bigint, c.relfilenode::bigint, coalesce(x.indrelid::bigint, 0),
       {_FULL_NAME.removeprefix("to_json")}"""
_RELATIONS = f"FROM pg_class c LEFT JOIN pg_index x ON x.indexrelid = c.oid WHERE {_OF_USERS}"
COMMITTED = f"SELECT {_ROW} {_RELATIONS} AND c.oid = ANY (%s::bigint[]::oid[])"
# All of them when a run begins, and below which number every transaction has ended by then: until that moves, nothing
# was committed since.
FILES = f"""SELECT json_build_array({_ENDED}, coalesce(json_agg(json_build_array({_ROW})), '[]'))::text
{_RELATIONS} AND c.oid >= 16384 AND {_KINDS}"""

# What ``look`` answers: head and lines; then, if any changed, which table these indexes are of, the tables that were read
# and what was read. No JSON has a raw control character. ``{known}`` are relations with a changing lock from before,
# ``{named}`` tables to read anyhow.
_KNOWN, _NAMED = "ARRAY[{known}]::oid[]", "ARRAY[{named}]::oid[]"
_MORE = "concat(chr(1), owners, chr(1), array_to_string(changed, ','), chr(1), ({tables}))"
_PLAIN = {
    "look": f"""WITH held AS (SELECT {_LINES} AS lines, {_FRESH.replace("$1", _KNOWN)} || {_NAMED} AS fresh {_LOCKED}),
about (changed, owners) AS (SELECT {_ABOUT} FROM held CROSS JOIN LATERAL unnest(held.fresh) f(oid) {_OWNED})
SELECT concat_ws(chr(10), {_HEAD}, lines) || CASE cardinality(fresh) WHEN 0 THEN ''
       ELSE {_MORE.replace("{tables}", of_tables("(SELECT changed FROM about)::oid[]"))} END FROM held, about""",
    "tables": of_tables(_KNOWN),
}
_CALLS = {"look": f"({_KNOWN}, {_NAMED})", "tables": f"({_KNOWN})"}
_ARGUMENTS = {"look": "(oid[], oid[])", "tables": "(oid[])"}
_BODIES = {
    "look": f"""DECLARE lines text; fresh oid[]; changed oid[]; owners text; BEGIN
SELECT {_LINES}, {_FRESH} || $2 INTO lines, fresh {_LOCKED};
lines := concat_ws(chr(10), {_HEAD}, lines);
IF cardinality(fresh) = 0 THEN RETURN lines; END IF;
SELECT {_ABOUT} INTO changed, owners FROM unnest(fresh) f(oid) {_OWNED};
RETURN lines || {_MORE.replace("{tables}", of_tables("changed"))}; END""",
    "tables": f"BEGIN RETURN ({of_tables('$1')}); END",
}
# One plan for all calls, whatever the number of tables; and event triggers of the project's do not hear of us.
_GENERIC_SINCE = 12
_UNHEARD = "SET session_replication_role = replica; {}; RESET session_replication_role"


def queries(planned: bool) -> Mapping[str, str]:
    """``look`` and ``tables``, with ``{known}`` and ``{named}`` to be filled in: as calls of our functions, or as text."""
    if not planned:
        return _PLAIN
    return {id: f"SELECT {name}{_CALLS[id]}" for id, name in _names().items()}


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
        f"AS $gate${_BODIES[id]}$gate$; GRANT EXECUTE ON FUNCTION {name}{_ARGUMENTS[id]} TO PUBLIC"
        for id, name in _names().items()
    ]
    return _UNHEARD.format("; ".join(functions))


def _names() -> dict[str, str]:
    """A new text is a new function: databases kept from an older gate may hold its functions."""
    return {
        id: f"pg_catalog.alembic_gate_{id}_{hashlib.sha256(body.encode()).hexdigest()[:12]}"
        for id, body in _BODIES.items()
    }
