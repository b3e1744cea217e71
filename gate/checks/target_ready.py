"""Is it safe to go, now, here, with this release? And after the deploy: is the target what the code says?"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from gate.check import Answer, Check
from gate.checks import _target_findings as say
from gate.checks._target_advice import advice, stamped_with
from gate.checks._target_blockers import Blocker, blockers
from gate.checks._target_section import Ahead, section
from gate.facts.history import History, Project
from gate.facts.rehearsal import Deploy
from gate.facts.target import TargetPosition, pending
from gate.facts.target_evidence import TargetEvidence
from gate.model import Finding, Severity
from gate.plan import Staging, rows, staging, touched_tables
from gate.settings import Settings


def ask(
    position: TargetPosition, evidence: TargetEvidence, history: History, project: Project, settings: Settings
) -> Answer:
    verify = settings.command == "verify"
    touched = _touched(position, evidence, verify)
    every = blockers(
        evidence.survey, position, touched, evidence.deploy, settings.transaction_seconds, settings.idle_seconds
    )
    # After the deploy nobody judged what is pending, so nothing is said to be safe.
    staged = Staging(None) if verify else _staged(history, position, evidence, every)
    goal = "heads" if verify else staged.upgrade_to
    steps = advice(position, project, evidence.stamp, goal, _stop(staged))
    ahead = _ahead(position, evidence, history)
    sections: dict[str, Any] = {"target": section(position, evidence, every, staged, steps, touched, ahead)}
    if evidence.deploy:
        sections["plan"] = rows(evidence.deploy, evidence.survey.tables)
    if evidence.moved_to is not None:
        answer = _moved(position, evidence.moved_to)
    else:
        found = _verified(position, evidence, every) if verify else _ready(position, evidence, every, history)
        answer = _judged(position, evidence, tuple(found), staged, verify)
    return dataclasses.replace(
        answer, sections=sections, notes=(*position.notes, *evidence.survey.notes, *evidence.notes)
    )


def _moved(position: TargetPosition, rows: tuple[str, ...]) -> Answer:
    was, now = ", ".join(position.current) or "nothing", ", ".join(rows) or "nothing"
    return Answer(
        undecided=f"the target moved while it was read: it said {was}, now it says {now}",
        advice="Another migration ran meanwhile: wait for it, then run the gate again.",
    )


def _judged(
    position: TargetPosition, evidence: TargetEvidence, findings: tuple[Finding, ...], staged: Staging, verify: bool
) -> Answer:
    locked = position.notes[0] if position.state is None else None
    reason = locked or evidence.drift_problem or (evidence.problem if not verify else None)
    if reason:
        return Answer(findings, undecided=reason, advice=evidence.advice or "See the reason.")
    return Answer(findings, reason=_said(position, staged))


def _ahead(position: TargetPosition, evidence: TargetEvidence, history: History) -> Ahead:
    """What is pending, after the advised stamp where the version table does not say where the target is."""
    after = stamped_with(position, evidence.stamp)
    return Ahead(pending(history, (after,)), after) if after else Ahead(position.pending)


def _touched(position: TargetPosition, evidence: TargetEvidence, verify: bool) -> frozenset[str] | None:
    """The tables that the deploy stands on; None where it is not known."""
    deploy: Deploy | None = evidence.deploy
    if verify or (not position.pending and position.knows_its_revision):
        return frozenset()
    return frozenset(touched_tables(deploy)) if deploy else None


def _staged(
    history: History, position: TargetPosition, evidence: TargetEvidence, every: tuple[Blocker, ...]
) -> Staging:
    """Which part of the plan is safe now."""
    if not position.knows_its_revision:
        return Staging(None)
    bad = [row for row in evidence.drift if row.severity is Severity.ERROR]
    stop: str | None = evidence.problem or evidence.drift_problem
    if bad:
        stop = f"the target's schema is not the one of its revision: {bad[0].kind} {bad[0].object}"
    barring = [one for one in every if one.severity is Severity.ERROR and one.kind != "invalid-index"]
    everywhere = [one for one in barring if not one.tables]
    stop = stop or (everywhere[0].detail if everywhere else None)
    barred: dict[str, str] = {}
    for revision in position.pending_ids:
        mine = frozenset(touched_tables(evidence.deploy, [revision])) if evidence.deploy else frozenset()
        for one in barring:
            if mine & set(one.tables):
                barred.setdefault(revision, one.detail)
    return staging(history, position.pending_ids, evidence.unsafe, evidence.findings, barred, stop)


def _stop(staged: Staging) -> str:
    """Why nothing may run now."""
    return staged.phases[0].why if staged.phases and staged.upgrade_to is None else ""


def _ready(
    position: TargetPosition, evidence: TargetEvidence, every: tuple[Blocker, ...], history: History
) -> Iterator[Finding]:
    yield from say.state(position)
    yield from say.false_stamp(position, evidence)
    yield from say.drift(evidence)
    yield from say.preconditions(evidence)
    yield from say.blocked(every)
    yield from say.unknowns(evidence)
    yield from say.image(position, evidence, history)
    yield from say.starts(evidence)


def _verified(position: TargetPosition, evidence: TargetEvidence, every: tuple[Blocker, ...]) -> Iterator[Finding]:
    yield from say.state(position)
    yield from say.not_at_head(position)
    yield from say.false_stamp(position, evidence)
    yield from say.drift(evidence)
    yield from say.leftovers(every, evidence)
    yield from say.queries(evidence)
    yield from say.planned(position, evidence)
    yield from say.unknowns(evidence)


def _said(position: TargetPosition, staged: Staging) -> str:
    if not position.pending:
        return f"the target is {position.state}"
    safe = f"; safe now: {staged.upgrade_to or 'nothing'}" if staged.phases else ""
    return f"{len(position.pending)} pending{safe}"


check = Check(
    title="the target is ready",
    question="Is the target where it says it is, is the plan safe as one deploy, and would nothing hold it up now?",
    ask=ask,
    modes=("predeploy", "verify"),
    runs_project_code=True,
)
