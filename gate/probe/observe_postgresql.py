"""What PostgreSQL does for one statement, read on the same connection right after it.

After each statement one query looks only at relations that this backend has locked, since whatever is scanned or
rewritten is also locked. What a relation was before the transaction is told by the gate's own session, which sees only what
is committed: what this costs does not depend on how many tables there are. Manual:
https://www.postgresql.org/docs/current/view-pg-locks.html and monitoring-stats.html (pg_stat_get_xact_*).
"""

import json
import re

NOT_TRANSACTIONAL = re.compile(
    r"^\s*(?:(?:--[^\n]*\n|/\*.*?\*/)\s*)*(?:"
    r"(?:CREATE|DROP)\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY|REINDEX\s+(?:\([^)]*\)\s*)?\w+\s+CONCURRENTLY|REINDEX\s+(?:DATABASE|SYSTEM)"
    r"|VACUUM|CREATE\s+DATABASE|DROP\s+DATABASE|ALTER\s+SYSTEM|CREATE\s+TABLESPACE|DROP\s+TABLESPACE|CREATE\s+SUBSCRIPTION"
    r"|ALTER\s+TABLE\s+.*DETACH\s+PARTITION\s+.*CONCURRENTLY|BEGIN|START\s|COMMIT|ROLLBACK|END\b|ABORT|SAVEPOINT|RELEASE|SET\s|RESET\s|SHOW\s"
    r"|CALL\s|DISCARD|LISTEN|DO\b.*\bCOMMIT\b)",
    re.IGNORECASE | re.DOTALL,
)

