"""The comment's text: the rendered report, steady from run to run, with a link to the whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from gate.model import ProjectReport, Report, Verdict
from gate.publish._merge import counts
from gate.render import formats

LIMIT = 65_000
"""Characters of a comment, below GitHub's 65,536 by the length of our marker."""


def has_problems(report: Report) -> bool:
    """Whether somebody should look: not passed, or errors or warnings that count."""
    number = counts([report])
    return report.verdict is not Verdict.PASS or number["errors"] + number["warnings"] > 0


def comment_text(report: Report, run_url: str | None, *, resolved: bool = False) -> str:
    """Markdown below the marker. Times are left out: a comment changes when what it says changes."""
    link = f"\n[The whole report is in the run's summary]({run_url})\n" if run_url else ""
    text = formats()["markdown"](_steady(report))
    if len(text) + len(link) > LIMIT:
        text = text.split("\n", 1)[0][:2000] + "\n"
    lead = "✅ **Resolved.** What was reported here before is gone.\n\n" if resolved else ""
    return f"{lead}{text}{link}"


def _steady(report: Report) -> Report:
    """The report without what differs from run to run though nothing changed."""
    return dataclasses.replace(report, timings={}, projects=tuple(_timeless(one) for one in report.projects))


def _timeless(project: ProjectReport) -> ProjectReport:
    checks = tuple(dataclasses.replace(one, seconds=0.0) for one in project.checks)
    plan = project.sections.get("plan")
    sections: dict[str, Any] = dict(project.sections)
    if isinstance(plan, (list, tuple)):
        sections["plan"] = [_without_seconds(step) if isinstance(step, Mapping) else step for step in plan]
    return dataclasses.replace(project, checks=checks, sections=sections)


def _without_seconds(step: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in step.items() if key != "seconds"}
