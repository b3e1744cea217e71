"""Answers requests: load the environment, upgrade, downgrade, compare. Project code runs from here on down."""

import importlib
import io
import os
import sys
import traceback

from alembic_gate_probe import (
    difference,
    direct,
    loading,
    mapped,
    observe_postgresql,
    program,
    redirect,
    tolerance,
    watch,
)
from alembic_gate_probe.watch import describe


def observers(channel):
    """One observer per dialect; those of MySQL and SQLite are modules beside this one."""
    from alembic_gate_probe import observe_mysql, observe_sqlite

    def committed(database, oids):
        return channel.ask({"event": "committed", "database": database, "oids": oids})["relations"]

    return {
        "postgresql": observe_postgresql.Observer(committed), "sqlite": observe_sqlite.Observer(),
        "mysql": observe_mysql.Observer(), "mariadb": observe_mysql.Observer(),
    }  # fmt: skip


def _tables_made_by_models():
    """A set that fills with the tables that ``create_all`` makes; Alembic's own operations do not carry the mark."""
    from sqlalchemy import Table, event

    made = set()

    def after_create(target, connection, **options):
        if options.get("_is_metadata_operation"):
            made.add(target.key)

    event.listen(Table, "after_create", after_create)
    return made


class Session(object):
    """One project in one process: imported once, upgraded and compared as often as asked."""

    def __init__(self, channel):
        self._channel = channel
        seen_by = observers(channel)
        self._observer = seen_by["postgresql"]
        self._watch = watch.Watch(channel, seen_by)
        self._direct = direct.Direct(self._watch, seen_by)
        self._redirect = redirect.Redirect(channel)
        self._tolerance = tolerance.Tolerance(channel, self._watch)
        self._config = self._script = self._project = None
        self._here = os.getcwd()

    def serve(self):
        """One request after the other; whatever project code throws becomes an answer."""
        while True:
            request = self._channel.read()
            if request is None or request["do"] == "quit":
                return
            os.chdir(self._here)
            try:
                answer = {"answer": getattr(self, "do_" + request.pop("do"))(**request)}
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # SystemExit and click's Abort too: project code may raise anything
                answer = {"failed": self._failure(error)}
            self._watch.on = False
            self._watch.end()
            self._channel.write(answer)

    def do_load(self, project, url):
        """Import alembic and sqlalchemy, redirect every engine, make the Config and read the scripts."""
        import alembic
        import sqlalchemy

        self._redirect.install()
        self._watch.install()
        self._tolerance.install()
        self._direct.install()
        self._project = project
        made = _tables_made_by_models()
        self._config = loading.config_for(project, url)
        self._config.stdout = io.StringIO()
        from alembic.script import ScriptDirectory

        self._script = ScriptDirectory.from_config(self._config)
        return {"alembic": alembic.__version__, "sqlalchemy": sqlalchemy.__version__,
                "python": "%d.%d.%d" % sys.version_info[:3], "opened": self._redirect.opened,
                "script_location": str(self._script.dir), "made_by_models": sorted(made)}  # fmt: skip

    def do_graph(self):
        """The graph as Alembic itself loads it (imports every revision file)."""
        revisions = {one.revision: os.path.realpath(one.path) for one in self._script.walk_revisions()}
        return {"heads": list(self._script.get_heads()), "revisions": revisions}

    def do_upgrade(self, target, observe, tolerant=False, again=False):
        """Upgrade to these revisions (several when there are several heads).

        ``observe`` is what the observer needs to know of the database, None when nobody listens; empty when statements
        are to be told, but not observed.
        ``again``: once more after a downgrade, which leaves the labels of enums.
        Tolerant: what the server refuses and what revisions raise is passed over, statements are told but not observed.
        """
        self._tolerance.on = tolerant
        self._watch.reading = not observe
        self._watch.again = again
        steps = self._steps(lambda rev, destination: self._script._upgrade_revs(destination, rev))
        return self._migrate(steps, target, observe)

    def do_downgrade(self, target):
        """Take back everything that these revisions do not stand on; ``base`` is everything.

        Alembic's own downgrade to one side of a merge leaves the other side where it is.
        """
        kept = self._below(target)

        def plan(rev, destination):
            return [one for one in self._script._downgrade_revs("base", rev) if one.revision.revision not in kept]

        return self._migrate(self._steps(plan), target, None)

    def _below(self, revisions):
        """These revisions and all that they come after or depend on."""
        found, todo = set(), [one for one in revisions if one != "base"]
        while todo:
            one = self._script.get_revision(todo.pop())
            if one.revision not in found:
                found.add(one.revision)
                todo.extend(one._all_down_revisions)
        return found

    def do_compare(self):
        """Autogenerate's diff against the models."""
        return difference.compare(self._config, self._script, self._run_environment, self._project.get("import", ()))

    def do_queries(self):
        """What the mapped classes of the imported models would send to the database."""
        found = {"queries": []}

        def look(rev, context):
            metadata = context.opts.get("target_metadata")
            every = metadata if isinstance(metadata, (list, tuple)) else [metadata]
            for one in every:
                if one is not None:
                    found["queries"] += mapped.queries(one, context.dialect)
            return []

        self._run_environment(look)
        return found

    def do_visit(self):
        """Run env.py without any step: what it does to the database by itself shows afterwards."""
        runs = []

        def look(rev, context):
            runs.append(1)
            return []

        self._run_environment(look)
        return {"runs": len(runs)}

    def do_create(self, heads):
        """Make every table of the models, and stamp these revisions."""
        found = {"tables": 0}
        for name in self._project.get("import", ()):
            importlib.import_module(name)

        def look(rev, context):
            metadata = context.opts.get("target_metadata")
            every = metadata if isinstance(metadata, (list, tuple)) else [metadata]
            for one in every:
                if one is not None:
                    one.create_all(context.connection)
                    found["tables"] += len(one.tables)
            return self._script._stamp_revs(tuple(heads), rev)

        self._run_environment(look)
        return found

    def do_program(self, words, paths):
        """Run a Python program of the project's: a script, ``python -m module``, or a console script."""
        import sqlalchemy  # noqa: F401  # the redirect listens on its engines

        self._redirect.install()
        program.run(words, paths)
        return {}

    def do_move(self):
        """The scratch databases changed: forget the old ones."""
        self._redirect.move()
        return {}

    def _steps(self, plan):
        """The environment's callback: Alembic's own steps, each telling when its revision begins and ends."""

        def fn(rev, context, destination):
            steps = list(plan(rev, destination))
            for step in steps:
                self._wrap(step)
            return steps

        return fn

    def _wrap(self, step):
        script = getattr(step, "revision", None)
        function = getattr(step, "migration_fn", None)
        if script is None or function is None or not hasattr(script, "revision"):
            return

        def run(*args, **options):
            self._watch.begin(script.revision, getattr(script, "path", None) or script.module.__file__)
            result = self._tolerance.around(function, self._failure)(*args, **options)
            self._watch.end()
            return result

        step.migration_fn = run

    def _migrate(self, steps, target, observe):
        destination = target[0] if len(target) == 1 else tuple(target)
        runs, table = [], {}

        def fn(rev, context):
            runs.append(list(rev) if isinstance(rev, (tuple, list)) else [rev])
            table.update(name=context.version_table, schema=context.version_table_schema)
            return steps(rev, context, destination)

        self._watch.on = observe is not None
        self._observer.told(observe or {})
        self._run_environment(fn, destination if isinstance(destination, str) else "heads")
        stubbed = sorted(self._config.attributes.get("alembic_gate_stubbed", ()))
        return {"runs": len(runs), "started_from": runs, "version_table": table, "stubbed": stubbed}

    def _run_environment(self, fn, destination="heads"):
        from alembic.runtime.environment import EnvironmentContext

        with EnvironmentContext(
            self._config, self._script, fn=fn, as_sql=False, starting_rev=None, destination_rev=destination, tag=None
        ):
            self._script.run_env()

    def _failure(self, error):
        """What was raised, where: the innermost line inside the revision that ran, and the tail of the traceback."""
        print(flush=True)  # a prompt has no end of line, and the other side reads lines
        seen = describe(error)
        seen["class"] = "%s.%s" % (type(error).__module__, type(error).__name__)
        seen["message"] = str(error)[:4000]
        seen["revision"] = self._watch.revision
        seen["line"] = self._line(error)
        seen["sql"] = getattr(error, "statement", None)
        seen["traceback"] = "".join(traceback.format_exception(type(error), error, error.__traceback__))[-8000:]
        return seen

    def _line(self, error):
        path, line, trace = self._watch.path, None, error.__traceback__
        while trace is not None and path is not None:
            if os.path.realpath(trace.tb_frame.f_code.co_filename) == path:
                line = trace.tb_lineno
            trace = trace.tb_next
        return line
