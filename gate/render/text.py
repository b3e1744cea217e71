"""The report for a terminal: checks, findings with the way out, what it rests on, and the verdict as the last line."""

from __future__ import annotations

from gate.model import CheckResult, Finding, ProjectReport, Report, Step
from gate.render._terminal import Ink, block, hanging, plain, wrapped
from gate.render._text_sections import sections
from gate.render._words import (
    TOOL,
    counting,
    coverage,
    graph,
    headline,
    place,
    plural,
    rank,
    remark,
    said_once,
    same_remedy,
    server,
    steps,
    subject,
    suggestion,
    suppressed,
    total,
    word,
)

_FINDINGS = 500


def render(report: Report, colour: bool = False) -> str:
    """The whole report as text; escape codes only with ``colour``."""
    ink = Ink(colour)
    parts = [_head(report, ink)]
    for project in sorted(report.projects, key=rank):
        shown = counting(project)[:_FINDINGS]
        again = same_remedy(shown)
        parts += [_project(project, ink), *(_finding(one, ink, again.get(id(one))) for one in shown)]
        parts += [_rest(project), *sections(project, ink), _allowed(project, ink), _ground(project, ink)]
    parts += [wrapped(f"Note: {one}", "") for one in report.notices]
    parts.append(_verdict(report, ink))
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(report: Report, ink: Ink) -> str:
    judged = plain(subject(report))
    return f"{ink(f'{TOOL} {report.mode}', 'bold')}{ink(f'  {judged}', 'dim') if judged else ''}"


def _project(project: ProjectReport, ink: Ink) -> str:
    config = f" ({plain(project.config)})" if project.config and project.config != project.name else ""
    title = f"{ink(plain(project.name), 'bold')}{config}"
    about = f"  {plain(graph(project))}"
    width = max((len(check.id) for check in project.checks), default=0)
    rows = [_check(project, check, width, ink) for check in said_once(project.checks)]
    return "\n".join([title, about, "", *rows])


def _check(project: ProjectReport, check: CheckResult, width: int, ink: Ink) -> str:
    label = f"{check.verdict:<9}  {check.id:<{width}}  "
    row = hanging(label, remark(project, check) or "·").replace("·", "", 1).rstrip()
    row = row.replace(f"{check.verdict:<9}", ink(f"{check.verdict:<9}", str(check.verdict)), 1)
    return f"{row}\n{hanging(' ' * len(label) + '→ ', check.advice)}" if check.advice else row


def _finding(finding: Finding, ink: Ink, again: str | None) -> str:
    where = plain(place(finding))
    head = f"{ink(str(finding.severity), str(finding.severity))}  {ink(plain(finding.id), 'bold')}"
    lines = [f"{head}  {where}" if where else head, wrapped(finding.message), f"  {ink(_about(finding), 'dim')}"]
    lines += [hanging(f"{one.kind:<8}  ", one.detail, "    ", 600) for one in finding.evidence[:12]]
    return "\n".join([*lines, *_precondition(finding), *_remedy(finding, ink, again), *_suggestion(finding)])


def _about(finding: Finding) -> str:
    thing = ".".join(part for part in (finding.table, finding.column) if part)
    parts = [finding.category.value, f"revision {finding.revision}" if finding.revision else "", thing]
    parts += [f"with {', '.join(finding.related[:5])}"] if finding.related else []
    return plain(", ".join(part for part in parts if part))


def _precondition(finding: Finding) -> list[str]:
    if not finding.depends_on_data:
        return []
    lines = ["    depends on the rows: alembic-gate predeploy asks the target"]
    return [*lines, block(finding.precondition_sql)] if finding.precondition_sql else lines


def _remedy(finding: Finding, ink: Ink, again: str | None) -> list[str]:
    remedy = finding.remedy
    if remedy is None:
        return []
    if again:
        return [f"  {ink('The safe way', 'green')} is the one of {plain(again)} above"]
    several = len({step.deploy for step in remedy.steps}) > 1
    lead = [f"  {ink('The safe way', 'green')}", wrapped(remedy.summary, "    ")]
    return [*lead, *(_step(one, several) for one in steps(remedy))]


def _step(step: Step, several: bool) -> str:
    lead = f"deploy {step.deploy}: " if several else "- "
    title = hanging(lead, step.title, "    ") if step.title or several else ""
    return "\n".join(part for part in (title, block(step.code, "        ") if step.code else "") if part)


def _suggestion(finding: Finding) -> list[str]:
    text = suggestion(finding)
    if not text or finding.location is None:
        return []
    return [f"    replace line {finding.location.line} by", block(text, "        ")]


def _rest(project: ProjectReport) -> str:
    rest = len(counting(project)) - _FINDINGS
    return f"… and {plural(rest, 'more finding')}: --format json has them all" if rest > 0 else ""


def _allowed(project: ProjectReport, ink: Ink) -> str:
    every = suppressed(project)
    lines = [f"  {plain(one.id)}  {plain(place(one))}  {plain(_reason(one))}" for one in every[:50]]
    title = ink(plural(len(every), "suppressed finding"), "dim")
    return "\n".join([title, *lines]) if every else ""


def _reason(finding: Finding) -> str:
    allow = finding.suppressed
    if allow is None:
        return ""
    until = f", until {allow.until}" if allow.until else ""
    return f"{allow.reason or 'no reason given'} ({allow.source}{until})"


def _ground(project: ProjectReport, ink: Ink) -> str:
    where = f"{server(project)}. " if server(project) else ""
    lines = [hanging("covered  ", f"{where}{coverage(project)}.", "")]
    world = word(project.sections.get("world"))
    lines += [hanging("assumed  ", world, "")] if world else []
    return ink("\n".join(lines), "dim")


def _verdict(report: Report, ink: Ink) -> str:
    took = f" ({total(report)})" if total(report) else ""
    line = headline(report)
    return f"{ink(line, str(report.verdict), 'bold')}{took}"
