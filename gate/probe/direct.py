"""Sees what a revision runs on the driver's own cursor, which SQLAlchemy's events never meet."""

import sys
import time

from alembic_gate_probe.watch import MOST_TEXT, describe


class Direct(object):
    """Gives PostgreSQL connections a cursor class that tells the watch; what SQLAlchemy executes passes untold."""

    def __init__(self, watch, observer):
        self._watch = watch
        self._observer = observer
        self._inside = False
        self._classes = {}

    def install(self):
        """After the watch's own listeners: a statement of SQLAlchemy's is over when those have reported it."""
        import sqlalchemy.engine
        import sqlalchemy.pool
        from sqlalchemy import event

        event.listen(sqlalchemy.engine.Engine, "before_cursor_execute", self._enter)
        event.listen(sqlalchemy.engine.Engine, "after_cursor_execute", self._leave)
        event.listen(sqlalchemy.engine.Engine, "handle_error", self._leave_after_error)
        event.listen(sqlalchemy.pool.Pool, "connect", self._connected)

    def _enter(self, *arguments):
        self._inside = True

    def _leave(self, *arguments):
        self._inside = False

    def _leave_after_error(self, error):
        self._inside = False

    def _connected(self, connection, record):
        """psycopg 2 and 3 let a connection name the class of its cursors; other drivers stay as they are."""
        if type(connection).__module__.partition(".")[0] not in ("psycopg", "psycopg2"):
            return
        base = connection.cursor_factory
        if base is None:
            import psycopg2.extensions

            base = psycopg2.extensions.cursor
        connection.cursor_factory = self._told(base)

    def _told(self, base):
        if base not in self._classes:
            direct = self

            class Cursor(base):
                def execute(self, query, *arguments, **options):
                    execute = super(Cursor, self).execute
                    if _is_sqlalchemys(sys._getframe(1)):
                        return execute(query, *arguments, **options)
                    return direct.run(self, query, lambda: execute(query, *arguments, **options))

            self._classes[base] = Cursor
        return self._classes[base]

    def run(self, cursor, query, execute):
        """Execute, observed and reported like any other statement of the revision."""
        watch = self._watch
        if self._inside or watch._skip or not watch.on or watch.reading or watch.revision is None:
            return execute()
        self._inside = True
        try:
            return self._observed(_Connection(cursor.connection), cursor, _text(query, cursor.connection), execute)
        finally:
            self._inside = False

    def _observed(self, conn, cursor, text, execute):
        watch, observer = self._watch, self._observer
        watch.raw = conn.connection
        record = {"started": time.perf_counter(), "line": watch._line(), "sql": text[:MOST_TEXT]}
        watch._quietly(observer.before, conn.connection, cursor, text, None, False)
        try:
            result = execute()
        except Exception as error:
            seen = watch._quietly(observer.failed, conn.connection) or {}
            watch._report(conn, record, seen, None, False, describe(error))
            raise
        seen = watch._quietly(observer.after, conn.connection, cursor, text, None, False) or {}
        watch._report(conn, record, seen, cursor.rowcount, False)
        return result


def _is_sqlalchemys(frame):
    """SQLAlchemy asks for itself too, without events: isolation level, server version, savepoints of its own."""
    return frame.f_globals.get("__name__", "").partition(".")[0] == "sqlalchemy"


class _Dialect(object):
    name = "postgresql"


class _Connection(object):
    """A driver's connection in the shape in which SQLAlchemy hands one to the watch and the observer."""

    dialect = _Dialect()

    def __init__(self, raw):
        self.dbapi_connection = raw
        self.connection = self

    def cursor(self):
        return self.dbapi_connection.cursor()

    def get_execution_options(self):
        return {}


def _text(query, connection):
    """The statement as text, from what the drivers take: text, bytes, or composed SQL."""
    if isinstance(query, bytes):
        return query.decode("utf-8", "replace")
    if isinstance(query, str):
        return query
    return query.as_string(connection)
