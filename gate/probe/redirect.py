"""Sends every connection that project code opens to the scratch database, whatever URL was computed.

SQLAlchemy's ``do_connect`` event fires for every engine, sync and async, just before the driver connects
(https://docs.sqlalchemy.org/en/20/core/events.html#sqlalchemy.events.DialectEvents.do_connect). An engine made with
``creator=`` bypasses it, so that argument is taken out; drivers used directly are refused.
"""

import importlib.abc
import importlib.util
import os
import re
import sys

KEPT = {  # what may decide a verdict stays; where to connect, how to encrypt and as whom does not
    "postgresql": {"options", "server_settings", "client_encoding", "application_name", "prepare_threshold",
                   "statement_cache_size", "prepared_statement_cache_size", "cursor_factory", "row_factory",
                   "prepared_statement_name_func", "autocommit"},
    "mysql": {"charset", "use_unicode", "sql_mode", "init_command", "conv", "cursorclass", "local_infile",
              "client_flag", "autocommit", "collation"},
    "sqlite": {"timeout", "detect_types", "isolation_level", "check_same_thread", "cached_statements", "uri",
               "factory", "autocommit"},
}  # fmt: skip
RAW = {  # where drivers open connections, below their pools too (asyncpg.create_pool, psycopg_pool, pg8000.native)
    "psycopg2": ("connect",), "psycopg": ("connect", "Connection.connect", "AsyncConnection.connect"),
    "asyncpg": ("connect",), "asyncpg.connection": ("connect",),
    "pg8000": ("connect",), "pg8000.core": ("CoreConnection.__init__",),
    "pymysql": ("connect",), "pymysql.connections": ("Connection.__init__",), "MySQLdb": ("connect", "Connect"),
    "MySQLdb.connections": ("Connection.__init__",),
    "mysql.connector": ("connect",), "mariadb": ("connect",), "aiomysql": ("connect", "create_pool"),
    "asyncmy": ("connect", "create_pool"), "sqlite3": ("connect",), "sqlite3.dbapi2": ("connect",),
}  # fmt: skip
# libpq takes the address from these even where the host is given
# (https://www.postgresql.org/docs/current/libpq-envars.html)
STEERING = ("PGHOSTADDR", "PGSERVICE")
_ATTACHED = re.compile(r"\s*ATTACH\s+(?:DATABASE\s+)?(?:'((?:[^']|'')*)')?", re.IGNORECASE)


class Refused(Exception):
    """A connection that fits no scratch database."""


