"""Puts together everything that the check of the target is asked about; what is missing says why.

The order is the order of closeness to "now": rehearsal, comparison, replay, then sessions, rows, and at last the version
rows again, so that a target that moved meanwhile is noticed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gate import suppressions
from gate.collect import _target, _target_drift, _target_queries, _target_replay, _upgrades_at_start
from gate.context import RunContext
from gate.databases.target import LOCKED, catalogue
from gate.errors import CannotDecide, GateError, TargetUnavailable, UsageError
from gate.facts.history import History, Project
from gate.facts.image import ImageAnswer, ImageFacts
from gate.facts.rehearsal import Deploy, Rehearsal, Statement
from gate.facts.rulebook import Rulebook
from gate.facts.schema import Schema
from gate.facts.target import TargetPosition
from gate.facts.target_evidence import Stamp, TargetEvidence
from gate.facts.target_measurements import TargetMeasurements
from gate.facts.target_survey import TargetSurvey
from gate.model import Category, Finding, Location, Severity


def collect(context: RunContext, project: Project, history: History, position: TargetPosition) -> TargetEvidence:
    """The evidence. Raises TargetUnavailable when the target is gone."""
    found = _Found(context, project, history, position)
    found.planned = _plan(context)
    found.judge_deploy()
    actual = found.compare()
    found.recognise(actual)
    survey = context.fact(TargetSurvey)
    measurements = found.measure()
    queries = _target_queries.answered(context, project, history, position) if context.mode == "verify" else None
    moved = _again(context, position)
    return TargetEvidence(
        survey=survey,
        expected=found.expected,
        compared_with=found.compared_with,
        drift=found.drift,
        drift_problem=found.drift_problem,
        stamp=found.stamp,
        deploy=found.deploy,
        findings=found.findings,
        unsafe=found.unsafe,
        problem=found.problem,
        advice=found.advice,
        measurements=measurements,
        queries=queries,
        moved_to=moved,
        planned=found.planned,
        starts_upgrades=_upgrades_at_start.places(context.repo),
        image=_image(context),
        unseen=found.unseen,
        notes=tuple(found.notes),
    )


class _Found:
    """The evidence on its way."""

    def __init__(self, context: RunContext, project: Project, history: History, position: TargetPosition) -> None:
        self.context, self.project, self.history, self.position = context, project, history, position
        self.planned: Mapping[str, Any] | None = None
        self.expected: Schema | None = None
        self.compared_with: tuple[str, ...] = ()
        self.drift: tuple[Any, ...] = ()
        self.drift_problem: str | None = None
        self.stamp: Stamp | None = None
        self.deploy: Deploy | None = None
        self.findings: tuple[Finding, ...] = ()
        self.unsafe: dict[str, tuple[Finding, ...]] = {}
        self.problem: str | None = None
        self.advice: str | None = None
        self.hidden: Mapping[str, str] = {}
        self.unseen: tuple[str, ...] = ()
        self.notes: list[str] = []

    def judge_deploy(self) -> None:
        """The deploy as one, and every part of it that one could stop at."""
        if not self.position.pending_ids or self.context.mode != "predeploy":
            return
        try:
            self.deploy = self.context.fact(Deploy)
        except CannotDecide as error:
            self.problem, self.advice = str(error), error.advice
            return
        observed = tuple(self._observed())
        self.findings = self._errors(self.deploy, observed)
        if self.findings:
            for id in self.position.pending_ids:
                below = self.history.ancestors([id]) & set(self.position.pending_ids)
                seen = tuple(one for one in observed if one.revision in below)
                errors = self._errors(restricted(self.deploy, below), seen)
                self.unsafe[id] = tuple(one for one in errors if one.revision in below or one.revision is None)

    def _observed(self) -> Iterator[Finding]:
        """What broke in the rehearsal, as the checks of those names say it: a plan must not go past it."""
        try:
            rehearsal = self.context.fact(Rehearsal)
        except CannotDecide:
            return
        for run in rehearsal.runs:
            if run.profile != "hostile" and run.failure and run.failure.revision:
                text = f"fails: {run.failure.error.strip().splitlines()[0]}" if run.failure.error.strip() else "fails"
                yield self._seen("upgrade-works", Category.BROKEN, run.failure.revision, text)
        for one in rehearsal.old_release:
            if one.revision:
                yield self._seen(
                    "old-release-works",
                    Category.BACKWARD_INCOMPATIBLE,
                    one.revision,
                    f"the release still running fails in {one.verb} on {one.table}: {one.error}",
                    one.table,
                )

    def _seen(self, check: str, category: Category, revision: str, text: str, table: str | None = None) -> Finding:
        found = self.history.by_id.get(revision)
        place = Location(found.path, found.upgrade_line or found.line) if found else None
        return Finding(check, check, category, Severity.ERROR, text, place, revision, table)

    def _errors(self, deploy: Deploy, observed: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """The errors about a deploy that nobody allowed, as the target's rows have them."""
        rules = self.context.fact(Rulebook)
        said = (*rules.findings(deploy), *observed)
        with contextlib.suppress(CannotDecide):
            said = self.context.fact(TargetMeasurements).judged(said)
        judged = suppressions.apply(said, deploy.sources, self.context.settings, _today(), asked=frozenset())
        ids = rules.ids | {one.id for one in observed}
        return tuple(
            one for one in judged if one.severity is Severity.ERROR and one.suppressed is None and one.id in ids
        )

    def compare(self) -> Schema | None:
        """The target's schema against what its revision gives on a scratch database. Gives the target's schema."""
        actual, whole = self._read_schema()
        if actual is None or not self.position.knows_its_revision or self.position.state == "empty":
            return actual
        try:
            rehearsal = self.context.fact(Rehearsal)
        except TargetUnavailable:
            raise
        except GateError as error:
            self.drift_problem, self.advice = str(error), error.advice
            return actual
        if rehearsal.baseline_failure:
            self.drift_problem = f"the target's revision cannot be rebuilt: {rehearsal.baseline_failure.error}"
            return actual
        self._differ(rehearsal.baseline, actual)
        self.compared_with = self.position.current
        if not whole and any(one.kind == "missing-table" for one in self.drift):
            self.drift = tuple(one for one in self.drift if one.kind != "missing-table")
            self.drift_problem = "tables may be missing or merely hidden from this role"
            self.advice = "Grant the role SELECT on the whole database."
        self._note_server(rehearsal)
        return actual

    def _read_schema(self) -> tuple[Schema | None, bool]:
        """The target's schema, None where a lock keeps it; and whether the role sees every table."""
        with _target.connected(self.context) as target:
            actual, unknown = catalogue(target, _target.version_names(self.position))
            whole, self.hidden = target.sees_everything(), target.hidden()
        if not unknown:
            return actual, whole
        self.drift_problem = f"the target's schema could not be read: {LOCKED}"
        self.advice = "The blockers say who holds it: wait for that session or end it, then run again."
        return None, whole

    def _differ(self, expected: Schema, actual: Schema) -> None:
        """The drift in what the role may see; what it may not and the revisions make is unknown."""
        self.expected = _target.without(expected, _target.version_names(self.position))
        self.unseen = tuple(self.hidden[kind] for kind in _target.concerned(self.expected, self.hidden))
        self.drift = _target_drift.drift(_target.seen(self.expected, self.hidden), _target.seen(actual, self.hidden))

    def _note_server(self, rehearsal: Rehearsal) -> None:
        """Another kind or major than the target's may spell or do things differently: said, not hidden."""
        mine, theirs = rehearsal.server, self.position.server
        length = 1 if theirs.dialect in ("postgresql", "sqlite") else 2
        if (mine.dialect, mine.version[:length]) != (theirs.dialect, theirs.version[:length]):
            self.notes.append(
                f"rehearsed on {mine.dialect} {mine.version_text}, the target is {theirs.dialect} {theirs.version_text}: "
                "give a scratch server of the same version with --database-url"
            )

    def recognise(self, actual: Schema | None) -> None:
        """Which revision the schema is, where the version table does not say it or says it falsely."""
        false = any(one.severity is Severity.ERROR for one in self.drift)
        if actual is None or not (
            self.position.state in ("unstamped", "unknown-revision") or false or self.position.overlapping
        ):
            return
        try:
            replay = _target_replay.replayed(
                self.context, self.project, self.history, _target.version_names(self.position)
            )
        except GateError as error:
            self.stamp = Stamp(total=len(self.history.revisions), reason=str(error))
            self.drift_problem = self.drift_problem or f"the history could not be replayed: {error}"
            return
        replay = _target_replay.without_kinds(replay, self.hidden)
        actual = _target.seen(actual, self.hidden)
        stamp = _target_replay.matched(replay, actual, self.history)
        if false and self._is_only_drift(stamp, _target_replay.lines_apart(replay, actual, self.position.current)):
            return
        self.stamp = stamp
        if not false:
            self._compare_with_candidate(stamp, actual)

    def _is_only_drift(self, stamp: Stamp, said: int | None) -> bool:
        """No other revision fits much better than the one that the target says: a drifted schema, not a false stamp.

        Dropping by hand what the last revision added looks like never having run it; beside other drift the version
        table is believed.
        """
        if not stamp.candidates or set(self.position.current) & set(stamp.candidates):
            return True
        return said is not None and stamp.lines * 2 > said

    def _compare_with_candidate(self, stamp: Stamp, actual: Schema) -> None:
        if not stamp.candidates:
            self.drift_problem = f"no revision to compare with: {stamp.reason}"
            return
        self.compared_with = stamp.candidates[:1]
        if not stamp.differences:
            return
        try:
            found = _target_replay.schema_at(self.context, self.project, self.history, stamp.candidates[:1])
        except GateError as error:
            self.drift_problem = str(error)
            return
        self._differ(found, actual)
        self.stamp = dataclasses.replace(stamp, differences=len(self.drift))

    def measure(self) -> TargetMeasurements:
        """The preconditions' answers; without a deploy there are none."""
        if self.deploy is None:
            return TargetMeasurements()
        try:
            return self.context.fact(TargetMeasurements)
        except CannotDecide as error:
            self.notes.append(f"preconditions not measured: {error}")
            raise


