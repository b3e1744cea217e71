"""The report for a terminal: checks, findings with the way out, what it rests on, and the verdict as the last line."""

from __future__ import annotations

from gate.model import CheckResult, Finding, ProjectReport, Report
from gate.render._groups import groups
from gate.render._terminal import Ink, hanging, plain, wrapped
from gate.render._text_findings import group
from gate.render._text_sections import sections, target
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
    server,
    subject,
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
        shown = groups(counting(project)[:_FINDINGS])
        parts += [_project(project, ink), target(project, ink)]
        parts += [group(one, ink, asked=report.mode != "check") for one in shown]
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