class Redirect:
    """Knows which scratch database stands for which of the project's."""

    def __init__(self, channel):
        self._channel = channel
        self._known = {}
        self.generation = 0
        self.opened = []
        self._reached = None
        self._inside = 0
        self._own = os.path.dirname(os.path.realpath(os.environ.get("HOME", "")))  # private copy and HOME lie here

    def install(self):
        """Listen on all engines and pools, those that are made later too."""
        import sqlalchemy.engine
        from sqlalchemy import event, exc
        from sqlalchemy.pool import Pool

        def do_connect(dialect, record, cargs, cparams):
            return self._connect(dialect, cargs, cparams)

        def checkout(connection, record, proxy):
            if record.info.get("alembic_gate_generation") != self.generation:
                raise exc.DisconnectionError("alembic-gate moved on to another scratch database")

        def connect(connection, record):
            record.info["alembic_gate_generation"] = self.generation
            record.info["alembic_gate_database"] = self._reached

        def before_cursor_execute(conn, cursor, statement, parameters, context, executemany):
            found = _ATTACHED.match(statement) if conn.dialect.name == "sqlite" else None
            if found:
                self._refuse_file(found.group(1), *(parameters if isinstance(parameters, tuple) else ()))

        event.listen(sqlalchemy.engine.Engine, "do_connect", do_connect)
        event.listen(sqlalchemy.engine.Engine, "before_cursor_execute", before_cursor_execute)
        event.listen(Pool, "connect", connect)
        event.listen(Pool, "checkout", checkout)
        self._take_out_creators()
        self._guard_drivers()

    def move(self):
        """From now on other scratch databases answer; pooled connections to the old ones are dropped at check-out."""
        self._known.clear()
        self.generation += 1

    def _connect(self, dialect, cargs, cparams):
        url = self.url_for(dialect, _database(dialect, cargs, cparams))
        backend = "mysql" if dialect.name in ("mysql", "mariadb") else dialect.name
        self._reached = url.database
        args, params = dialect.create_connect_args(url)
        kept = {name: value for name, value in cparams.items() if name in KEPT.get(backend, ())}
        if backend == "sqlite":
            kept.pop("uri", None)
        params = dict(kept, **params)
        self._inside += 1
        hidden = dict((name, os.environ.pop(name)) for name in STEERING if name in os.environ)
        try:
            return dialect.connect(*args, **params)
        finally:
            self._inside -= 1
            os.environ.update(hidden)

    def url_for(self, dialect, database):
        """The scratch URL for one of the project's databases; asked for once, at the first connection."""
        from sqlalchemy.engine.url import make_url

        key = (dialect.name, str(database or ""))
        if key not in self._known:
            told = self._channel.ask(
                {
                    "event": "need",
                    "backend": dialect.name,
                    "driver": dialect.driver,
                    "database": key[1],
                    "is_async": bool(getattr(dialect, "is_async", False)),
                }
            )
            if told.get("refuse"):
                raise Refused(told["refuse"])
            self._known[key] = make_url(told["url"])
            self.opened.append(key)
        return self._known[key]

    def _take_out_creators(self):
        import sqlalchemy

        original = sqlalchemy.create_engine  # its home moved between SQLAlchemy 1.3 and 1.4

        def create_engine(url, **options):
            options.pop("creator", None)
            options.pop("async_creator", None)
            return original(url, **options)

        for module in list(sys.modules.values()):
            if getattr(module, "create_engine", None) is original and module.__name__.startswith("sqlalchemy"):
                module.create_engine = create_engine

    def _guard_drivers(self):
        for name in RAW:
            if name in sys.modules:
                self.guard(sys.modules[name])
        sys.meta_path.insert(0, _Guarding(self))

    def guard(self, module):
        """Let the driver connect only from inside a redirected engine."""
        for path in RAW[module.__name__]:
            owner, _, name = path.rpartition(".")
            owner = getattr(module, owner, None) if owner else module
            original = getattr(owner, name, None)
            if original is not None and not getattr(original, "alembic_gate", False):
                setattr(owner, name, self._guarded(module.__name__, path, original, vars(owner).get(name)))

    def _guarded(self, module, path, original, stored):
        bound = isinstance(stored, classmethod)  # a subclass keeps its own class
        function = stored.__func__ if bound else original

        def connect(*args, **options):
            if not self._inside:
                self._refuse(module, path, args, options)
            return function(*args, **options)

        connect.alembic_gate = True
        return classmethod(connect) if bound else connect

    def _refuse(self, module, path, args, options):
        if module.startswith("sqlite3"):
            return self._refuse_file(args[0] if args else options.get("database"))
        raise Refused(
            "the project connects with %s.%s directly; only SQLAlchemy connections can be sent to the "
            "scratch database" % (module, path.replace(".__init__", ""))
        )

    def _refuse_file(self, *names):
        """A SQLite file outside of the private copy and the probe's HOME is somebody's real database."""
        for name in names:
            name = os.fsdecode(name) if isinstance(name, (str, bytes, os.PathLike)) else ""
            path = re.sub(r"^file:(?://)?([^?]*).*", r"\1", name)
            if path in ("", ":memory:") or "mode=memory" in name:
                continue
            real, own = os.path.realpath(path), (self._own, os.path.realpath(sys.prefix))  # packages ship data files
            if not any(real.startswith(one + os.sep) for one in own):
                raise Refused("the project opens the SQLite file %s, which is not its scratch database" % path)


class _Guarding(importlib.abc.MetaPathFinder):
    """Guards a driver right after the project imports it."""

    def __init__(self, redirect):
        self._redirect = redirect
        self._busy = set()

    def find_spec(self, name, path=None, target=None):
        if name not in RAW or name in self._busy:
            return None
        self._busy.add(name)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._busy.discard(name)
        if spec is None or spec.loader is None or not hasattr(spec.loader, "exec_module"):
            return None
        execute, redirect = spec.loader.exec_module, self._redirect

        def exec_module(module):
            execute(module)
            redirect.guard(module)

        spec.loader.exec_module = exec_module
        return spec


def _database(dialect, cargs, cparams):
    """The name of the database that the project wanted, for projects that hold several."""
    if dialect.name == "sqlite":
        return cargs[0] if cargs else cparams.get("database", "")
    for name in ("dbname", "database", "db"):
        if cparams.get(name):
            return cparams[name]
    dsn = cparams.get("dsn") or (cargs[0] if cargs and isinstance(cargs[0], str) else "")
    for part in dsn.split():
        if part.startswith("dbname="):
            return part[7:]
    return ""
