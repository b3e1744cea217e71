"""Sees what a revision runs on the driver's own cursor, which SQLAlchemy's events never meet."""

import sys
import time

from alembic_gate_probe.watch import MOST_TEXT, describe

# Drivers (or SQLAlchemy's adapter of them) by the start of their module's name.
DIALECTS = {
    "psycopg2": "postgresql",
    "psycopg": "postgresql",
    "pg8000": "postgresql",
    "sqlalchemy.dialects.postgresql": "postgresql",
    "sqlalchemy.dialects.sqlite": "sqlite",
    "pymysql": "mysql",
    "MySQLdb": "mysql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlalchemy.dialects.mysql": "mysql",
}


class Direct(object):
    """Gives connections cursors that tell the watch; what SQLAlchemy executes passes untold."""

    def __init__(self, watch, observers):
        self._watch = watch
        self._observers = observers
        self._inside = False
        self._classes = {}
        self._told_makers = set()

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

    def prepare(self, dialect, parameters):
        """sqlite3 is written in C and names the class of a connection when it opens one."""
        if (dialect.name, dialect.driver) == ("sqlite", "pysqlite"):
            import sqlite3

            parameters["factory"] = self._sqlite(parameters.get("factory") or sqlite3.Connection)

    def _connected(self, connection, record):
        """psycopg 2 and 3 let a connection name the class of its cursors; of others the class's own method makes them."""
        dialect = _dialect(type(connection))
        if dialect is None:
            return
        if not hasattr(connection, "cursor_factory"):
            self._make_told(type(connection), dialect)
            return
        base = connection.cursor_factory
        if base is None:
            import psycopg2.extensions

            base = psycopg2.extensions.cursor
        connection.cursor_factory = self._told(base, dialect)

    def _make_told(self, kind, dialect):
        if kind in self._told_makers:
            return
        self._told_makers.add(kind)
        direct, make = self, kind.cursor

        def cursor(connection, *arguments, **options):
            made = make(connection, *arguments, **options)
            made.__class__ = direct._told(type(made), dialect)
            return made

        kind.cursor = cursor

    def _sqlite(self, base):
        import sqlite3

        if base not in self._classes:
            direct = self

            class Connection(base):
                def cursor(self, factory=sqlite3.Cursor):
                    return base.cursor(self, direct._told(factory, "sqlite"))

                def execute(self, *arguments):
                    return self.cursor().execute(*arguments)

            self._classes[base] = Connection
            self._classes[Connection] = Connection
        return self._classes[base]

    def _told(self, base, dialect):
        """A cursor class that tells; without slots of its own, so that a cursor can become one."""
        if base not in self._classes:
            direct = self

            class Cursor(base):
                __slots__ = ()

                def execute(self, query, *arguments, **options):
                    execute = super(Cursor, self).execute
                    if _is_sqlalchemys(sys._getframe(1)):
                        return execute(query, *arguments, **options)
                    return direct.run(self, dialect, execute, query, arguments, options)

            self._classes[base] = Cursor
            self._classes[Cursor] = Cursor
        return self._classes[base]

    def run(self, cursor, dialect, execute, query, arguments, options):
        """Execute, observed and reported like any other statement of the revision."""
        watch = self._watch
        if self._inside or watch._skip or not watch.on or watch.reading or watch.revision is None:
            return execute(query, *arguments, **options)
        self._inside = True
        try:
            conn = _Connection(_connection_of(cursor), dialect)
            return self._observed(conn, cursor, execute, query, arguments, options)
        finally:
            self._inside = False

    def _observed(self, conn, cursor, execute, query, arguments, options):
        watch, observer = self._watch, self._observers[conn.dialect.name]
        text, parameters = _text(query, conn.connection), arguments[0] if arguments else None
        watch.raw = conn.connection
        record = {"started": time.perf_counter(), "line": watch._line(), "sql": text[:MOST_TEXT]}
        replaced = watch._quietly(observer.before, conn.connection, cursor, text, parameters, False)
        if isinstance(replaced, str) and replaced != text:
            query, arguments, options = replaced, (), {}
        try:
            result = execute(query, *arguments, **options)
        except Exception as error:
            seen = watch._quietly(observer.failed, conn.connection) if hasattr(observer, "failed") else {}
            watch._report(conn, record, seen or {}, None, False, describe(error))
            raise
        seen = watch._quietly(observer.after, conn.connection, cursor, text, parameters, False) or {}
        watch._report(conn, record, seen, getattr(cursor, "rowcount", None), bool(parameters))
        return result


def _dialect(kind):
    module = kind.__module__
    return next((DIALECTS[one] for one in DIALECTS if module == one or module.startswith(one + ".")), None)


def _connection_of(cursor):
    """pg8000 warns of the public name; SQLAlchemy's adapters and MySQL's own connector have names of their own."""
    for name in ("_adapt_connection", "_c", "_connection", "connection"):
        found = getattr(cursor, name, None)
        if found is not None:
            return found
    return None


def _is_sqlalchemys(frame):
    """SQLAlchemy asks for itself too, without events: isolation level, server version, savepoints of its own."""
    return frame.f_globals.get("__name__", "").partition(".")[0] == "sqlalchemy"


class _Dialect(object):
    def __init__(self, name):
        self.name = name


class _Connection(object):
    """A driver's connection in the shape in which SQLAlchemy hands one to the watch and the observer."""

    def __init__(self, raw, dialect):
        self.dbapi_connection = raw
        self.driver_connection = getattr(raw, "driver_connection", raw)
        self.dialect = _Dialect(dialect)
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
    return query.as_string(connection.dbapi_connection)
