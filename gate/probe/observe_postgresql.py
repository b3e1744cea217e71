"""What PostgreSQL does for one statement, read on the same connection right after it.

One query before the first statement of a transaction takes the file nodes of all relations; after each statement a small
query looks only at relations that this backend has locked, since whatever is scanned or rewritten is also locked. Manual:
https://www.postgresql.org/docs/current/view-pg-locks.html and monitoring-stats.html (pg_stat_get_xact_*).
"""

import re

NOT_TRANSACTIONAL = re.compile(
    r"^\s*(?:(?:--[^\n]*\n|/\*.*?\*/)\s*)*(?:"
    r"(?:CREATE|DROP)\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY|REINDEX\s+(?:\([^)]*\)\s*)?\w+\s+CONCURRENTLY|REINDEX\s+(?:DATABASE|SYSTEM)"
    r"|VACUUM|CREATE\s+DATABASE|DROP\s+DATABASE|ALTER\s+SYSTEM|CREATE\s+TABLESPACE|DROP\s+TABLESPACE|CREATE\s+SUBSCRIPTION"
    r"|ALTER\s+TABLE\s+.*DETACH\s+PARTITION\s+.*CONCURRENTLY|BEGIN|START\s|COMMIT|ROLLBACK|END\b|ABORT|SAVEPOINT|RELEASE|SET\s|RESET\s|SHOW\s"
    r"|CALL\s|DISCARD|LISTEN|DO\b.*\bCOMMIT\b)",
    re.IGNORECASE | re.DOTALL,
)

# One value, since a driver takes far longer for thousands of rows: relations parted by chr(2), their fields by chr(1).
PICTURE = """
SELECT string_agg(c.oid || chr(1) || coalesce(nullif(c.relfilenode, 0)::text, '') || chr(1) ||
                  CASE n.nspname WHEN 'public' THEN '' ELSE translate(n.nspname, chr(2), '?') || '.' END ||
                  translate(c.relname, chr(2), '?'), chr(2))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I', 'v') AND c.oid >= 16384 AND left(n.nspname, 3) <> 'pg_'
"""

