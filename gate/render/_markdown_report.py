"""The whole report as Markdown, at a given detail. The comment and the job summary differ only in their bounds."""

from __future__ import annotations

import dataclasses

from gate.model import ProjectReport, Report, Verdict
from gate.render._markdown_detail import Detail
from gate.render._markdown_escape import code, code_cell, details, html, prose, table
from gate.render._markdown_project import project
from gate.render._words import SYMBOLS, TOOL, headline, plural, rank, subject, tally, total, verdict_of


def build(report: Report, detail: Detail) -> str:
    """Verdict line first; then what to act on; then what it rests on."""
    detail = dataclasses.replace(detail, asked=report.mode != "check")
    blocks = [verdict_line(report), *_notices(report, detail), *_projects(report, detail), _footer(report)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def verdict_line(report: Report) -> str:
    """The line that is never cut."""
    return f"### {SYMBOLS[report.verdict]} {TOOL} {report.mode} · {headline(report)}"


def _notices(report: Report, detail: Detail) -> list[str]:
    shown = [f"> ⚠️ {prose(one, detail.words)}" for one in report.notices[: detail.rows]]
    rest = len(report.notices) - len(shown)
    return ["\n>\n".join([*shown, f"> … and {rest:,} more notices"] if rest else shown)] if shown else []


def _projects(report: Report, detail: Detail) -> list[str]:
    if not report.projects:
        return ["No Alembic environment was judged."]
    if len(report.projects) == 1:
        return project(report.projects[0], detail)
    ranked = sorted(report.projects, key=rank)
    blocks = [_overview(ranked, detail)]
    return blocks + [block for one in ranked[: detail.projects] for block in _one_of_many(one, detail)]


def _overview(ranked: list[ProjectReport], detail: Detail) -> str:
    rows = [
        (code_cell(one.name, 80), f"{SYMBOLS[verdict_of(one)]} {verdict_of(one)}", tally(one.findings) or "no findings")
        for one in ranked[: detail.projects * 5]
    ]
    rest = len(ranked) - len(rows)
    more = f"\n\n… and {plural(rest, 'more project')}" if rest else ""
    return table(("project", "verdict", "findings"), rows) + more


def _one_of_many(about: ProjectReport, detail: Detail) -> list[str]:
    verdict = verdict_of(about)
    title = f"{SYMBOLS[verdict]} {verdict}"
    if verdict is Verdict.PASS:
        return [details(f"{title} <code>{html(about.name, 80)}</code>", "\n\n".join(project(about, detail)))]
    return [f"### {title} {code(about.name, 80)}", *project(about, detail)]


def _footer(report: Report) -> str:
    said = [f"{TOOL} {prose(report.tool_version, 40)}", prose(subject(report), 300), total(report)]
    return f"<sub>{' · '.join(part for part in said if part)}</sub>"
