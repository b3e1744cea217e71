"""Collects each fact once, asks the checks, builds the report. Knows no check, rule or fact by name but the graph's.

What only a rehearsal or a target needs is imported when there is one: most of a static run is loading modules.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gate import __version__, registry, suppressions
from gate.check import Answer, Check
from gate.collect.projects import find_projects, settings_for
from gate.context import Progress, RunContext, private_folder
from gate.errors import FINDINGS, PASS, UNDECIDED, CannotDecide, GateError, UsageError
from gate.facts.history import Base, History, NewRevisions, Project
from gate.facts.subject import RunSubject
from gate.model import Category, CheckResult, Coverage, Finding, ProjectReport, Report, Severity, Verdict
from gate.settings import Settings

if TYPE_CHECKING:
    from gate.facts.rehearsal import Deploy, Rehearsal
    from gate.facts.target_measurements import TargetMeasurements


def run(settings: Settings, progress: Progress) -> Report:
    """Judge every chosen project and say it in one report.

    Raises UsageError when nothing can be judged because the question is wrong (unknown check, no such project).
    """
    started = time.monotonic()
    chosen = chosen_checks(settings)
    with private_folder() as workdir, contextlib.ExitStack() as stack:
        shared: dict[str, Any] = {}
        runs = [
            ProjectRun(settings_for(settings, project), project, workdir, stack, progress, shared)
            for project in find_projects(settings)
        ]
        projects = tuple(one.report(chosen) for one in runs)
        subject = runs[0].subject()
    timings: dict[str, float] = {}
    for one in runs:
        for name, seconds in one.context.timings.items():
            timings[name] = timings.get(name, 0.0) + seconds
    timings["total"] = time.monotonic() - started
    verdict = overall(projects, settings, chosen)
    return Report(
        mode=settings.command,
        verdict=verdict,
        exit_code={Verdict.PASS: PASS, Verdict.FAIL: FINDINGS}.get(verdict, UNDECIDED),
        tool_version=__version__,
        subject=subject,
        projects=projects,
        timings=timings,
        notices=tuple(dict.fromkeys(notice for one in runs for notice in one.context.notices)),
        sections={"rules": explained(projects)},
    )


def explained(projects: Iterable[ProjectReport]) -> dict[str, Any]:
    """Title and reason of each rule that spoke, so that SARIF and readers of the report need no catalogue."""
    spoke = {finding.id for project in projects for finding in project.findings}
    rules = registry.rules()
    return {id: {"title": rules[id].title, "why": rules[id].why} for id in rules if id in spoke}


def chosen_checks(settings: Settings) -> tuple[Check, ...]:
    """The checks of this mode, narrowed by ``only`` and ``skip``."""
    every = registry.checks()
    for id in (*settings.only, *settings.skip):
        if id not in every:
            raise UsageError(f"there is no check {id!r}", where="--only/--skip", advice=f"Known: {', '.join(every)}.")
    wanted = settings.only or [id for id, check in every.items() if settings.command in check.modes]
    return tuple(every[id] for id in dict.fromkeys(wanted) if id not in settings.skip)


def overall(projects: Iterable[ProjectReport], settings: Settings, chosen: Iterable[Check]) -> Verdict:
    """Findings outrank undecided; a check whose ``on-undecided`` is ``warn`` does not hold the run back."""
    checks = {check.id: check for check in chosen}
    results = [result for project in projects for result in project.checks]
    if any(result.verdict is Verdict.FAIL for result in results):
        return Verdict.FAIL
    stuck = [result for result in results if result.verdict is Verdict.UNDECIDED]
    blocking = [one for one in stuck if settings.on_undecided.get(one.id, checks[one.id].on_undecided) == "fail"]
    return Verdict.UNDECIDED if blocking else Verdict.PASS


class ProjectRun:
    """One project's facts and answers."""

    def __init__(
        self,
        settings: Settings,
        project: Project,
        workdir: Path,
        stack: contextlib.ExitStack,
        progress: Progress,
        shared: dict[str, Any],
    ) -> None:
        self.settings, self.project = settings, project
        self.context = RunContext(settings, project, workdir, stack, progress, self.fact, shared, ahead=self.ahead)
        self.chosen: tuple[Check, ...] = ()
        self.known: dict[type, Any] = {Settings: settings, Project: project, RunContext: self.context}
        self.failed: dict[type, GateError] = {}

    def fact(self, kind: type) -> Any:
        """A fact, collected at the first asking. A failure is remembered, so the world is not asked twice."""
        if kind in self.failed:
            raise self.failed[kind]
        if kind not in self.known:
            try:
                self.known[kind] = self.collected(kind)
            except GateError as error:
                self.failed[kind] = error
                raise
            except Exception as error:
                self.failed[kind] = self.bug(error)
                raise self.failed[kind] from error
        return self.known[kind]

    def collected(self, kind: type) -> Any:
        """A fact from its collector; the rulebook is put together here, since no collector may see the rules."""
        if kind.__name__ == "Rulebook":
            return kind(frozenset(registry.rules()), tuple(rule.findings for rule in registry.rules().values()))
        collector = registry.collector(kind)
        return collector(**self.facts(collector))

    def ahead(self) -> None:
        """Load the rules where a chosen check asks for them; a failure is told when it does."""
        kinds = {kind for check in self.chosen for kind in registry.needs(check.ask).values()}
        for kind in kinds:
            if kind.__name__ == "Rulebook":
                with contextlib.suppress(GateError):
                    self.fact(kind)

    def seen(self, name: str) -> Any:
        """The fact of this name if somebody asked for it; the question itself collects and imports nothing."""
        return next((value for kind, value in self.known.items() if kind.__name__ == name), None)

    def bug(self, error: Exception) -> CannotDecide:
        """A bug of ours must not hide the other answers; it is shown whole in the report's notices."""
        self.context.notices.append("internal error, please report:\n" + traceback.format_exc())
        return CannotDecide(f"internal error: {type(error).__name__}: {error}", advice="Please report this.")

    def facts(self, function: Callable[..., Any]) -> Mapping[str, Any]:
        """The arguments that a check or a collector asks for."""
        return {name: self.fact(kind) for name, kind in registry.needs(function).items()}

    def ask(self, check: Check) -> tuple[Answer, float]:
        """A check's answer; a fact that could not be collected makes it undecided, never silent."""
        started = time.monotonic()
        self.context.progress(f"{self.project.name}: {check.title}")
        try:
            answer = check.ask(**self.facts(check.ask))
        except UsageError:
            raise
        except GateError as error:
            answer = Answer(undecided=str(error), advice=error.advice)
        except Exception as error:  # noqa: BLE001  # see bug()
            failure = self.bug(error)
            answer = Answer(undecided=failure.what, advice=failure.advice)
        return answer, time.monotonic() - started

    def report(self, chosen: Iterable[Check]) -> ProjectReport:
        """Ask every chosen check and put the answers together."""
        self.chosen = tuple(chosen)
        answers = {check.id: self.ask(check) for check in self.chosen}
        said = [finding for answer, _ in answers.values() for finding in answer.findings]
        asked = frozenset(id for id, (answer, _) in answers.items() if not (answer.undecided or answer.skipped))
        findings = self.judged(said, asked)
        history, new = self.graph()
        rehearsal: Rehearsal | None = self.seen("Rehearsal")
        sections = self.ground()
        for answer, _ in answers.values():
            sections.update(answer.sections)
        server = rehearsal.server if rehearsal else None
        return ProjectReport(
            name=self.project.name,
            config=self.project.config,
            dialect=server.dialect if server else None,
            server_version=server.version_text if server else None,
            server_source=server.source if server else None,
            heads=history.heads,
            new_revisions=new.ids,
            coverage=self.coverage([note for answer, _ in answers.values() for note in answer.notes]),
            snapshot=(rehearsal.snapshot if rehearsal else None) or {"used": False, "reason": "no rehearsal ran"},
            checks=tuple(self.result(id, answer, seconds, findings) for id, (answer, seconds) in answers.items()),
            findings=findings,
            sections=sections,
        )

    def ground(self) -> dict[str, Any]:
        """The plan, the locks and the assumed world of a deploy that was looked at."""
        deploy: Deploy | None = self.seen("Deploy")
        if deploy is None:
            return {}
        from gate import ground, plan

        return {"plan": plan.rows(deploy, {}), "locks": ground.locks(deploy), "world": ground.world(deploy)}

    def judged(self, findings: list[Finding], asked: frozenset[str]) -> tuple[Finding, ...]:
        """One finding per cause and category, then the settings' levels and the suppressions.

        A check whose finding was folded into a rule's stays failed with it: ``result`` follows the fold.
        """
        measured: TargetMeasurements | None = self.seen("TargetMeasurements")
        findings = list(measured.judged(findings)) if measured else findings
        history, new = self.graph()
        paths = {finding.location.path for finding in findings if finding.location}
        paths |= {history.by_id[id].path for id in new.ids if id in history.by_id}
        sources = {path: self.source(path) for path in paths}
        today = datetime.date.today()
        return told_once(
            suppressions.apply(
                one_per_cause(findings), sources, self.settings, today, known=registry.Answering(), asked=asked
            )
        )

    def source(self, path: str) -> str:
        """The text of a file that findings are in; empty when it is not in the working tree."""
        file = self.context.repo / path
        return file.read_text("utf-8", "replace") if file.is_file() else ""

    def result(self, id: str, answer: Answer, seconds: float, findings: tuple[Finding, ...]) -> CheckResult:
        """A check's row: its verdict after levels and suppressions."""
        fail_on = None if self.settings.fail_on == "never" else Severity(self.settings.fail_on)
        mine = tuple(
            one
            for one in findings
            if one.check == id or any(_same_cause(one, said) or _explains(one, said) for said in answer.findings)
        )
        verdict = dataclasses.replace(answer, findings=mine).verdict(fail_on)
        folded = ", ".join(dict.fromkeys(one.id for one in mine if one.check != id))
        reason = answer.undecided or answer.skipped or answer.reason or (f"see {folded}" if folded else None)
        return CheckResult(id, verdict, reason, answer.advice, round(seconds, 3))

    def graph(self) -> tuple[History, NewRevisions]:
        """Heads and new revisions: in the report under any ``--only``."""
        found: list[Any] = []
        for kind in (History, NewRevisions):
            try:
                found.append(self.fact(kind))
            except GateError:
                found.append(kind())
        return found[0], found[1]

    def coverage(self, notes: list[str]) -> Coverage:
        """What was seen running and what was only read."""
        deploy: Deploy | None = self.seen("Deploy")
        statements = deploy.statements if deploy else ()
        observed = sum(1 for one in statements if one.observed)
        unknown = sum(1 for one in statements if not one.understood)
        if unknown:
            notes.append(f"{unknown} statements not understood by the parser: judged by what the server did")
        return Coverage(observed, len(statements) - observed, tuple(dict.fromkeys(notes)))

    def subject(self) -> Any:
        """What was judged, for the report's head."""
        try:
            return self.fact(RunSubject).subject(self.fact(Base))
        except CannotDecide:
            return RunSubject().subject(Base())