# One row per lock. The lock function itself and few joins: the server plans this anew each time, which is most of its cost.
LOCKED = """
SELECT l.relation::bigint, l.mode, pg_relation_filenode(l.relation)::bigint,
       CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname, c.relkind::text, x.indrelid::bigint,
       pg_stat_get_xact_numscans(l.relation), pg_stat_get_xact_tuples_returned(l.relation),
       pg_stat_get_xact_tuples_inserted(l.relation), pg_stat_get_xact_tuples_updated(l.relation),
       pg_stat_get_xact_tuples_deleted(l.relation)
FROM pg_lock_status() l LEFT JOIN pg_class c ON c.oid = l.relation LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index x ON x.indexrelid = l.relation
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND l.relation >= 16384
"""
# A statement that changes a relation's catalogue entries holds at least one of these on it (manual, 13.3.1).
CHANGING = {"ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}
TRANSACTION = "SELECT pg_backend_pid() || '/' || extract(epoch FROM transaction_timestamp())::text"


class Observer(object):
    """Keeps the picture of one connection's transaction between statements."""

    def __init__(self):
        self._transaction = None
        self._nodes = {}
        self._locks = {}
        self._names = {}
        self._counts = {}
        self._notices = 0
        self._wrapped = False
        self._known = False
        self._listening = None
        self._heard = []

    def before(self, connection, cursor, statement, parameters, many):
        """Take the picture if a new transaction begins; open one around a statement that would run on its own."""
        self._wrapped = self._known = False
        alone = _autocommit(connection)
        if alone and NOT_TRANSACTIONAL.match(statement):
            self._known = True
            self._listen(connection)
            self._transaction = None
            return
        if alone:
            _run(connection, "BEGIN")
            self._wrapped = True
        elif NOT_TRANSACTIONAL.match(statement):
            self._known = True
        self._listen(connection)
        now = _run(connection, TRANSACTION)[0][0]
        if now != self._transaction:
            self._transaction, self._locks, self._counts = now, {}, {}
            self._look(_run(connection, PICTURE)[0][0] or "")
        return

    def _look(self, picture):
        """File node (None where a relation has no file) and name of every relation."""
        relations = [one.split(chr(1), 2) for one in picture.split(chr(2)) if one]
        self._nodes = {int(oid): int(node) if node else None for oid, node, _ in relations}
        self._names = {int(oid): name for oid, _, name in relations}

    def after(self, connection, cursor, statement, parameters, many):
        """New locks, locks held before, rewrites, scans and rows of this one statement."""
        if self._known:
            return {"known": True, "notices": self._said(connection), "transaction": self._transaction}
        seen = self._compare(_run(connection, LOCKED))
        seen["notices"] = self._said(connection)
        seen["transaction"] = self._transaction
        if self._wrapped:  # the outcome is what autocommit would have given
            _run(connection, "COMMIT")
            self._wrapped = False
            self._transaction = None
        return seen

    def failed(self, connection):
        """Roll back what was opened around a statement that failed."""
        if self._wrapped:
            _run(connection, "ROLLBACK")
            self._wrapped = False
        transaction, self._transaction = self._transaction, None
        return {"transaction": transaction, "notices": self._said(connection) if connection is not None else []}

    def _compare(self, rows):
        seen = {
            "locks": [],
            "held": [],
            "rewrites": [],
            "indexes_built": [],
            "touched": [],
            "born": [],
            "gone": [],
            "oids": [],
        }
        relations = self._relations(rows)
        for oid, (held, node, kind, table, counts) in relations.items():
            name = self._names[oid]
            before = self._locks.get(oid, set())
            lock = {"relation": name, "table": self._names.get(table, name), "index": kind in ("i", "I")}
            seen["locks"] += [dict(lock, mode=mode) for mode in sorted(held - before)]
            seen["held"] += [dict(lock, mode=mode) for mode in sorted(before)]
            if kind is None:
                seen["gone"].append(name)
            elif held & CHANGING:
                seen["oids"].append(oid)
            self._locks[oid] = held
            self._file(seen, oid, node, name, kind)
            self._rows(seen, oid, name, kind, counts)
        return seen

    def _relations(self, rows):
        """Modes, file node, kind, the table of an index, and counts by relation; names are brought up to date."""
        found = {}
        for oid, mode, node, name, kind, table, *counts in sorted(rows, key=lambda row: row[:2]):
            self._names[oid] = name or self._names.get(oid) or str(oid)
            if kind in ("r", "p", "m", "i", "I", "v", None):
                found.setdefault(oid, (set(), node, kind, table, counts))[0].add(mode)
        return found

    def _file(self, seen, oid, node, name, kind):
        """A new file node of a known relation is a rewrite; an unknown relation was born in this transaction."""
        if kind in ("v", None):
            return
        if oid not in self._nodes:
            seen["born"].append(name)
            if kind in ("i", "I"):
                seen["indexes_built"].append(name)
        elif node != self._nodes[oid]:
            (seen["indexes_built"] if kind in ("i", "I") else seen["rewrites"]).append(name)
        self._nodes[oid] = node

    def _rows(self, seen, oid, name, kind, counts):
        if kind not in ("r", "m", "p"):
            return
        counts = tuple(int(one or 0) for one in counts)
        before = self._counts.get(oid, (0, 0, 0, 0, 0))
        delta = [max(now - old, 0) for now, old in zip(counts, before)]
        self._counts[oid] = counts
        if any(delta):
            names = ("scans", "rows_read", "inserted", "updated", "deleted")
            seen["touched"].append(dict(zip(names, delta), table=name))

    def _listen(self, connection):
        """psycopg 3 and asyncpg hand notices to listeners; psycopg2 and pg8000 keep them."""
        raw = _raw(connection)
        if self._listening is raw:
            return
        self._listening, self._notices = raw, len(getattr(raw, "notices", ()) or ())
        for name in ("add_notice_handler", "add_log_listener"):
            add = getattr(raw, name, None)
            if callable(add):
                add(
                    (lambda notice: self._heard.append(notice.message_primary or ""))
                    if name == "add_notice_handler"
                    else (lambda _, notice: self._heard.append(str(notice)))
                )
                return

    def _said(self, connection):
        raw = _raw(connection)
        kept = list(getattr(raw, "notices", ()) or ()) if not callable(getattr(raw, "notices", None)) else []
        said = [_text(one) for one in kept[self._notices :]] + [one for one in self._heard]
        self._notices, self._heard = len(kept), []
        if kept:
            try:
                raw.notices.clear()
                self._notices = 0
            except (AttributeError, TypeError):
                pass
        return [one for one in said if one][:200]


def _text(notice):
    if isinstance(notice, dict):
        notice = notice.get(b"M") or notice.get("M") or b""
    if isinstance(notice, bytes):
        notice = notice.decode("utf-8", "replace")
    return re.sub(r"^\w+:\s+", "", str(notice)).strip()


def _raw(connection):
    """The driver's own connection below SQLAlchemy's adapters."""
    raw = getattr(connection, "driver_connection", None)
    if raw is None:
        raw = getattr(connection, "dbapi_connection", None) or getattr(connection, "connection", connection)
    return raw


def _autocommit(connection):
    adapted = getattr(connection, "dbapi_connection", None) or getattr(connection, "connection", None)
    value = getattr(adapted, "autocommit", None)
    if value is True:
        return True
    level = getattr(adapted, "isolation_level", None)
    return isinstance(level, str) and level.lower() == "autocommit"


def _run(connection, sql):
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
    finally:
        cursor.close()
