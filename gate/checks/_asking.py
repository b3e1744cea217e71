"""What the checks that ask rules have in common: the world that is assumed, and one finding per cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gate.check import Answer
from gate.checks._portable import portable
from gate.facts.rehearsal import Deploy
from gate.facts.rulebook import Rulebook
from gate.model import Category, Finding, Severity

_STOPPED = frozenset({Category.LOCK, Category.REWRITE, Category.BACKWARD_INCOMPATIBLE, Category.NOT_SPLIT})
_SMALL = frozenset({Category.LOCK, Category.REWRITE})
# Harms of a column's values: two columns of one statement are two harms, whereas its table is locked or copied once.
_OF_VALUES = frozenset({Category.BACKWARD_INCOMPATIBLE, Category.DATA_LOSS, Category.FAILS_ON_EXISTING_ROWS})
_SHOWN = 5  # places that could not be judged, in the coverage line


def answer(deploy: Deploy, rules: Rulebook, check: str) -> Answer:
    """The findings of all rules that report to a check, as far as they hold in the world that the settings declare."""
    if not deploy.revisions:
        return _nothing(deploy)
    said = rules.findings(deploy, check)
    findings = tuple(portable(one, deploy.dialect) for one in distinct(one for one in said if holds(one, deploy)))
    return Answer(
        findings,
        undecided=_unjudged(deploy),
        advice=_advice(deploy),
        reason=_reach(deploy),
        notes=tuple(_notes(deploy)),
    )


def _nothing(deploy: Deploy) -> Answer:
    """Nothing is new, unless a file that nobody could tell the revision of is."""
    for one in deploy.history.problems:
        if one.kind in ("unreadable", "duplicate-id"):
            return Answer(undecided=f"the revision graph is broken: {one.message}", advice=one.advice)
    return Answer(reason="no new revisions")


def _unjudged(deploy: Deploy) -> str | None:
    if not deploy.unjudged:
        return None
    more = f" (and {len(deploy.unjudged) - 1} more)" if len(deploy.unjudged) > 1 else ""
    return f"not all could be judged without the project's environment: {deploy.unjudged[0]}{more}"


def _advice(deploy: Deploy) -> str | None:
    return "See upgrade-works for what the environment needs." if deploy.unjudged else None


def holds(finding: Finding, deploy: Deploy) -> bool:
    """Whether a finding's harm can come about: nobody is blocked while the application is stopped."""
    if deploy.maintenance_window and finding.category in _STOPPED:
        return False
    if deploy.code_first and finding.category is Category.BACKWARD_INCOMPATIBLE:
        return False
    return not (finding.category in _SMALL and finding.table in deploy.small_tables)


def distinct(findings: Iterable[Finding]) -> Iterator[Finding]:
    """One finding per cause and category: of several rules at one statement about one object the worst speaks first."""
    kept: list[Finding] = []
    for one in sorted(findings, key=lambda finding: finding.severity.rank):
        if not any(_same(one, other) for other in kept):
            kept.append(one)
    return iter(kept)


def _same(one: Finding, other: Finding) -> bool:
    if (one.category, one.revision, one.table) != (other.category, other.revision, other.table):
        return False
    if one.severity is Severity.NOTE or (one.id == other.id and one.column != other.column):
        return False
    if one.category in _OF_VALUES and one.column and other.column and one.column != other.column:
        return False
    return one.location == other.location and one.evidence[:1] == other.evidence[:1]


def _reach(deploy: Deploy) -> str | None:
    if not deploy.observed:
        return "the revisions ran by themselves, without the project's environment"
    return None if deploy.complete else "the upgrade stopped half way: what comes after was not seen"


def _notes(deploy: Deploy) -> Iterator[str]:
    if not deploy.observed and deploy.statements:
        yield "the project's env.py was not run: the gate's own stood in for it, with stubs for what is not installed"
    if deploy.unknown_tables:
        names = ", ".join(deploy.unknown_tables)
        yield f"no revision that could be run makes {names}: judged by what the statements say"
    yield from (f"not judged: {one}" for one in deploy.unjudged[:_SHOWN])
    if len(deploy.unjudged) > _SHOWN:
        yield f"not judged: {len(deploy.unjudged) - _SHOWN} more"
    if deploy.maintenance_window:
        yield "assumed world: a maintenance window, so locks and the release still running do not count"
    if deploy.code_first:
        yield "assumed world: the new code replaces the old before the migrations run"
    if deploy.small_tables:
        yield f"assumed small: {', '.join(sorted(deploy.small_tables))}"
