"""Lets a run go on where the server refuses a statement or a revision's own code fails, and tells each time.

Used where the revisions run without the project's environment: what they say is read as far as it goes, and what was
passed over is known by name.
"""

from alembic_gate_probe.watch import autocommit, describe

_NOTHING = "SELECT 1 FROM (SELECT 1 AS a) AS b WHERE 1 = 0"  # a result without rows, on every server


class Tolerance(object):
    """Off until somebody asks for it: an ordinary rehearsal stops where the project stops."""

    def __init__(self, channel, watch):
        self._channel, self._watch = channel, watch
        self.on = False

    def install(self):
        """Stand between SQLAlchemy and the cursor of every engine."""
        import sqlalchemy.engine
        from sqlalchemy import event

        def do_execute(cursor, statement, parameters, context):
            return self._try(
                cursor, context, lambda: context.dialect.do_execute(cursor, statement, parameters, context)
            )

        def do_executemany(cursor, statement, parameters, context):
            return self._try(
                cursor, context, lambda: context.dialect.do_executemany(cursor, statement, parameters, context)
            )

        def do_execute_no_params(cursor, statement, context):
            return self._try(cursor, context, lambda: context.dialect.do_execute_no_params(cursor, statement, context))

        event.listen(sqlalchemy.engine.Engine, "do_execute", do_execute)
        event.listen(sqlalchemy.engine.Engine, "do_executemany", do_executemany)
        event.listen(sqlalchemy.engine.Engine, "do_execute_no_params", do_execute_no_params)

    def _try(self, cursor, context, execute):
        """A refused statement leaves no trace but the event; whoever wants its rows gets none."""
        if not self.on or context is None or self._watch.revision is None:
            return None
        connection = context.root_connection
        guarded = connection.dialect.name == "postgresql" and not autocommit(connection)
        try:
            if guarded:
                self._aside(connection, "SAVEPOINT alembic_gate")
            execute()
        except Exception as error:
            if guarded:
                self._aside(connection, "ROLLBACK TO SAVEPOINT alembic_gate")
            self._refused(context, error)
            cursor.execute(_NOTHING)
            return True
        if guarded:
            self._aside(connection, "RELEASE SAVEPOINT alembic_gate")
        return True

    def _aside(self, connection, statement):
        cursor = connection.connection.cursor()
        try:
            cursor.execute(statement)
        finally:
            cursor.close()

    def _refused(self, context, error):
        record = getattr(context, "_alembic_gate", None)
        told = describe(error)
        if record is not None:
            record["refused"] = told
        self._channel.write({"event": "refused", "revision": self._watch.revision, "error": told})

    def around(self, function, failure):
        """The revision's function; what it raises is told, and the next revision has its turn."""

        def run(*args, **options):
            try:
                return function(*args, **options)
            except Exception as error:
                if not self.on:
                    raise
                self._channel.write({"event": "given-up", "failure": failure(error)})

        return run