# On what is locked already this one is no news: reading the catalogue after a statement takes it.
READING = {"AccessShareLock"}
# The one statement that has to be the first of its transaction (manual, SET TRANSACTION).
FIRST = re.compile(r"^\s*SET\s+(?:SESSION\s+|LOCAL\s+)?TRANSACTION\b", re.IGNORECASE)
BACK_TO = re.compile(r"^\s*ROLLBACK\s+(?:WORK\s+|TRANSACTION\s+)?TO\b", re.IGNORECASE)
# A statement that changes a relation's catalogue entries holds at least one of these on it (manual, 13.3.1).
CHANGING = {"ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}
TRANSACTION = "SELECT pg_backend_pid() || '/' || extract(epoch FROM transaction_timestamp())::text"


class State(object):
    """What is known of one session's transaction."""

    def __init__(self, transaction):
        self.transaction = transaction
        self.asked = set()
        self.lost = set()
        self.nodes = {}
        self.locks = {}
        self.names = {}
        self.counts = {}


class Observer(object):
    """Keeps what was seen of each session's transaction between statements."""

    def __init__(self, committed):
        self._committed = committed
        self.queries = {}
        self._states = {}
        self._state = State(None)
        self._notices = 0
        self._wrapped = False
        self._known = False
        self._listening = None
        self._heard = []

    def _enter(self, connection, anew=False):
        """The state of this session's transaction; a new one when that has begun since, or ``anew``."""
        transaction = _run(connection, TRANSACTION)[0][0]
        session = transaction.partition("/")[0]
        state = self._states.get(session)
        if anew or state is None or state.transaction != transaction:
            state = self._states[session] = State(transaction)
        self._state = state

    def before(self, connection, cursor, statement, parameters, many):
        """Notice a new transaction; open one around a statement that would run on its own."""
        self._wrapped = False
        alone = _autocommit(connection)
        self._known = NOT_TRANSACTIONAL.match(statement) is not None
        self._listen(connection)
        if (alone and self._known) or FIRST.match(statement) or BACK_TO.match(statement):
            # Outside of any transaction; before the one no query may come; an aborted transaction answers none.
            self._state = State(None)
        else:
            if alone:
                _run(connection, "BEGIN")
                self._wrapped = True
            self._enter(connection)

    def after(self, connection, cursor, statement, parameters, many):
        """New locks, locks held before, rewrites, scans and rows of this one statement."""
        if BACK_TO.match(statement):
            # Locks and file nodes are what they were at the savepoint: the next statement starts from them.
            self._enter(connection, anew=True)
            self._look(connection)
        if self._known:
            return {"known": True, "notices": self._said(connection), "transaction": self._state.transaction}
        seen = self._look(connection)
        seen["notices"] = self._said(connection)
        seen["transaction"] = self._state.transaction
        return seen

    def finish(self, connection):
        """Commit what was opened around the statement, as autocommit would have; it may be refused only now."""
        if self._wrapped:
            self._wrapped = False
            _run(connection, "COMMIT")

    def failed(self, connection):
        """Roll back what was opened around a statement that failed."""
        if self._wrapped:
            self._wrapped = False
            _run(connection, "ROLLBACK")
        return {
            "transaction": self._state.transaction,
            "notices": self._said(connection) if connection is not None else [],
        }

    def _look(self, connection):
        """What changed since the last look."""
        database, rows = json.loads(_run(connection, self.queries["locked"])[0][0])
        seen = {
            "locks": [],
            "held": [],
            "rewrites": [],
            "indexes_built": [],
            "touched": [],
            "born": [],
            "gone": [],
            "changing": [],
        }
        relations = self._relations(rows)
        self._look_back(database, {one for oid, row in relations.items() for one in (oid, row[3]) if one})
        for oid in sorted(relations):
            if oid in self._state.names:  # else made and dropped within the statement, as a rewrite makes a copy
                self._one(seen, oid, *relations[oid])
        return seen

    def _one(self, seen, oid, modes, node, kind, table, heirs, counts):
        """What is new of one relation that this transaction has locked."""
        name, before = self._state.names[oid], self._state.locks.get(oid, set())
        owner = self._state.names.get(table, name)
        new = modes - before - (READING if before else set())
        seen["locks"] += [[name, mode, owner] for mode in sorted(new)]
        seen["held"] += [[name, mode, owner] for mode in sorted(before)]
        self._state.locks[oid] = modes
        if kind is None:
            self._lose(seen, oid, name)
        elif modes & CHANGING:
            seen["changing"].append([table or oid, owner, bool(new), bool(heirs)])
        self._file(seen, oid, node, name, kind)
        if counts:
            self._rows(seen, oid, name, tuple(counts))

    def _lose(self, seen, oid, name):
        """Told once: the lock stays to the end, and by then another relation may have the name."""
        if oid not in self._state.lost:
            self._state.lost.add(oid)
            seen["gone"].append(name)

    def _look_back(self, database, oids):
        """File node and name of relations met for the first time, as they were before this transaction."""
        first, self._state.asked = sorted(oids - self._state.asked), self._state.asked | oids
        for oid, node, name in self._committed(database, first) if first else ():
            self._state.nodes[oid] = node
            self._state.names.setdefault(oid, name)

    def _relations(self, rows):
        """Modes, file node, kind, the table of an index, and counts by relation; names are brought up to date."""
        found = {}
        for oid, mode, node, name, *more in rows:
            if name:
                self._state.names[oid] = name
            found.setdefault(oid, (set(), node, *more))[0].add(mode)
        return found

    def _file(self, seen, oid, node, name, kind):
        """A new file node of a known relation is a rewrite; an unknown relation was born in this transaction."""
        if kind in ("v", None):
            return
        if oid not in self._state.nodes:
            seen["born"].append(name)
            if kind in ("i", "I"):
                seen["indexes_built"].append(name)
        elif node != self._state.nodes[oid]:
            (seen["indexes_built"] if kind in ("i", "I") else seen["rewrites"]).append(name)
        self._state.nodes[oid] = node

    def _rows(self, seen, oid, name, counts):
        before = self._state.counts.get(oid, (0, 0, 0, 0, 0))
        if counts == before:
            return
        self._state.counts[oid] = counts
        delta = [max(now - old, 0) for now, old in zip(counts, before)]
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
