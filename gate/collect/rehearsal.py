"""Runs the deploy on scratch databases with rows in them, and tells what happened.

Stages: baseline -> plain rows, observed -> models compared -> the old release's queries -> down and up again -> hostile
rows. Databases are cloned per stage, never per revision. One probe process imports the project once for all of them.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from gate.collect import _base_models, _known_diffs, _losses, _named_tables, _old_release, _round_trip, _side_effects
from gate.collect._git import Git
from gate.collect._one_by_one import OneByOne
from gate.collect._reached import OtherDialect
from gate.collect._recording import Recorder
from gate.collect._several import together
from gate.collect._stage import Stage
from gate.context import RunContext
from gate.databases import digests
from gate.errors import CannotDecide, GateError, ProjectBroken, ServerUnavailable
from gate.facts.changes import RenameColumn, RenameTable
from gate.facts.database_choice import DatabaseChoice
from gate.facts.environment import ProjectEnvironment
from gate.facts.history import Base, History, NewRevisions, Project
from gate.facts.rehearsal import (
    NOT_COMMITTED,
    DataChange,
    Diff,
    Failure,
    QueryFailure,
    Rehearsal,
    RoundTrip,
    RowsRun,
    Statement,
)
from gate.facts.schema import Schema
from gate.sandbox import ProjectFailure

URL_NAMES = ("DATABASE_URL", "SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_DATABASE_URL", "DATABASE_URI", "DB_URL")
_NO_WAY_BACK = RoundTrip(reason="the upgrade did not get through")


def collect(
    context: RunContext,
    project: Project,
    history: History,
    base: Base,
    new: NewRevisions,
    environment: ProjectEnvironment,
    choice: DatabaseChoice,
) -> Rehearsal:
    """The whole rehearsal. Raises CannotDecide when it could not even reach the baseline's start."""
    _answerable(context, history)

    def once(environment: ProjectEnvironment, choice: DatabaseChoice) -> Rehearsal:
        with Stage(context, project, environment, choice, history, base.sha, not new.ids) as stage:
            return _Rehearsing(context, history, base, new, stage).run()

    def settled(choice: DatabaseChoice) -> Rehearsal:
        try:
            return once(environment, choice)
        except OtherDialect as truth:
            told = with_url_named(environment) if truth.kind == "sqlite" else None
            if told:
                context.progress("without a URL the project falls back to SQLite: starting over with DATABASE_URL set")
                with contextlib.suppress(OtherDialect, ProjectBroken):
                    return once(told, choice)
            context.progress(f"the project connects to {truth.kind}: starting over on it")
            why = "the project's first connection"
            chosen = dataclasses.replace(
                choice, kind=truth.kind, driver=truth.driver, version="", certain=True, why=why
            )
            return once(environment, chosen)

    try:
        return settled(choice)
    except ServerUnavailable:
        if choice.kind != "mysql" or choice.certain or choice.url:
            raise
        context.progress("MySQL was only guessed, and no server is at hand: the project shows what it connects to")
        why = "no MySQL server is at hand, and the project runs without"
        return settled(dataclasses.replace(choice, kind="sqlite", version="", driver="", why=why))


def _answerable(context: RunContext, history: History) -> None:
    """Raises CannotDecide where nothing may or can run."""
    if context.settings.static_only:
        raise CannotDecide(
            "project code is not run for code of a fork with rights of the base",
            advice="Run the gate on pull_request, where the token may only read.",
        )
    broken = next(
        (one for one in history.problems if one.kind in ("missing-parent", "cycle", "duplicate-id", "unreadable")), None
    )
    if broken:
        raise CannotDecide(f"the revision graph is broken: {broken.message}", where=broken.path, advice=broken.advice)
    if not history.revisions:
        raise CannotDecide("there is no revision to rehearse", advice="Check version_locations.")


def with_url_named(environment: ProjectEnvironment) -> ProjectEnvironment | None:
    """The usual variables filled with the scratch URL, for a project that falls back to SQLite without one.

    None when the user's own ``env:`` already says how the URL reaches the project.
    """
    if any("{url}" in text or "{host}" in text for text in environment.variables.values()):
        return None
    note = (
        f"without a URL the project falls back to SQLite: {URL_NAMES[0]} and the like were set to the scratch database"
    )
    variables = {**dict.fromkeys(URL_NAMES, "{url}"), **environment.variables}
    return dataclasses.replace(environment, variables=variables, notes=(*environment.notes, note))


