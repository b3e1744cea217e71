"""Where project code hangs: its line from the process, its statement and whoever holds it from the server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gate.databases.base import ScratchDatabase
from gate.errors import GateError
from gate.facts.database_choice import family
from gate.facts.history import History

_LONGEST = 300  # characters of a statement that a sentence quotes
_RUNNING = {
    "postgresql": "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND state = 'active' AND backend_type = 'client backend' ORDER BY query_start LIMIT 1",
    "mysql": "SELECT info FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    " AND info IS NOT NULL ORDER BY time DESC LIMIT 1",
}
# The server's own deadlock search sees no deadlock here: the holder waits in Python, not for a lock. Both connections
# are the migration's, since nobody else knows this database; a holder at work may still come to its end.
_ITSELF = """
SELECT DISTINCT waiting.pid, wanted.mode, coalesce(wanted.relation::regclass::text, wanted.locktype)
FROM pg_stat_activity waiting
JOIN pg_locks wanted ON wanted.pid = waiting.pid AND NOT wanted.granted
JOIN pg_stat_activity holder ON holder.pid = ANY (pg_blocking_pids(waiting.pid))
WHERE waiting.datname = current_database() AND holder.datname = current_database()
  AND holder.state LIKE 'idle in transaction%' AND holder.state_change < clock_timestamp() - interval '3 seconds'
  AND waiting.state_change < clock_timestamp() - interval '3 seconds'
"""
CANCELLED = "57014"  # SQLSTATE query_canceled


def place(revision: str | None, frames: Iterable[tuple[str, int]], history: History, sources: Mapping[str, str]) -> str:
    """``revision c1 at versions/c1.py:14: time.sleep(600)``, as far as it is known; ``frames`` are innermost first."""
    paths = {one.path: one.id for one in history.revisions}
    for file, line in frames:
        path = next((one for one in paths if file.endswith("/" + one)), None)
        if path is not None:
            lines = sources.get(path, "").splitlines()
            text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
            return f"revision {paths[path]} at {path}:{line}" + (f", {_short(text)}" if text else "")
    known = history.by_id.get(revision or "")
    return f"revision {known.id} ({known.path})" if known else ""


def running(database: ScratchDatabase) -> str:
    """The statement that the server is busy with; empty when it is none, or when the server does not say."""
    kind = database.server.dialect
    query = _RUNNING.get(family(kind))
    try:
        rows = database.execute(query) if query else []
    except GateError:
        return ""
    return _short(" ".join(str(rows[0][0]).split())) if rows else ""


def end_self_deadlock(database: ScratchDatabase) -> str | None:
    """Cancel a statement that waits for a lock of the migration's own other connection, and say which lock."""
    if database.server.dialect != "postgresql":
        return None
    try:
        rows = database.execute(_ITSELF)
        for row in rows[:1]:
            database.execute(f"SELECT pg_cancel_backend({int(row[0])})")
            return f"{row[1]} on {row[2]}"
    except GateError:
        return None  # the server is busy or gone; the step's own deadline holds
    return None


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