def restricted(deploy: Deploy, revisions: Iterable[str]) -> Deploy:
    """The deploy as it would be if it stopped after these revisions."""
    kept = frozenset(revisions)
    statements: tuple[Statement, ...] = tuple(one for one in deploy.statements if one.revision in kept)
    runs = tuple(
        dataclasses.replace(run, failure=None) if run.failure and run.failure.revision not in kept else run
        for run in deploy.runs
    )
    return dataclasses.replace(
        deploy,
        runs=runs,
        revisions=tuple(one for one in deploy.revisions if one.id in kept),
        statements=statements,
        result=statements[-1].after if statements else deploy.baseline,
    )


def _today() -> Any:
    import datetime

    return datetime.date.today()


def _again(context: RunContext, position: TargetPosition) -> tuple[str, ...] | None:
    """The version rows read once more: None when they are the same."""
    table = position.version_table
    with _target.connected(context) as target:
        stand = target.stand([table.name] if table else [])
    same = [
        one for one in stand.version_tables if table is None or (one.name, one.schema) == (table.name, table.schema)
    ]
    if same and same[0].locked:
        return None if position.state is None else ("a version table locked by another session",)
    rows = tuple(sorted(str(row) for row in same[0].rows or ())) if same else ()
    return None if rows == position.current else rows


def _image(context: RunContext) -> ImageAnswer | None:
    """The image that will migrate, when one is named; whether it is sound is the question of ``image-contents``."""
    if not context.settings.image or context.mode != "predeploy":
        return None
    try:
        return context.fact(ImageFacts).decides
    except CannotDecide:
        return None


def _plan(context: RunContext) -> Mapping[str, Any] | None:
    """The report of the predeploy run that ``verify`` compares with. Raises UsageError when it is none."""
    named = context.settings.plan
    if not named or context.mode != "verify":
        return None
    file = context.settings.path(named)
    try:
        told = json.loads(file.read_text("utf-8"))
        projects = told["projects"]
        return next((one for one in projects if one.get("name") == context.project.name), projects[0])  # type: ignore[no-any-return]  # untrusted, looked at with .get
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise UsageError(
            f"is no report of predeploy: {error}",
            where=f"--plan {named}",
            advice="Write it with: alembic-gate predeploy --write json=plan.json",
        ) from error