@dataclasses.dataclass(frozen=True)
class _Deploy:
    """The upgrade over ordinary rows and, where that fails, without rows; the schema as far as either came."""

    plain: RowsRun
    empty: RowsRun | None
    recorder: Recorder
    result: Schema
    versions: tuple[str, ...]

    @property
    def reached(self) -> bool:
        """Did one of them get to the heads?"""
        return self.plain.failure is None or (self.empty is not None and not self.fails_always)

    @property
    def fails_always(self) -> bool:
        """Whatever rows there are, none included."""
        return self.empty is not None and self.empty.failure is not None

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What the revisions ran, in order."""
        return tuple(self.recorder.statements)


@dataclasses.dataclass(frozen=True)
class _After:
    """What was asked of the new schema; nothing where it was not reached."""

    diff: Diff | None = None
    old: tuple[QueryFailure, ...] = ()
    round_trip: RoundTrip = _NO_WAY_BACK
    hostile: RowsRun | None = None


class _Rehearsing:
    """One rehearsal on its way; each method is one stage."""

    def __init__(self, context: RunContext, history: History, base: Base, new: NewRevisions, stage: Stage) -> None:
        self.context, self.history, self.base, self.new, self.stage = context, history, base, new, stage
        self.heads = self._target()
        self.notes: list[str] = []
        self.mapped: Mapping[str, frozenset[str]] | None = None
        self.old_source = "the base's schema"

    def _target(self) -> tuple[str, ...]:
        """Where the deploy goes: the heads above the new revisions, all heads when nothing is new."""
        if not self.new.ids:
            return self.new.baseline or self.history.heads
        return (
            self.history.heads
            if self.context.mode == "check"
            else _tops(self.history, (*self.new.baseline, *self.new.ids))
        )

    def run(self) -> Rehearsal:
        """All stages, as far as they can go."""
        stage = self.stage
        with self.context.timed("baseline"):
            stage.begin()
            failed = self._upgrade_to_baseline()
        if failed:
            return self._only(failed)
        self.baseline, self.pristine = stage.database.schema(), stage.database.clone()
        beside, outside = stage.beside, stage.made_outside
        with self.context.timed("rehearsal"):
            deploy = self._deploy()
        found = self._placed(deploy, self._afterwards(deploy) if deploy.reached else _After())
        found = dataclasses.replace(
            found,
            baseline=together(found.baseline, *beside),
            result=together(found.result, *stage.beside),
            old_release_source=self.old_source,
            mapped=self.mapped,
            transaction_per_migration=_own_transactions(deploy.statements),
            creates_schema_outside=outside,
            settings={**stage.session_settings(), **deploy.recorder.settings()},
        )
        return self._with_surroundings(found)

    def _deploy(self) -> _Deploy:
        """The observed run; the one without rows too, when it does not get through over them."""
        plain, recorder = self._plain(self.pristine)
        empty = None
        if plain.failure:
            empty, recorder = self._empty(self.pristine, recorder)
        told = _Deploy(plain, empty, recorder, recorder.catalogue.now, self.stage.version_rows)
        return dataclasses.replace(told, result=self.stage.database.schema()) if told.reached else told

    def _afterwards(self, deploy: _Deploy) -> _After:
        """What is asked of the schema that was reached."""
        with self.context.timed("compare"):
            diff = self._compare()
        old = self._old_release(self.pristine, self.baseline, deploy.result, deploy.statements)
        round_trip = self._round_trip(self.baseline, deploy.result)
        with self.context.timed("rehearsal"):
            hostile = self._hostile(self.pristine, deploy.statements)
        return _After(diff, old, round_trip, hostile)

    def _placed(self, deploy: _Deploy, after: _After) -> Rehearsal:
        """What was found, each with the revision that it comes from."""
        exact = OneByOne(self.stage, self.pristine, self.new, self.heads)
        every = (deploy.plain, deploy.empty, after.hostile)
        wanted = deploy.reached and self.new.ids
        unseen = _losses.unseen(self.baseline, deploy.result, deploy.statements) if wanted else ()
        return Rehearsal(
            server=self.stage.database.server,
            baseline=self.baseline,
            result=deploy.result,
            statements=deploy.statements,
            runs=tuple(_placed(run, exact, deploy.fails_always) for run in every if run),
            diff=after.diff,
            round_trip=exact.way_back(after.round_trip, self.baseline),
            unseen=tuple(map(exact.placed, unseen)),
            old_release=tuple(map(exact.asked, after.old)),
            version_rows=deploy.versions,
        )

    def _with_surroundings(self, found: Rehearsal) -> Rehearsal:
        """The same with what was noted on the way to it."""
        stage = self.stage
        return dataclasses.replace(
            found,
            notes=(*stage.notes, *self.notes),
            output_tail=stage.tail,
            snapshot=stage.snapshot,
            timings=dict(self.context.timings),
        )

    def _upgrade_to_baseline(self) -> Failure | None:
        """The base branch's heads, from a snapshot or by replay."""
        if not self.new.baseline:
            return None
        self.context.progress("upgrading the scratch database to the base")
        failed = self.stage.replay(self.new.baseline) or self._uncommitted()
        if failed is None and not self.new.ids and self.stage.snapshot.get("used"):
            return self.stage.upgrade(self.heads, None)  # nothing else would run today's env.py to its end
        return failed

    def _uncommitted(self) -> Failure | None:
        """The base's upgrade said nothing, and the version table stands below its heads: the rest was rolled back."""
        history, stands = self.stage.history, self.stage.version_rows
        missing = history.ancestors(self.new.baseline) - history.ancestors(stands)
        if not stands or not missing:
            return None
        first = next((one for one in sorted(missing) if history.ancestors([one]) & missing == {one}), None)
        told = f"the upgrade ends without an error, yet the version table stands at {', '.join(stands)}"
        return Failure(f"{told}: what came after it was never committed", NOT_COMMITTED, first)

    def _only(self, failed: Failure) -> Rehearsal:
        server, outside = self.stage.database.server, self.stage.made_outside
        told = Rehearsal(server, Schema(), Schema(), baseline_failure=failed, creates_schema_outside=outside)
        return self._with_surroundings(told)

    def _plain(self, pristine: Any) -> tuple[RowsRun, Recorder]:
        """The observed run, over ordinary rows."""
        stage = self.stage
        stage.use(pristine.clone())
        seeded = stage.database.seed("plain")
        before = stage.database.digest()
        self.context.progress(f"rehearsing {len(self.new.ids)} revisions over rows in {seeded.tables} tables")
        recorder = stage.recorder()
        failure = stage.upgrade(self.heads, recorder) if self.new.ids else None
        data: tuple[DataChange, ...] = ()
        if failure is None and self.new.ids:
            data = self._data(before, tuple(recorder.statements))
        unseeded = tuple(f"{name}: {why}" for name, why in seeded.unseeded.items())
        return RowsRun("plain", failure, data, seeded.tables, unseeded, seeded.own_rows), recorder

    def _data(self, before: digests.Digest, statements: tuple[Statement, ...]) -> tuple[DataChange, ...]:
        tables = {c.table: c.to for s in statements for c in s.changes if isinstance(c, RenameTable)}
        columns = {(c.table, c.column): c.to for s in statements for c in s.changes if isinstance(c, RenameColumn)}
        changes = digests.compare(before, self.stage.database.digest(), tables, columns)
        return tuple(_losses.blamed(change, statements) for change in changes)

    def _empty(self, pristine: Any, plain: Recorder) -> tuple[RowsRun, Recorder]:
        """The same without rows: tells what breaks always from what breaks on rows, and sees the rest of the statements."""
        self.stage.use(pristine.clone())
        recorder = self.stage.recorder()
        failure = self.stage.upgrade(self.heads, recorder)
        return RowsRun("empty", failure), recorder if len(_places(recorder)) >= len(_places(plain)) else plain

    def _hostile(self, pristine: Any, statements: tuple[Statement, ...]) -> RowsRun | None:
        """Rows with NULLs, duplicates and long values: what fails or goes only here depends on the data."""
        if not self.new.ids:
            return None
        self.stage.use(pristine.clone())
        seeded = self.stage.database.seed("hostile")
        before = self.stage.database.digest()
        recorder = self.stage.recorder(looking=False)
        failure = self.stage.upgrade(self.heads, recorder)
        data = self._data(before, statements) if failure is None else ()
        return RowsRun("hostile", failure, data, seeded.tables)

    def _compare(self) -> Diff:
        """Autogenerate's diff; what project code raises on the way is the reason why there is none."""
        try:
            told = _side_effects.compared(self.stage)
        except ProjectFailure as failure:
            return Diff(error=f"{failure.type}: {failure.message or failure.text}")
        return Diff(
            operations=tuple(one for one in told.get("operations", ()) if isinstance(one, Mapping)),
            code=str(told.get("code") or ""),
            runs=int(told.get("runs") or 0),
            metadata_tables=int(told.get("metadata_tables") or 0),
            error="env.py gives no target_metadata" if told.get("no_metadata") else None,
            known=_known_diffs.read(self.context),
        )

    def _old_release(
        self, pristine: Any, baseline: Schema, result: Schema, statements: tuple[Statement, ...]
    ) -> tuple[QueryFailure, ...]:
        if not self.new.ids:
            return ()
        with _old_release.Base(pristine) as base:
            found = _old_release.failures(self.stage.database, base, baseline, result, statements)
            if not found or self.context.mode != "check" or self.base.sha is None:
                return found
            models = _base_models.mapped(self.stage)
            if models is None:
                return found
            self.mapped = _old_release.believed(models, baseline, statements, self._named)
            self.old_source = "the base branch's models"
            used = _old_release.used(baseline, self.mapped, result)
            found = _old_release.failures(self.stage.database, base, used, result, statements)
        return tuple(dataclasses.replace(one, certain=one.certain and one.table in self.mapped) for one in found)

    def _named(self, tables: frozenset[str]) -> frozenset[str]:
        git, project = Git(self.context.repo), self.stage.project
        return _named_tables.named(git, self.base.sha or "", tables, project.version_locations)

    def _round_trip(self, baseline: Schema, result: Schema) -> RoundTrip:
        """Down to the baseline and up again, where every revision has a way back."""
        revisions = [self.history.by_id[id] for id in self.new.ids]
        try:
            return _round_trip.ride(self.stage, revisions, self.new.baseline, self.heads, baseline, result)
        except (ProjectBroken, GateError) as error:
            return RoundTrip(reason=str(error))


