"""What PostgreSQL does for one statement, read on the same connection right after it.

After each statement one query looks only at relations that this backend has locked, since whatever is scanned or
rewritten is also locked. A relation that has the file it had when the deploy began was not rewritten. Once some transaction
has ended since, the gate's own session, which sees only what is committed, tells of every other one what it was before. What
this costs does not depend on how many tables there are. Manual:
https://www.postgresql.org/docs/current/view-pg-locks.html and monitoring-stats.html (pg_stat_get_xact_*).

Of what a transaction holds from before, only the first statement tells all of it; the others tell what is new.
"""

import collections
import json
import re

from alembic_gate_probe import drivers, statements

# On what is locked already this one is no news: reading the catalogue after a statement takes it.
READING = {"AccessShareLock"}
ROWS = re.compile(r"(?:INSERT|UPDATE|DELETE|SELECT|WITH)\b", re.IGNORECASE)
PARTITIONED = "SELECT relkind IN ('p', 'I') FROM pg_class WHERE oid = to_regclass('%s')"
VERSION = "SELECT current_setting('server_version_num')::int / 10000"
WORD = re.compile(r"\w+")
# A statement that changes a relation's catalogue entries holds at least one of these on it (manual, 13.3.1).
CHANGING = {"ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}
TRANSACTION = "SELECT pg_backend_pid() || '/' || extract(epoch FROM transaction_timestamp())"
# Where the relations stand in a question.
LIST = re.compile(r"ARRAY\[\{(known|named)\}\]")
PARAMETERS = {"known": "$1", "named": "$2"}
SEEN = ("locks", "held", "rewrites", "indexes_built", "touched", "born", "gone", "changing")
# One line of the answer: a relation on which this session holds locks. ``kind`` is empty when it is gone.
Relation = collections.namedtuple("Relation", "oid modes node kind heirs counts name")
# What a relation was when the run began: file node, table of an index (else 0), name.
File = collections.namedtuple("File", "node table name")


class State(object):
    """What is known of one session's transaction."""

    def __init__(self, transaction):
        self.transaction = transaction
        self.told = False
        self.lines = {}
        self.asked = set()
        self.lost = set()
        self.nodes = {}
        self.locks = {}
        self.names = {}
        self.tables = {}
        self.counts = {}


class Observer(object):
    """Keeps what was seen of each session's transaction between statements."""

    def __init__(self, committed):
        self._committed = committed
        self.queries = {}
        self.files = {}  # of one database: what each relation was when the run began
        self._watched = None
        self._ended = 0
        self._states = {}
        self._latest = {}
        self._state = State(None)
        self._notices = 0
        self._wrapped = False
        self._known = self._alone = False
        self._text = statements.Text("")
        self._listening = None
        self._heard = []
        self._mark = ""  # grows when the project drops prepared statements, so that our texts are new ones afterwards

    def told(self, watching):
        """What to ask, and what one database's relations are now."""
        self.queries, self._watched = watching.get("queries", {}), watching.get("database")
        self._ended, files = json.loads(watching.get("files", "[0, []]"))
        self.files = {oid: File(*rest) for oid, *rest in files}

    def _enter(self, connection, transaction, anew=False):
        """The state of this session's transaction; a new one when that has begun since, or ``anew``."""
        session = transaction.partition("/")[0]
        state = self._states.get(session)
        if anew or state is None or state.transaction != transaction:
            state = self._states[session] = State(transaction)
        self._state = self._latest[id(drivers.raw(connection))] = state

    def before(self, connection, cursor, statement, parameters, many):
        """Open a transaction around a statement that would run on its own. Asks nothing of the server."""
        raw = drivers.raw(connection)
        idle = drivers.is_idle(raw)
        self._alone = drivers.autocommit(connection) or (idle and drivers.thinks_it_began(connection, raw))
        self._text = statements.Text(statement)
        self._mark += " " if self._text.forgets else ""
        self._known = self._text.is_quiet or self._text.ends or (self._alone and self._stands_outside(connection))
        self._listen(connection)
        self._wrapped = False
        self._state = State(None) if idle or self._alone else self._latest.get(id(raw), State(None))
        if self._alone and not self._known:
            drivers.run(connection, "BEGIN")
            self._wrapped = True

    def _stands_outside(self, connection):
        """Asked on the project's own session, which stands outside of a transaction."""

        def is_partitioned(name):
            return any(row[0] for row in drivers.run(connection, PARTITIONED % name.replace("'", "''")))

        return self._text.stands_outside(is_partitioned, lambda: drivers.run(connection, VERSION)[0][0])

    def after(self, connection, cursor, statement, parameters, many):
        """New locks, locks held before, rewrites, scans and rows of this one statement."""
        seen = self._pass(connection, statement) if self._known else self._look(connection, statement)
        seen["notices"] = self._said(connection)
        seen["transaction"] = self._state.transaction
        return seen

    def _pass(self, connection, statement):
        """A statement that is known to do nothing to a table, or that cannot be watched from inside."""
        if self._text.goes_back:
            # Locks and file nodes are what they were at the savepoint: the next statement starts from them.
            self._look(connection, anew=True)
            self._state.told = False
        elif not self._alone and not self._text.is_unasked:
            self._enter(connection, drivers.run(connection, TRANSACTION + self._mark)[0][0])
        return dict(self._rewritten() if self._text.ends and len(self._text.parts) > 1 else {}, known=True)

    def _rewritten(self):
        """By a text that ended its transaction by itself: its locks are gone, but each relation's file tells."""
        known = {}
        for state in self._states.values():
            known.update(state.nodes)
        now = {oid: File(*rest) for oid, *rest in self._committed(self._watched, sorted(self.files)) or ()}
        new = [file for oid, file in now.items() if file.node != known.get(oid, self.files[oid].node)]
        self.files.update(now)
        return {
            "rewrites": [file.name for file in new if not file.table],
            "indexes_built": [file.name for file in new if file.table],
        }

    def finish(self, connection):
        """Commit what was opened around the statement, as autocommit would have; it may be refused only now."""
        if self._wrapped:
            self._wrapped = False
            drivers.run(connection, "COMMIT")

    def failed(self, connection):
        """Roll back what was opened around a statement that failed."""
        if self._wrapped:
            self._wrapped = False
            drivers.run(connection, "ROLLBACK")
        return {
            "transaction": self._state.transaction,
            "notices": self._said(connection) if connection is not None else [],
        }

    def _ask(self, connection, statement):
        """Locks, and the catalogue entries of tables that the statement has likely changed, in one question."""
        state, words = self._state, set(WORD.findall(statement))
        known = [oid for oid, modes in state.locks.items() if modes & CHANGING]
        rows = all(ROWS.match(one.code) for one in self._text.parts)
        held = () if rows else (oid for oid in known if oid in state.names and oid not in state.lost)
        named = [oid for oid in held if _bare(state.names[oid]) in words]
        query = self.queries["look"] + self._mark
        held, *read = drivers.run(connection, *_filled(connection, query, known, named))[0][0].split("\1")
        if not read:
            return held, {}, {}
        owners = (pair.split(",") for pair in read[0].split())
        told = {"read": [int(oid) for oid in read[1].split(",")], "tables": read[2]}
        return held, {int(index): int(table) for index, table in owners}, told

    def _look(self, connection, statement="", anew=False):
        """What changed since the last look."""
        held, owners, read = self._ask(connection, statement)
        head, *lines = held.split("\n")
        transaction, ended, database = head.split(",", 2)
        self._enter(connection, transaction, anew)
        before, state = self._state.lines, self._state
        state.lines = {line: before.get(line) or _relation(line) for line in lines}
        new = [one for line, one in state.lines.items() if line not in before]
        whole = self._is_whole(new)
        state.tables.update(owners)
        state.names.update({one.oid: one.name for one in new if one.name})
        self._look_back(json.loads(database), int(ended), new)
        seen = dict({name: [] for name in SEEN}, whole=whole, **read)
        for line in sorted(lines if whole else state.lines.keys() - before.keys(), key=_oid):
            (self._again if line in before else self._one)(seen, state.lines[line])
        state.told = True
        return seen

    def _is_whole(self, new):
        """Is everything to be told that is held, since it cannot be inferred from what was told before?"""
        state = self._state
        told, state.told = state.told, False  # until this look has come to its end
        changed = any(one.oid in state.locks and one.name != state.names.get(one.oid) for one in new)
        return not told or changed or len(state.locks.keys() | {one.oid for one in new}) != len(state.lines)

    def _again(self, seen, relation):
        """Nothing is new of this one: its locks are held."""
        if relation.oid not in self._state.names:
            return
        name, owner = self._state.names[relation.oid], self._owner(relation.oid)
        seen["held"] += [[name, mode, owner] for mode in sorted(relation.modes)]
        self._may_change(seen, relation, owner, False)

    def _owner(self, oid):
        """The name of an index's table, else the relation's own."""
        names = self._state.names
        return names.get(self._table(oid), names[oid])

    def _table(self, oid):
        """The table of an index; 0 of anything else."""
        return self._state.tables.get(oid, 0)

    def _may_change(self, seen, relation, owner, fresh):
        if relation.kind and relation.modes & CHANGING:
            seen["changing"].append([self._table(relation.oid) or relation.oid, owner, fresh, relation.heirs])

    def _one(self, seen, relation):
        """What is new of one relation that this transaction has locked."""
        oid, state = relation.oid, self._state
        before, state.locks[oid] = state.locks.get(oid, frozenset()), relation.modes
        if oid not in state.names:
            return  # made and dropped within the statement, as a rewrite makes a copy
        name, owner = state.names[oid], self._owner(oid)
        new = relation.modes - before - (READING if before else set())
        seen["locks"] += [[name, mode, owner] for mode in sorted(new)]
        if seen["whole"]:
            seen["held"] += [[name, mode, owner] for mode in sorted(before)]
        if not relation.kind:
            self._lose(seen, oid, name)
        self._may_change(seen, relation, owner, bool(new))
        self._file(seen, relation)
        if any(relation.counts):
            self._rows(seen, oid, name, relation.counts)

    def _lose(self, seen, oid, name):
        """Told once: the lock stays to the end, and by then another relation may have the name."""
        if oid not in self._state.lost:
            self._state.lost.add(oid)
            seen["gone"].append(name)

    def _look_back(self, database, ended, relations):
        """File node and name of relations met for the first time, as they were before this transaction."""
        state = self._state
        first = {one.oid: one for one in relations if one.oid not in state.asked}
        self._meet(database, ended, first)
        # The table of an index need not be locked itself.
        owners = {self._table(oid) for oid in first} - state.names.keys() - state.asked - {0}
        self._meet(database, ended, dict.fromkeys(owners))

    def _meet(self, database, ended, relations):
        """From what was told when the run began, as far as that still holds; the rest is asked for."""
        state, files = self._state, self.files if database == self._watched else {}
        holds = bool(files) and ended == self._ended
        found = {
            oid: files[oid] for oid, one in relations.items() if oid in files and (holds or _same(one, files[oid]))
        }
        ask = [] if holds else sorted(relations.keys() - found.keys())
        found.update((oid, File(*rest)) for oid, *rest in (self._committed(database, ask) if ask else ()))
        state.asked.update(relations)
        for oid, file in found.items():
            state.nodes[oid] = file.node
            state.tables.setdefault(oid, file.table)
            state.names.setdefault(oid, file.name)

    def _file(self, seen, relation):
        """A new file node of a known relation is a rewrite; an unknown relation was born in this transaction."""
        oid, nodes, is_index = relation.oid, self._state.nodes, relation.kind in ("i", "I")
        if relation.kind in ("v", ""):
            return
        if oid not in nodes:
            seen["born"].append(relation.name)
            if is_index:
                seen["indexes_built"].append(relation.name)
        elif relation.node != nodes[oid]:
            seen["indexes_built" if is_index else "rewrites"].append(relation.name)
        nodes[oid] = relation.node

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
        raw = drivers.raw(connection)
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
        raw = drivers.raw(connection)
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


def _filled(connection, query, known, named):
    """The question about these relations, and its parameters where a new text costs another round trip."""
    if drivers.prepares(connection):
        return LIST.sub(lambda which: PARAMETERS[which.group(1)], query), (known, named)
    return query.replace("{known}", _listed(known)).replace("{named}", _listed(named)), ()


def _listed(oids):
    return ", ".join(map(str, oids))


def _bare(name):
    return name.rpartition(".")[2]


def _oid(line):
    return int(line.partition(",")[0])


def _same(relation, file):
    """Is this relation there, in the file that it had?"""
    return relation is not None and bool(relation.kind) and relation.node == file.node


def _relation(line):
    """One line of the answer; of a relation that is gone, kind and name are left out."""
    oid, modes, node, *rest = line.split(",", 10)
    kind, heirs, *counts, name = rest if len(rest) > 7 else ("", "f", "null")
    return Relation(
        oid=int(oid),
        modes=frozenset(modes.split(" ")),
        node=int(node),
        kind=kind,
        heirs=heirs == "t",
        counts=tuple(map(int, counts)),
        name=json.loads(name),
    )
