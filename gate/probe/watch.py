"""Sees every statement that the project's engines run, and tells which line of which revision issued it."""

import os
import re
import sys
import time

MOST_TEXT = 200000  # characters of one statement that are sent on


# No downgrade takes a label away, so it is there when the same upgrade runs once more
# (https://www.postgresql.org/docs/current/sql-altertype.html).
_LABEL = re.compile(r'^(\s*ALTER\s+TYPE\s+(?:[^\s"]*"[^"]*"|\S+)\s+ADD\s+VALUE\s+)(?!IF\s)', re.IGNORECASE)


class Watch:
    """Listens on all engines; while a revision runs, each statement is observed and reported."""

    def __init__(self, channel, observers):
        self._channel = channel
        self._observers = observers
        self.revision = None
        self.path = None
        self.on = False
        self.reading = False
        self.again = False
        self.raw = None
        self.number = 0
        self.sent = 0
        self._skip = False
        self._paths = {}

    def install(self):
        """Class-level listeners catch the engines that env.py and revisions make later (second connections too)."""
        import sqlalchemy.engine
        from sqlalchemy import event

        event.listen(sqlalchemy.engine.Engine, "before_cursor_execute", self._before, retval=True)
        event.listen(sqlalchemy.engine.Engine, "after_cursor_execute", self._after)
        event.listen(sqlalchemy.engine.Engine, "handle_error", self._failed)
        for end in ("commit", "rollback"):
            event.listen(sqlalchemy.engine.Engine, end, self._ends)

    def begin(self, revision, path):
        """A revision's upgrade or downgrade starts."""
        self.revision, self.path = revision, os.path.realpath(path) if path else None
        self._channel.write({"event": "revision", "revision": revision})

    def end(self):
        """It ended."""
        self.settle()
        self.revision = self.path = None

    def settle(self):
        """The other side has looked at the catalogue as the last statement left it; from here on it may change."""
        self._channel.settle()

    def _ends(self, conn):
        if not self._skip:
            self.settle()

    def _before(self, conn, cursor, statement, parameters, context, executemany):
        if self.again:
            statement = _LABEL.sub(r"\1IF NOT EXISTS ", statement)
        if not self.on or self._skip:
            return statement, parameters
        self.settle()
        self.raw = conn.connection
        observer = None if self.reading else self._observers.get(conn.dialect.name)
        record = {"started": time.perf_counter(), "line": self._line(), "sql": statement[:MOST_TEXT]}
        context._alembic_gate = record
        if observer is not None and self.revision is not None:
            replaced = self._quietly(observer.before, conn.connection, cursor, statement, parameters, executemany)
            record["observer"] = observer
            if isinstance(replaced, str):
                return replaced, parameters if replaced == statement else ()
        return statement, parameters

    def _after(self, conn, cursor, statement, parameters, context, executemany):
        record = getattr(context, "_alembic_gate", None)
        if record is None:
            return
        observer, seen = record.get("observer"), {}
        if observer is not None:
            seen = self._quietly(observer.after, conn.connection, cursor, statement, parameters, executemany) or {}
            self.finish(observer, conn.connection)
        context._alembic_gate = None
        record["sets"] = len(parameters) if executemany else 1
        self._report(conn, record, seen, _count(cursor), bool(parameters))

    def finish(self, observer, connection):
        """End what the observer opened around a statement; what that raises is the project's, as autocommit gives it."""
        if hasattr(observer, "finish"):
            self._skip = True
            try:
                observer.finish(connection)
            finally:
                self._skip = False

    def _failed(self, error):
        context = error.execution_context
        record = getattr(context, "_alembic_gate", None) if context is not None else None
        if record is None:
            return
        context._alembic_gate = None
        observer = record.get("observer")
        seen = {}
        if observer is not None and hasattr(observer, "failed"):
            seen = self._quietly(observer.failed, error.connection.connection if error.connection else None) or {}
        self._report(error.connection, record, seen, None, False, describe(error.original_exception))

    def _report(self, conn, record, seen, count, with_parameters, error=None):
        """One statement as an event. In a revision the other side may look at the catalogue before the next one."""
        self.number += 1
        event = {"event": "statement", "revision": self.revision, "line": record["line"], "sql": record["sql"],
                 "seconds": time.perf_counter() - record["started"], "row_count": count, "observed": seen,
                 "with_parameters": with_parameters, "sets": record.get("sets", 1), "autocommit": autocommit(conn) if conn is not None else False,
                 "error": error, "refused": record.get("refused"),
                 "dialect": conn.dialect.name if conn is not None else None, "database": database(conn)}  # fmt: skip
        if self.revision is None or error is not None:
            self._channel.write(event)
            return
        event["wait"] = True
        self._channel.post(event, self.query)

    def query(self, sql):
        """Rows of a catalogue query on the project's own connection, which alone sees uncommitted objects."""
        skip, self._skip = self._skip, True
        try:
            cursor = self.raw.cursor()
            try:
                cursor.execute(sql)
                return [list(row) for row in cursor.fetchall()]
            finally:
                cursor.close()
        except Exception as error:
            return {"error": str(error)}
        finally:
            self._skip = skip

    def _quietly(self, function, *arguments):
        """Observation must never break what it observes; its own queries are not observed."""
        self._skip = True
        try:
            return function(*arguments)
        except Exception as error:
            return {"observer_error": "%s: %s" % (type(error).__name__, error)}
        finally:
            self._skip = False

    def _line(self):
        """The line of the revision file that is running now: the innermost frame of that file."""
        frame = sys._getframe(2)
        while frame is not None and self.path is not None:
            if self._real(frame.f_code.co_filename) == self.path:
                return frame.f_lineno
            frame = frame.f_back
        return None

    def _real(self, name):
        """Each file's real path is looked up once: a stack has some forty frames."""
        if name not in self._paths:
            self._paths[name] = os.path.realpath(name)
        return self._paths[name]


def autocommit(conn):
    """Does the driver's connection commit each statement by itself (autocommit_block, isolation level)?"""
    raw = getattr(conn.connection, "dbapi_connection", None) or getattr(conn.connection, "connection", None)
    for name in ("autocommit", "isolation_level"):
        value = getattr(raw, name, None)
        if callable(value):
            continue
        if value is True or (isinstance(value, str) and value.lower() == "autocommit"):
            return True
    try:
        return (conn.get_execution_options() or {}).get("isolation_level") == "AUTOCOMMIT"
    except Exception:
        return False


def database(conn):
    """The scratch database that a connection reached; a project may hold several."""
    try:
        return conn.info.get("alembic_gate_database")
    except Exception:
        return None


def _count(cursor):
    try:
        return int(cursor.rowcount)
    except Exception:
        return None


def describe(error):
    """An exception as plain values; the server's own state code where the driver tells it."""
    original = getattr(error, "orig", None) or error
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    return {
        "type": type(original).__name__,
        "text": str(original)[:4000],
        "sqlstate": state if isinstance(state, str) else None,
    }
