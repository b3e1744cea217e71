"""Workflow commands that put each finding on its line of the pull request.

The runner shows ten errors, ten warnings and ten notices of a step, in the order they are printed, so the worst are
printed and the rest is counted in a plain line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gate.model import CheckResult, Finding, Report, Severity, Verdict
from gate.render._clean import bounded, clip, one_line
from gate.render._words import TOOL, by_verdict, counting, plural
from gate.render._workflow_commands import command, harmless

PER_LEVEL = 10
_NAMES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report) -> str:
    """At most ten commands a level, worst first, then how many more."""
    stuck, findings = list(_undecided(report)), counting(report)
    lines: list[str] = []
    for severity in Severity:
        mine: list[str | Finding] = [line for level, line in stuck if level is severity]
        mine += [finding for finding in findings if finding.severity is severity]
        lines += [one if isinstance(one, str) else _command(one) for one in mine[:PER_LEVEL]]
        if len(mine) > PER_LEVEL:
            lines.append(f"{TOOL}: {plural(len(mine) - PER_LEVEL, f'more {severity}')}: see the job summary")
    return "".join(f"{line}\n" for line in lines)


def _undecided(report: Report) -> Iterator[tuple[Severity, str]]:
    """Checks without an answer: errors when they hold the run back, else warnings."""
    level = Severity.ERROR if report.verdict is Verdict.UNDECIDED else Severity.WARNING
    for project in report.projects:
        for check in by_verdict(project.checks):
            if check.verdict is Verdict.UNDECIDED:
                yield level, command(_NAMES[level], _reason(check), title=f"{TOOL}: {check.id} undecided")


def _reason(check: CheckResult) -> str:
    return "\n".join(part for part in (check.reason or "no reason given", check.advice) if part)


def _command(finding: Finding) -> str:
    place = finding.location if finding.location and _inside(finding.location.path) else None
    title = bounded(f"{TOOL}: {finding.id}", 200)
    if place is None:
        return command(_NAMES[finding.severity], _message(finding), title=title)
    line = max(place.line, 1)
    last = place.end_line if place.end_line and place.end_line >= line else None
    return command(_NAMES[finding.severity], _message(finding), file=place.path, line=line, endLine=last, title=title)


def _inside(path: str) -> bool:
    """Whether a path can be a file of the checkout."""
    return bool(path) and not path.startswith(("/", "\\", "~")) and ":" not in path[:2] and ".." not in path.split("/")


def _message(finding: Finding) -> str:
    """The message, what it is about, and the way out, in a few lines."""
    thing = ".".join(part for part in (finding.table, finding.column) if part)
    revision = f"revision {finding.revision}" if finding.revision else ""
    about = ", ".join(part for part in (finding.category.value, revision, thing) if part)
    lines = [one_line(finding.message), f"({about})"]
    lines += ["Depends on the rows: predeploy asks the target."] if finding.depends_on_data else []
    lines += [f"The safe way: {one_line(finding.remedy.summary)}", *_steps(finding)] if finding.remedy else []
    return clip(harmless("\n".join(clip(line, 1500) for line in lines)), 3500)


def _steps(finding: Finding) -> Sequence[str]:
    steps = finding.remedy.steps if finding.remedy else ()
    several = len({step.deploy for step in steps}) > 1
    return [f"{f'Deploy {step.deploy}: ' if several else '- '}{one_line(step.title)}" for step in steps[:10]]
