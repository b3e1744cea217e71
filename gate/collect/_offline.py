"""The deploy's statements where the project's own environment cannot be loaded: the revisions run by themselves.

Our own ``env.py`` stands in for the project's, in a private copy, on a scratch server, with the Alembic at hand. What
revisions import and nobody has is stubbed. Rules then still answer; what hangs on the project's env.py or models stays
undecided, and the coverage line says how this was seen.
"""

from __future__ import annotations

import ast
import dataclasses
import sys
from collections.abc import Iterable
from pathlib import Path

from gate.collect._database_evidence import NAMES
from gate.collect._interpreters import inspect
from gate.collect._stage import BLOCKING, Stage
from gate.context import RunContext
from gate.errors import CannotDecide, GateError
from gate.facts.database_choice import DatabaseChoice
from gate.facts.environment import ProjectEnvironment
from gate.facts.history import Base, History, NewRevisions, Revision
from gate.facts.rehearsal import Deploy, Failure
from gate.facts.schema import Schema
from gate.sandbox import hand_over

_ANY_PATCH = 999
TEMPLATE = Path(__file__).parent / "_stand_in_env.txt"


class _StandIn(Stage):
    """A stage on which our own env.py plays the project's part."""

    stubbed: tuple[str, ...] = ()

    @property
    def driver(self) -> str:
        """A blocking driver of the interpreter at hand."""
        kind = "mysql" if self.database.server.dialect == "mariadb" else self.database.server.dialect
        return next((one for one in BLOCKING[kind] if one in self.environment.drivers), BLOCKING[kind][0])

    def _write_files(self, uid: int | None) -> None:
        scripts = self.tree / str(self.project.script_location)
        scripts.mkdir(parents=True, exist_ok=True)
        names = sorted(set(imported(self.sources.values())))
        text = TEMPLATE.read_text("utf-8").replace("IMPORTED = []", f"IMPORTED = {names!r}")
        (scripts / "env.py").write_text(text, "utf-8")
        hand_over(scripts, uid)


def deploy(context: RunContext, history: History, new: NewRevisions, why: CannotDecide) -> Deploy:
    """The new revisions' statements, run without the project's environment. Raises ``why`` where that fails too."""
    if context.settings.static_only or history.problems or not new.ids:
        raise why
    revisions = tuple(history.by_id[id] for id in new.ids if id in history.by_id)
    try:
        return _run(context, history, new, revisions)
    except GateError as also:
        context.notices.append(f"{context.project.name}: the revisions could not run by themselves either: {also}")
        raise why from also


def _run(context: RunContext, history: History, new: NewRevisions, revisions: tuple[Revision, ...]) -> Deploy:
    project = dataclasses.replace(context.project, kind="script-location", config=None, entry=None, prepend_sys_path=())
    wanted = dataclasses.replace(context.fact(DatabaseChoice), certain=True)
    choice = _at_hand(wanted)
    base = context.fact(Base)
    with _StandIn(context, project, _environment(context), choice, history, base.sha, False) as stage:
        stage.begin()
        failed = stage.upgrade(new.baseline, None) if new.baseline else None
        if failed:
            raise CannotDecide(f"the base's revisions fail without the project's environment: {failed.error}")
        baseline = stage.database.schema()
        stage.use(stage.database.clone())
        stage.database.seed("plain")
        recorder = stage.recorder()
        failed = stage.upgrade(_heads(history, new), recorder)
        server = stage.database.server
        if failed and not recorder.statements:
            raise CannotDecide(f"the revisions fail without the project's environment: {failed.error}")
        seen = Deploy(
            dialect=server.dialect,
            version=server.version,
            history=history,
            revisions=revisions,
            statements=tuple(recorder.statements),
            baseline=baseline,
            result=_result(stage, recorder.catalogue.now, failed),
            server=f"{server.dialect} {server.version_text}",
            observed=False,
            complete=failed is None,
            sources={one.path: stage.sources[one.path] for one in revisions},
        )
        return seen if choice is wanted else _read_as_mysql(context, seen, wanted)


def _at_hand(wanted: DatabaseChoice) -> DatabaseChoice:
    """Nobody brings a MySQL server along: its statements can be had from a run on MariaDB, their cost cannot."""
    alone = wanted.kind == "mysql" and not wanted.url
    return dataclasses.replace(wanted, kind="mariadb", version="") if alone else wanted


def _read_as_mysql(context: RunContext, seen: Deploy, wanted: DatabaseChoice) -> Deploy:
    """What the revisions send, without anything that MariaDB did: rules then go by MySQL's manual, and say so."""
    context.notices.append(
        f"{context.project.name}: no MySQL server was at hand. Statements come from a run on MariaDB; what they cost "
        "on MySQL is read from its manual, not measured. Give a MySQL server with --database-url."
    )
    numbers = tuple(int(part) for part in wanted.version.split(".") if part.isdigit()) or (8, 0)
    version = numbers if len(numbers) > 2 else (*numbers, _ANY_PATCH)  # a release line: its newest
    statements = tuple(dataclasses.replace(one, observed=None, error=None) for one in seen.statements)
    return dataclasses.replace(
        seen, dialect="mysql", version=version, server=f"mysql {wanted.version or '8.0'}", statements=statements
    )


def _result(stage: Stage, seen: Schema, failed: Failure | None) -> Schema:
    return seen if failed else stage.database.schema()


def _heads(history: History, new: NewRevisions) -> tuple[str, ...]:
    named = {parent for id in new.ids for parent in history.by_id[id].parents}
    return tuple(id for id in new.ids if id not in named)


def _environment(context: RunContext) -> ProjectEnvironment:
    """The project's interpreter where it has Alembic, else our own. Raises CannotDecide when neither has."""
    try:
        theirs = context.fact(ProjectEnvironment)
    except GateError:
        own = inspect(sys.executable)
        if not own.has("alembic", "sqlalchemy"):
            raise CannotDecide("there is no Alembic in the gate's own Python", advice="pip install alembic") from None
        drivers = tuple(NAMES.get(name, name) for name in own.packages)
        return ProjectEnvironment(
            own.path, own.version, own.packages["alembic"], own.packages["sqlalchemy"], drivers=drivers
        )
    return dataclasses.replace(theirs, variables={}, files={}, modules=())


def imported(texts: Iterable[str]) -> Iterable[str]:
    """What revisions import, as ``module`` and ``module:name``, Alembic and SQLAlchemy themselves left out."""
    for text in texts:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if _is_foreign(alias.name))
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level and _is_foreign(node.module):
                yield from (f"{node.module}:{alias.name}" for alias in node.names)


def _is_foreign(name: str) -> bool:
    top = name.split(".", 1)[0]
    return top not in sys.stdlib_module_names and top not in ("alembic", "sqlalchemy", "__future__")
