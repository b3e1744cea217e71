"""The deploy's statements where the project's own environment cannot be loaded: the revisions run by themselves.

Our own ``env.py`` stands in for the project's, in a private copy, on a scratch server, with the Alembic at hand. What
revisions import and nobody has is stubbed. Where the base's revisions get through that way, the deploy is observed as
ever; where they do not (data migrations with the application's code, tables that only the application makes), what the
server refuses is passed over and the deploy's statements are judged as they are written. What hangs on the project's
env.py or models stays undecided, as does what a stub hides, and the coverage line says how this was seen.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gate.collect import _pythonpath
from gate.collect._database_evidence import NAMES
from gate.collect._drivers import BLOCKING
from gate.collect._interpreters import inspect
from gate.collect._reading import Reading
from gate.collect._recording import Recorder
from gate.collect._stage import Stage
from gate.collect._stub_uses import imports, unseen
from gate.context import RunContext
from gate.errors import CannotDecide, GateError
from gate.facts.database_choice import DatabaseChoice, family
from gate.facts.environment import ProjectEnvironment
from gate.facts.history import Base, History, NewRevisions, Project, Revision
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Schema
from gate.sandbox import ProjectFailure, hand_over

_ANY_PATCH = 999
_SHOWN = 300  # characters of one reason
_NAMED = 3  # names in one sentence
TEMPLATE = Path(__file__).parent / "_stand_in_env.txt"


class _StandIn(Stage):
    """A stage on which our own env.py plays the project's part.

    ``refused`` are the revisions of which the server refused a statement, ``given_up`` those whose own code failed, why.
    """

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self.refused: set[str] = set()
        self.given_up: dict[str, str] = {}
        self.stubbed: tuple[str, ...] = ()
        self.options: Mapping[str, bool] = {}

    @property
    def driver(self) -> str:
        """A blocking driver of the interpreter at hand."""
        kind = family(self.database.server.dialect)
        return next((one for one in BLOCKING[kind] if one in self.environment.drivers), BLOCKING[kind][0])

    def _write_files(self, uid: int | None) -> None:
        scripts = self.tree / str(self.project.script_location)
        scripts.mkdir(parents=True, exist_ok=True)
        self.options = env_options(self._text(f"{self.project.script_location}/env.py"))
        names = sorted(set(imported(self.sources.values())))
        text = TEMPLATE.read_text("utf-8").replace("IMPORTED = []", f"IMPORTED = {names!r}")
        text = text.replace("OPTIONS = {}", f"OPTIONS = {dict(self.options)!r}")
        (scripts / "env.py").write_text(text, "utf-8")
        hand_over(scripts, uid)

    def read(self, heads: tuple[str, ...], recorder: Recorder | None) -> None:
        """Upgrade as far as it goes; what fails is kept in ``refused`` and ``given_up``."""
        self._recorder, self.refused, self.given_up = recorder, set(), {}
        try:
            told = self.probe.call(
                "upgrade", target=self._apart(heads), observe=self._observing(recorder), tolerant=True
            )
        except ProjectFailure as failure:
            raise self.explained(failure) from failure
        finally:
            self._recorder = None
        self.stubbed = tuple(map(str, told.get("stubbed") or ()))

    def handle(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """What the server refused and what revisions raised, besides the usual events."""
        kind, revision = event.get("event"), str(event.get("revision"))
        if kind == "refused":
            self.refused.add(revision)
        if kind == "given-up":
            told = event.get("failure")
            told = told if isinstance(told, dict) else {}
            line = f" (line {told['line']})" if isinstance(told.get("line"), int) else ""
            what = f"{told.get('type')}: {_short(told.get('text') or told.get('message'))}{line}"
            self.given_up[str(told.get("revision"))] = what
        return super().handle(event)


def _short(text: Any) -> str:
    first = str(text or "").strip().splitlines()
    return first[0][:_SHOWN] if first else "no reason given"


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
    with contextlib.ExitStack() as stack:
        stage = _StandIn(context, project, _environment(context, project, choice), choice, history, base.sha, False)
        stack.enter_context(stage)
        stage.begin()
        if new.baseline:
            context.progress("running the base's revisions without the project's environment")
            stage.read(new.baseline, None)
        seen = _seen(stage, history, new, revisions, not (stage.refused or stage.given_up))
    return seen if choice == wanted else _read_as_mysql(context, seen, wanted)


def _seen(
    stage: _StandIn,
    history: History,
    new: NewRevisions,
    revisions: tuple[Revision, ...],
    whole: bool,
) -> Deploy:
    """Observed where the base is whole and the deploy gets through; else read."""
    baseline, pristine = stage.database.schema(), stage.database.clone()
    heads = _heads(history, new)
    if whole:
        stage.use(pristine.clone())
        stage.database.seed("plain")
        recorder = stage.recorder()
        if stage.upgrade(heads, recorder) is None:
            found = _deploy(stage, history, revisions, recorder.statements, baseline, stage.database.schema())
            return dataclasses.replace(found, unjudged=_unjudged(stage, revisions))
    stage.use(pristine.clone())
    apart = bool(stage.options.get("transaction_per_migration"))
    reading = Reading(stage.database.server.dialect, baseline, history, stage.sources, apart, whole)
    stage.read(heads, reading)
    said = reading.told()
    found = _deploy(stage, history, revisions, said, reading.baseline, said[-1].after if said else reading.baseline)
    given_up = (f"{history.by_id[id].path}: {why}" for id, why in stage.given_up.items() if id in history.by_id)
    return dataclasses.replace(
        found,
        unjudged=(*reading.doubts, *given_up, *_unjudged(stage, revisions)),
        unknown_tables=tuple(reading.unknown),
    )


def _deploy(
    stage: _StandIn,
    history: History,
    revisions: tuple[Revision, ...],
    statements: Iterable[Statement],
    baseline: Schema,
    result: Schema,
) -> Deploy:
    server = stage.database.server
    return Deploy(
        dialect=server.dialect,
        version=server.version,
        history=history,
        revisions=revisions,
        statements=tuple(statements),
        baseline=baseline,
        result=result,
        server=f"{server.dialect} {server.version_text}",
        observed=False,
        sources={one.path: stage.sources[one.path] for one in revisions},
    )


def _unjudged(stage: _StandIn, revisions: Iterable[Revision]) -> tuple[str, ...]:
    """What the new revisions do with names that only stubs stood in for, a line for each revision."""
    uses = {one.path: unseen(stage.sources[one.path], stage.stubbed) for one in revisions}
    return tuple(
        f"{path}:{found[0][0]}: what {_listed(name for _, name in found)} would do is not known"
        for path, found in uses.items()
        if found
    )


def _listed(names: Iterable[str]) -> str:
    distinct = [f"`{name}`" for name in dict.fromkeys(names)]
    more = [f"{len(distinct) - _NAMED} more"] if len(distinct) > _NAMED else []
    return ", ".join((*distinct[:_NAMED], *more))


def env_options(text: str) -> dict[str, bool]:
    """What env.py asks of Alembic about transactions, where it says so in so many words."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    words = (word for node in ast.walk(tree) if isinstance(node, ast.Call) for word in node.keywords)
    return {
        word.arg: word.value.value
        for word in words
        if word.arg in ("transaction_per_migration", "transactional_ddl")
        and isinstance(word.value, ast.Constant)
        and isinstance(word.value.value, bool)
    }


