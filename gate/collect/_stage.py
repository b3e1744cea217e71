"""Servers, scratch databases and the probe of one rehearsal, and the way between them."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

from gate import sql
from gate.collect import (
    _advice,
    _base_schema,
    _bootstrap,
    _loading,
    _placing,
    _side_effects,
    _snapshot,
    _stuck,
    _templates,
)
from gate.collect._catalogue import Catalogue
from gate.collect._drivers import fitting
from gate.collect._reached import OtherDialect, same_file
from gate.collect._recording import Recorder
from gate.collect._scratch_server import scratch_server
from gate.collect._several import Several
from gate.context import RunContext
from gate.databases import _watching_postgresql
from gate.databases.base import ScratchDatabase
from gate.errors import CannotDecide, GateError, ProjectBroken
from gate.facts.database_choice import DatabaseChoice, family
from gate.facts.environment import ProjectEnvironment
from gate.facts.history import History, Project
from gate.facts.rehearsal import Failure
from gate.facts.schema import Schema
from gate.sandbox import Frames, Launch, Lookout, Probe, ProjectFailure, copy_workspace, hand_over, probe_uid


class Stage:
    """Everything that a rehearsal stands on. A context manager: probe, databases and private tree are gone at its end."""

    def __init__(
        self,
        context: RunContext,
        project: Project,
        environment: ProjectEnvironment,
        choice: DatabaseChoice,
        history: History,
        base_sha: str | None = None,
        on_base: bool = False,
    ) -> None:
        self.context, self.project, self.environment, self.choice, self.history = (
            context,
            project,
            environment,
            choice,
            history,
        )
        self.base_sha, self.on_base = base_sha, on_base
        self.version_table: tuple[str, str | None] = ("alembic_version", None)
        self.notes: list[str] = [*environment.notes, *project.notes, *choice.notes]
        if choice.why:
            self.notes.append(f"database: {choice.kind} {choice.version}".rstrip() + f" ({choice.why})")
        self.snapshot: Mapping[str, Any] = {"used": False, "reason": "replayed"}
        self.made_outside: tuple[str, ...] = ()
        self.covered: list[tuple[str, str]] = []  # path and blob id of the base's files that decide its schema
        self.aside: ScratchDatabase | None = None
        self.by_models: frozenset[str] = frozenset()
        self.uid = probe_uid(environment.python)
        self._stack = contextlib.ExitStack()
        self._main_name: str | None = None
        self._others: dict[str, ScratchDatabase] = {}
        self._recorder: Recorder | None = None
        self._revision: str | None = None
        self._deadlock: str | None = None
        self.sources = {one.path: self._text(one.path) for one in history.revisions}

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _text(self, path: str) -> str:
        file = self.context.repo / path
        return file.read_text("utf-8", "replace") if file.is_file() else ""

    @property
    def tail(self) -> str:
        """The end of what the project printed."""
        return self.probe.tail if hasattr(self, "probe") else ""

    def begin(self) -> None:
        """Server and first database, beside them private tree and probe; then the project is loaded."""
        # The thread stays as long as the probe: the kernel ends a probe with the thread that started it (PR_SET_PDEATHSIG).
        ahead = self._stack.enter_context(ThreadPoolExecutor(1)).submit(self._beside_the_server)
        try:
            with self.context.timed("server_ready"):
                self.server = scratch_server(self.context, self.choice, self.notes)
                self.database = self._prepared(self.server.create())
        finally:
            early = ahead.result()
            if early is not None:
                self._stack.enter_context(early)
        self._write_files(self.uid)
        self.probe = early or self._stack.enter_context(self._started(self.variables()))
        self.load()

    def _beside_the_server(self) -> Probe | None:
        """The private tree, and a probe that loads Alembic meanwhile; none where variables tell of the server."""
        self.tree = copy_workspace(self.context.repo, self.context.workdir, self.uid)
        templates = any("{" in text for text in self.environment.variables.values())
        return None if templates else self._started(self.environment.variables)

    def _started(self, variables: Mapping[str, str]) -> Probe:
        launch = Launch(
            self.environment.python,
            self.tree,
            self.project.directory,
            variables,
            self.context.workdir,
            float(self.context.settings.timeout),
            self.uid,
        )
        return Probe(launch, self.handle, Lookout(self._silent, self._where))

    def _prepared(self, database: ScratchDatabase, fresh: bool = True) -> ScratchDatabase:
        """Session settings that decide verdicts, and on a fresh database the user's extensions and SQL."""
        settings = self.context.settings
        self._stack.callback(self._drop, database)
        if database.server.dialect == "sqlite" and self.uid is not None:
            hand_over(Path(database.parts["database"]).parent, self.uid)
        database.configure({"client_min_messages": "debug1", "timezone": settings.time_zone or "UTC"})
        if fresh:
            self._user_sql(database)
        return database

    def _drop(self, database: ScratchDatabase) -> None:
        with contextlib.suppress(GateError):
            database.drop()

    def _user_sql(self, database: ScratchDatabase) -> None:
        settings = self.context.settings
        for extension in settings.extensions:
            database.execute('CREATE EXTENSION IF NOT EXISTS "' + extension.replace('"', '""') + '" CASCADE')
        if settings.init_sql:
            file = settings.path(settings.init_sql) if settings.init_sql.endswith(".sql") else None
            database.execute(file.read_text("utf-8") if file and file.is_file() else settings.init_sql)
        if settings.bootstrap.endswith(".sql"):
            database.execute(settings.path(settings.bootstrap).read_text("utf-8"))

    def variables(self) -> dict[str, str]:
        """The settings' variables for the project's code, templates filled in."""
        parts = self._parts()
        return {name: _templates.fill(text, parts) for name, text in self.environment.variables.items()}

    @property
    def driver(self) -> str:
        """The driver for a URL that the gate has to give: of the sort that env.py uses, and installed if we know."""
        env = self._text(f"{self.project.script_location}/env.py") if self.project.script_location else ""
        return fitting(family(self.database.server.dialect), env, (self.choice.driver, *self.environment.drivers))

    def _parts(self) -> dict[str, str]:
        driver = self.driver
        return {**self.database.parts, "url": self.database.url(driver), "driver": driver}

    def _write_files(self, uid: int | None) -> None:
        for name, text in self.environment.files.items():
            path = self.tree / name
            if not path.resolve().is_relative_to(self.tree.resolve()):
                raise CannotDecide(
                    "lies outside of the repository", where=f"files: {name}", advice="Use a relative path."
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_templates.fill(text, self._parts()), "utf-8")
            hand_over(path.parent, uid)

    def load(self) -> None:
        """Import the project's Alembic and make its Config. Raises ProjectBroken with an advice."""
        told = _loading.told(self.project, self.environment, self.tree, self.context.repo)
        before = self.database.schema()
        try:
            versions = self.probe.call("load", self._look_ahead, project=told, url=self.url)
        except ProjectFailure as failure:
            raise self.explained(failure) from failure
        self.notes.append(
            f"project: Python {versions.get('python')}, Alembic {versions.get('alembic')}, SQLAlchemy {versions.get('sqlalchemy')}"
        )
        self.by_models = frozenset(map(str, versions.get("made_by_models") or ()))
        _side_effects.settle(self, before)
        if self.context.settings.bootstrap != "base-ref":
            self.made_outside = _bootstrap.made_by_models(self.sources)

    def _look_ahead(self) -> None:
        """What is needed soon and does not hang on the project, while another core imports it."""
        sql.parse("SELECT 1", self.database.server.dialect)  # loads the parser
        if self.context.settings.cache and self.base_sha:
            self.covered = _snapshot.covered_files(self, self.base_sha)
        self.context.ahead()

    @property
    def url(self) -> str:
        """The scratch database's URL with the project's driver, for a project that has none of its own."""
        return self.database.url(self.driver)

    def start_afresh(self) -> None:
        """Put the database aside that an import wrote to."""
        self.database = self._prepared(self.server.create())
        self.probe.call("move")

    def use(self, database: ScratchDatabase) -> None:
        """From now on the project's connections go to this database."""
        self.database = self._prepared(database, fresh=False)
        self.probe.call("move")

    def recorder(self, looking: bool = True) -> Recorder:
        """A recorder for the database in use; one that is not ``looking`` only counts and keeps what failed."""
        table, others = self.version_table[0], self._others.values()
        catalogues = Several(
            Catalogue(self.database, table, looking),
            {one.parts["database"]: Catalogue(one, table, looking) for one in others},
        )
        self._recorder = Recorder(catalogues, self.history, self.sources)
        return self._recorder

    @property
    def has_others(self) -> bool:
        """Does the project open a second database?"""
        return bool(self._others)

    @property
    def beside(self) -> tuple[Schema, ...]:
        """What the project's other databases hold."""
        return tuple(one.schema() for one in self._others.values())

    def replay(self, heads: tuple[str, ...]) -> Failure | None:
        """The base's heads: restored from a snapshot whose key fits exactly, else upgraded to and kept for the next run."""
        if _base_schema.wanted(self.context.settings.bootstrap):
            return _base_schema.build(self, heads)
        return _snapshot.restored_or(self, heads, lambda: self.upgrade(heads, None))

    def upgrade(self, heads: tuple[str, ...], recorder: Recorder | None, again: bool = False) -> Failure | None:
        """Upgrade to these heads; observed when there is a recorder. A failure is told, not raised.

        ``again`` is for the second time, after a downgrade: labels of enums are there already.
        """
        self._recorder = recorder
        self._revision = self._deadlock = None
        try:
            told = self.probe.call("upgrade", target=self._apart(heads), observe=self._observing(recorder), again=again)
        except ProjectFailure as failure:
            if self._revision is None:
                raise self.explained(failure) from failure  # env.py itself, before any revision
            return self._failed(failure, recorder)
        finally:
            self._recorder = None
        self._remember_version_table(told.get("version_table"))
        if not told.get("runs"):
            raise CannotDecide(
                "env.py never called run_migrations, so nothing ran",
                advice="Look for a loop over tenants or a branch that was not taken; set `env:` so that it is.",
            )
        return None

    def _observing(self, recorder: Recorder | None) -> dict[str, Any] | None:
        """What the probe is told of observing: None when nobody listens, nothing when statements are only to be told."""
        if recorder is None:
            return None
        return dataclasses.asdict(recorder.catalogue.watching) if recorder.catalogue.watching else {}

    def _apart(self, heads: tuple[str, ...]) -> list[str]:
        """Alembic refuses targets of which one stands above another (by ``depends_on`` too)."""
        above = [
            one for one in heads if not any(one in self.history.ancestors([other]) for other in heads if other != one)
        ]
        return above or list(heads)

    def _remember_version_table(self, told: Any) -> None:
        """The version table may have another name or schema (``version_table``, ``version_table_schema``)."""
        if isinstance(told, dict) and told.get("name"):
            self.version_table = (str(told["name"]), str(told["schema"]) if told.get("schema") else None)
            self.database.version_table = self.version_table[0]

    def downgrade(self, targets: tuple[str, ...]) -> Failure | None:
        """Downgrade to these revisions; nothing is base."""
        self._revision = self._deadlock = None
        try:
            self.probe.call("downgrade", target=list(targets) or ["base"])
        except ProjectFailure as failure:
            return self._failed(failure, None)
        return None

    def _failed(self, failure: ProjectFailure, recorder: Recorder | None) -> Failure:
        """What project code raised, placed; a statement that we ended ourselves is told by its true reason."""
        told = _placing.failure_of(failure, self.history, self.sources, recorder)
        if self._deadlock is None or told.sqlstate != _stuck.CANCELLED:
            return told
        error = (
            f"deadlock with itself: it waits for {self._deadlock}, which another connection of the same migration "
            "holds until its transaction ends; no time-out set, it would wait for ever"
        )
        return dataclasses.replace(told, error=error)

    def _silent(self) -> None:
        """Project code says nothing for a while: it may wait for a lock that it holds itself."""
        if self._revision is not None and self._deadlock is None:
            self._deadlock = _stuck.end_self_deadlock(self.database)

    def _where(self, frames: Frames) -> str:
        """Revision, line and statement of what took too long."""
        told = _stuck.place(self._revision, frames, self.history, self.sources)
        sql = _stuck.running(self.database)
        return "; ".join(part for part in (told, sql and f"the server was running: {sql}") if part)

    @property
    def version_rows(self) -> tuple[str, ...]:
        """The version table as committed, read from our own connection."""
        return self.database.versions(*self.version_table)

    def session_settings(self) -> dict[str, str]:
        """Time-outs that hold on the scratch database by themselves (roles, server)."""
        has_zone = self.database.server.dialect == "postgresql"
        return {"timezone": self.context.settings.time_zone or "UTC"} if has_zone else {}

    def handle(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """Events of the probe: a connection that needs a database, a revision that begins, a statement."""
        kind = event.get("event")
        if kind == "need":
            return self._need(event)
        if kind == "committed":
            return {"relations": self._committed(event)}
        if kind == "revision":
            self._revision = str(event.get("revision"))
            if self._recorder:
                self._recorder.began(str(event.get("revision")))
        if kind == "statement":
            if self._recorder:
                if isinstance(self._recorder.catalogue, Several):  # a stand-in reads, and has one
                    self._recorder.catalogue.move(event.get("database"))
                self._recorder.heard(event, self._rows)
            return {} if event.get("wait") else None
        return None

    def _committed(self, event: dict[str, Any]) -> list[tuple[Any, ...]] | None:
        """Relations as everybody sees them, while the project's session may have changed them."""
        every = {one.parts["database"]: one for one in (self.database, *self._others.values())}
        database, oids = every.get(str(event.get("database"))), event["oids"]
        try:
            return None if database is None else database.execute(_watching_postgresql.COMMITTED, (oids,))
        except GateError:  # a revision may have shut us out: then this statement is not observed
            return None

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.probe.ask_rows(sql)]

    def _need(self, event: dict[str, Any]) -> dict[str, Any]:
        """Which scratch database stands for the one that the project wants to open."""
        wanted, have = family(str(event.get("backend"))), family(self.database.server.dialect)
        if wanted != have:
            if self.choice.certain or self._main_name is not None:
                return {"refuse": f"the project connects to {wanted}, and this rehearsal runs on {have}"}
            raise OtherDialect(wanted, str(event.get("driver")))
        name = str(event.get("database") or "")
        if self._main_name is None:
            self._main_name = name
        database = self.database if name == self._main_name or self._same(name) else self._other(name)
        return {"url": database.url(str(event.get("driver")))}

    def _same(self, name: str) -> bool:
        """The scratch database itself, given as the URL; or one database by two names (a file and its full path)."""
        ours = self.database.parts["database"]
        if name in (ours, "", ":memory:") or re.fullmatch(r"alembic_gate_\w+", name):
            return True
        return same_file(name, str(self._main_name)) if self.database.server.dialect == "sqlite" else False

    def _other(self, name: str) -> ScratchDatabase:
        if name not in self._others:
            self._others[name] = self._prepared(self.server.create(name))
            self._others[name].watching()  # the observer's queries go to whatever database of ours the project opens
            told = name.removeprefix(f"{self.tree}/")
            self.notes.append(f"the project opens a second database, {told}: it got one of its own")
        return self._others[name]

    def explained(self, failure: ProjectFailure) -> ProjectBroken:
        """A project failure as one sentence with an advice."""
        time.sleep(0.05)  # the reader gets the last lines
        what, advice = _advice.explain(
            failure.type, failure.message or failure.text, self.tail + "\n" + failure.traceback
        )
        return ProjectBroken(what, where=self.project.config or self.project.script_location, advice=advice)