def _places(recorder: Recorder) -> set[tuple[str, int]]:
    """The lines that issued a statement: a loop over rows is one place, however many rows it met."""
    return {(one.revision, one.location.line) for one in recorder.statements}


def _tops(history: History, ids: Iterable[str]) -> tuple[str, ...]:
    """Those of these revisions that none of the others stands above."""
    wanted = list(dict.fromkeys(ids))
    below = {parent for id in wanted if id in history.by_id for parent in history.by_id[id].parents}
    return tuple(id for id in wanted if id not in below)


def _placed(run: RowsRun, exact: OneByOne, always: bool) -> RowsRun:
    """The run with a revision beside its failure and, of ordinary rows, beside all that are gone.

    What ``always`` fails may do so after a revision too: where Alembic writes down that it ran.
    """
    if always or run.profile == "empty":
        return dataclasses.replace(run, failure=exact.stopped(run.failure, "plain"))
    failure = exact.stopped(run.failure, run.profile)
    if run.profile == "hostile":
        return dataclasses.replace(run, failure=failure)
    data = tuple(exact.placed(one) if one.kind == "rows-lost" else one for one in run.data)
    return dataclasses.replace(run, failure=failure, data=data)


def _own_transactions(statements: Iterable[Statement]) -> bool | None:
    """Does each revision run in its own transaction? Observed; None when one revision tells nothing."""
    seen: dict[str, set[str]] = {}
    for one in statements:
        if not one.autocommit:
            seen.setdefault(one.revision, set()).add(one.transaction)
    groups = list(seen.values())
    if len(groups) < 2:
        return None
    return not set.intersection(*groups) and len(set.union(*groups)) >= len(groups)