def _at_hand(wanted: DatabaseChoice) -> DatabaseChoice:
    """Few machines have the wanted MySQL: its statements can be had from another one or MariaDB, their cost cannot."""
    if wanted.kind != "mysql" or wanted.url:
        return wanted
    from gate.databases import mysql  # its driver loads TLS: no other run needs that

    return dataclasses.replace(wanted, kind="mysql" if mysql.on_this_machine() else "mariadb", version="")


def _read_as_mysql(context: RunContext, seen: Deploy, wanted: DatabaseChoice) -> Deploy:
    """What the revisions send, without anything that another server did: rules go by MySQL's manual, and say so."""
    name = f"MySQL {wanted.version}".strip()
    context.notices.append(
        f"{context.project.name}: no {name} server was at hand. Statements come from a run on {seen.server}; what they "
        "cost on MySQL is read from its manual, not measured. Give a MySQL server with --database-url."
    )
    numbers = tuple(int(part) for part in wanted.version.split(".") if part.isdigit()) or (8, 0)
    version = numbers if len(numbers) > 2 else (*numbers, _ANY_PATCH)  # a release line: its newest
    statements = tuple(dataclasses.replace(one, observed=None, error=None) for one in seen.statements)
    return dataclasses.replace(
        seen, dialect="mysql", version=version, server=f"mysql {wanted.version or '8.0'}", statements=statements
    )


def _heads(history: History, new: NewRevisions) -> tuple[str, ...]:
    named = {parent for id in new.ids for parent in history.by_id[id].parents}
    return tuple(id for id in new.ids if id not in named)


def _environment(context: RunContext, project: Project, choice: DatabaseChoice) -> ProjectEnvironment:
    """The project's interpreter where it has Alembic and a driver that fits, else our own, which brings them along."""
    own = inspect(sys.executable)
    ours = ProjectEnvironment(
        own.path,
        own.version,
        own.packages.get("alembic"),
        own.packages.get("sqlalchemy"),
        pythonpath=_pythonpath.folders(context.repo, project, context.settings.pythonpath),
        drivers=tuple(NAMES.get(name, name) for name in own.packages),
    )
    try:
        theirs = context.fact(ProjectEnvironment)
    except GateError:
        return ours
    fitting = BLOCKING[family(choice.kind)]
    able = choice.kind == "sqlite" or any(one in fitting for one in theirs.drivers)
    return dataclasses.replace(theirs, variables={}, files={}, modules=()) if able else ours


def imported(texts: Iterable[str]) -> Iterable[str]:
    """What revisions import, as ``module`` and ``module:name``, Alembic and SQLAlchemy themselves left out."""
    for text in texts:
        yield from (f"{module}:{name}" if name else module for _, module, name in imports(text) if _is_foreign(module))


def _is_foreign(name: str) -> bool:
    top = name.split(".", 1)[0]
    return top not in sys.stdlib_module_names and top not in ("alembic", "sqlalchemy", "__future__")
