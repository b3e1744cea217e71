"""The plan to hand on, as Markdown: where the target is, in which phases to go, each revision's SQL, and the risks.

It is what a release pipeline attaches to its deployment and a person reads before saying yes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from gate.model import Category, EvidenceKind, Finding, ProjectReport, Report
from gate.render._markdown_detail import SUMMARY, Detail, fitted
from gate.render._markdown_escape import code, prose
from gate.render._markdown_project import ground, locks, plan_step
from gate.render._markdown_report import verdict_line
from gate.render._markdown_target import target
from gate.render._words import counting, place, records

LIMIT = 1_000_000
"""Bytes, so that it can be appended to a job summary."""


def render(report: Report) -> str:
    """The plan of every project."""
    most = dataclasses.replace(SUMMARY, findings=500)
    return fitted(lambda detail: _build(report, detail), most, lambda text: len(text.encode()), LIMIT)


def _build(report: Report, detail: Detail) -> str:
    blocks = [verdict_line(report)]
    for project in report.projects[: detail.projects]:
        blocks += [f"## Plan: {prose(project.name, 80)}", *_project(project, detail)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _project(project: ProjectReport, detail: Detail) -> list[str]:
    steps = records(project.sections.get("plan"))
    if detail.sections:
        blocks = [target(project.sections.get("target"), detail), locks(project, detail)]
        blocks += [plan_step(step, detail) for step in steps[: detail.rows]]
        blocks += [f"… and {len(steps) - detail.rows:,} more revisions"] if len(steps) > detail.rows else []
    else:
        blocks = [f"{len(steps):,} revisions; their SQL is in `report.json`."]
    blocks = blocks if steps else [*blocks, "Nothing is to be migrated."]
    every = counting(project)[: detail.findings]
    blocks += [_risks("Risks", (one for one in every if one.category is not Category.IRREVERSIBLE), detail)]
    blocks += [_risks("The way back", (one for one in every if one.category is Category.IRREVERSIBLE), detail)]
    return [*blocks, ground(project, detail)]


def _risks(title: str, findings: Iterable[Finding], detail: Detail) -> str:
    told: set[tuple[str, str | None, str]] = set()
    lines = []
    for one in findings:
        way = one.remedy.summary if one.remedy else ""
        lines.append(_risk(one, "" if (one.id, one.revision, way) in told else way, detail))
        told.add((one.id, one.revision, way))
    return "\n".join([f"### {title}", "", *lines]) if lines else ""


def _risk(finding: Finding, way: str, detail: Detail) -> str:
    """What it is, what the target's rows say to it, and the way out unless that was just said."""
    where = f" {code(place(finding), 200)}" if finding.location else ""
    measured = [
        one.detail
        for one in finding.evidence
        if one.kind is EvidenceKind.MEASURED and one.detail not in finding.message
    ]
    said = " ".join(
        [finding.message, *(f"Measured: {one}." for one in measured), *([f"Safe way: {way}"] if way else [])]
    )
    return f"- {finding.severity} {code(finding.id, 100)}{where}: {prose(said, 2 * detail.words)}"
