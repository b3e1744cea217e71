"""Sees what a revision runs on the driver's own cursor, which SQLAlchemy's events never meet."""

import sys
import time

from alembic_gate_probe.watch import MOST_TEXT, describe

# The methods of a cursor that take a statement; sqlite3 has them on its connections too.
METHODS = ("execute", "executemany", "executescript")
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
    """Gives out cursors that tell the watch; what SQLAlchemy executes passes untold."""

    def __init__(self, watch, observers):
        self._watch = watch
        self._observers = observers
        self._inside = False
        self._classes = {}
        self._makers = set()

    def install(self):
        """After the watch's own listeners: a statement of SQLAlchemy's is over when those have reported it."""
        import sqlalchemy.engine
        import sqlalchemy.pool
        from sqlalchemy import event

        event.listen(sqlalchemy.engine.Engine, "before_cursor_execute", self._enter)
        event.listen(sqlalchemy.engine.Engine, "after_cursor_execute", self._leave)
        event.listen(sqlalchemy.engine.Engine, "handle_error", self._leave_after_error)
        event.listen(sqlalchemy.pool.Pool, "connect", self._connected)
        self._wrap_sqlite()

    def _enter(self, *arguments):
        self._inside = True

    def _leave(self, *arguments):
        self._inside = False

    def _leave_after_error(self, error):
        self._inside = False

    def _connected(self, connection, record):
        """psycopg 2 and 3 let a connection name the class of its cursors; of others the class's own method makes them."""
        kind = type(connection)
        dialect = _dialect(kind)
        if dialect is None or kind in self._makers:
            return
        if kind.__module__.partition(".")[0] not in ("psycopg", "psycopg2"):
            self._makers.add(kind)
            self._make_told(kind, dialect)
            return
        base = connection.cursor_factory
        if base is None:
            import psycopg2.extensions

            base = psycopg2.extensions.cursor
        connection.cursor_factory = self._told(base, dialect)

    def _make_told(self, kind, dialect):
        direct, make = self, kind.cursor

        def cursor(connection, *arguments, **options):
            made = make(connection, *arguments, **options)
            if kind.__module__.startswith("sqlalchemy.") and not hasattr(made, "_adapt_connection"):
                made.__class__ = direct._class(type(made), dialect, connection)  # it would not tell whose it is
            else:
                made.__class__ = direct._told(type(made), dialect)
            return made

        kind.cursor = cursor

    def _wrap_sqlite(self):
        """sqlite3 is written in C and projects compare the type of its connections: told where SQLAlchemy hands one out."""
        import sqlite3

        import sqlalchemy.pool

        fairy = getattr(sqlalchemy.pool, "_ConnectionFairy", None) or sqlalchemy.pool.base._ConnectionFairy
        direct, make, other = self, fairy.cursor, fairy.__getattr__

        def cursor(proxy, *arguments, **options):
            raw = _raw_of(proxy)
            if type(raw) is not sqlite3.Connection or arguments or options or _is_sqlalchemys(sys._getframe(1)):
                return make(proxy, *arguments, **options)
            return make(proxy, direct._told(sqlite3.Cursor, "sqlite"))

        def attribute(proxy, name):
            raw = _raw_of(proxy)
            if name in METHODS and type(raw) is sqlite3.Connection and not _is_sqlalchemys(sys._getframe(1)):
                return getattr(raw.cursor(direct._told(sqlite3.Cursor, "sqlite")), name)
            return other(proxy, name)

        fairy.cursor, fairy.__getattr__ = cursor, attribute

    def _told(self, base, dialect):
        if base not in self._classes:
            told = self._class(base, dialect)
            self._classes[base] = self._classes[told] = told
        return self._classes[base]

    def _class(self, base, dialect, connection=None):
        """A cursor class that tells; without slots of its own, so that a cursor can become one."""
        direct = self

        def telling(name):
            def execute(cursor, query, *arguments, **options):
                plain = getattr(super(Cursor, cursor), name)
                if _is_sqlalchemys(sys._getframe(1)) or not direct._is_told():
                    return plain(query, *arguments, **options)
                conn = _Connection(connection or _connection_of(cursor), dialect)
                return direct.run(conn, cursor, Call(plain, query, arguments, options))

            return execute

        class Cursor(base):
            __slots__ = ()

        for name in METHODS:
            if hasattr(base, name):
                setattr(Cursor, name, telling(name))
        return Cursor

    def _is_told(self):
        watch = self._watch
        return not (self._inside or watch._skip or not watch.on or watch.revision is None)

    def run(self, conn, cursor, call):
        """Execute, observed and reported like any other statement of the revision."""
        self._inside = True
        try:
            return self._reported(conn, cursor, call)
        finally:
            self._inside = False

    def _reported(self, conn, cursor, call):
        watch, observer = self._watch, self._observers[conn.dialect.name]
        text = _text(call.query, conn.connection)
        watch.settle()
        watch.raw = conn.connection
        record = {"started": time.perf_counter(), "line": watch._line(), "sql": text[:MOST_TEXT]}
        try:
            result, seen = self._observed(conn, cursor, text, call)
        except Exception as error:
            failed = not watch.reading and hasattr(observer, "failed")
            seen = watch._quietly(observer.failed, conn.connection) if failed else {}
            watch._report(conn, record, seen or {}, None, False, describe(error))
            raise
        record["sets"] = call.sets()
        watch._report(conn, record, seen, getattr(cursor, "rowcount", None), bool(call.parameters))
        return result

    def _observed(self, conn, cursor, text, call):
        watch, observer = self._watch, self._observers[conn.dialect.name]
        if watch.reading:
            return call(), {}
        told = (conn.connection, cursor, text, call.parameters, call.many)
        replaced = watch._quietly(observer.before, *told)
        result = call(replaced if isinstance(replaced, str) and replaced != text else None)
        seen = watch._quietly(observer.after, *told) or {}
        watch.finish(observer, conn.connection)
        return result, seen


class Call(object):
    """One call of a cursor's method."""

    def __init__(self, method, query, arguments, options):
        self._method, self.query, self._arguments, self._options = method, query, arguments, options
        self.parameters = arguments[0] if arguments else None
        self.many = method.__name__ == "executemany"

    def __call__(self, replaced=None):
        if replaced is not None:
            return self._method(replaced)
        return self._method(self.query, *self._arguments, **self._options)

    def sets(self):
        """How many sets of parameters it has; an iterator's are not counted, that would use it up."""
        return len(self.parameters) if self.many and isinstance(self.parameters, (list, tuple)) else 1


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


def _raw_of(proxy):
    """The driver's connection below SQLAlchemy's proxy, by its name since 1.4 or the one before."""
    for name in ("dbapi_connection", "connection"):
        try:
            return object.__getattribute__(proxy, name)
        except AttributeError:
            pass
    return None


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