def one_per_cause(findings: list[Finding]) -> list[Finding]:
    """One cause gives one finding per category: a rule's word outranks a check's observation of the same thing.

    A check's finding is dropped when a rule has the same category on the same revision and the same object (or either
    names no object); the rule keeps the check's evidence.
    """
    kept: list[Finding] = []
    rules = registry.rules()
    for finding in sorted(findings, key=lambda one: one.id not in rules):
        twin = next((one for one in kept if _same_cause(one, finding)), None) if finding.id not in rules else None
        if twin is None:
            kept.append(finding)
        else:
            more = tuple(dict.fromkeys((*twin.evidence, *finding.evidence)))
            kept[kept.index(twin)] = dataclasses.replace(twin, evidence=more)
    return kept


def told_once(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """An upgrade that fails is told once: where a rule says why, the check's own finding only points there.

    As a note where the rule's category says more than `broken` does; `migration-fails` says no more than that. Asked after
    levels and suppressions, so that silencing the rule never silences the failure.
    """

    def pointing(one: Finding) -> Finding:
        why = next((other for other in findings if _explains(other, one)), None)
        if why is None:
            return one
        text = f"revision {one.revision} fails on any database: {why.id} at this line says why"
        severity = one.severity if why.id == "migration-fails" else Severity.NOTE
        return dataclasses.replace(one, severity=severity, message=text, remedy=None)

    return tuple(pointing(one) for one in findings)


def _explains(rule: Finding, check: Finding) -> bool:
    """Whether a rule's error is the reason of a failure that a check saw: it stands at the statement that fails."""
    if check.category is not Category.BROKEN or rule.severity is not Severity.ERROR or rule.suppressed:
        return False
    stops = (Category.TRANSACTION, Category.FAILS_ON_EXISTING_ROWS)
    if rule.id != "migration-fails" and (rule.category not in stops or rule.depends_on_data):
        return False
    return (rule.revision, rule.location) == (check.revision, check.location) and rule.check != check.check


def _same_cause(one: Finding, other: Finding) -> bool:
    if (one.category, one.revision) != (other.category, other.revision) or one.id == other.id or one.revision is None:
        return False
    if other.table and one.table and one.table != other.table:
        return False
    return not (other.column and one.column and one.column != other.column)
