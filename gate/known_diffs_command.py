"""``alembic-gate known-diffs [--write]``: record today's differences as known, so that only new ones fail."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable

from gate import runner
from gate.collect._known_diffs import DEFAULT, SCHEMA
from gate.errors import PASS, UNDECIDED, UsageError, writing
from gate.known_diffs import record
from gate.model import ProjectReport, Report
from gate.settings import Settings


def main(settings: Settings) -> int:
    """Compare once and print the file, or write it with ``--write``. Exit 3 when a project could not be compared."""
    write = "--write" in settings.arguments
    report = runner.run(asked(settings), _progress(settings))
    stuck = {project.name: _reason(project) for project in report.projects if "schema_diff" not in project.sections}
    for name, reason in stuck.items():
        sys.stderr.write(f"alembic-gate: {name}: {reason}\n")
    text = file_text(report)
    if write and not stuck:
        target = settings.path(settings.known_diffs or DEFAULT)
        with writing(target):
            target.write_text(text, "utf-8")
        count = sum(len(_operations(project)) for project in report.projects)
        sys.stdout.write(f"{count} differences recorded in {target.name}; keep it in the repository\n")
    elif not stuck:
        sys.stdout.write(text)
    return UNDECIDED if stuck else PASS


def asked(settings: Settings) -> Settings:
    """The settings of a run that asks ``models-match`` alone, without what is known already."""
    if settings.format not in ("text", "json"):
        raise UsageError(
            f"known-diffs knows no format {settings.format!r}", where="--format", advice="Known: text, json."
        )
    return dataclasses.replace(settings, command="check", only=("models-match",), skip=(), known_diffs="", arguments=())


def file_text(report: Report) -> str:
    """The file's text: one row for each difference, sorted, so that a renewal shows as a small diff."""
    projects = {
        project.name: sorted(
            (record(one) for one in _operations(project)), key=lambda row: json.dumps(row, sort_keys=True)
        )
        for project in report.projects
    }
    return json.dumps({"schema": SCHEMA, "projects": projects}, indent=2, ensure_ascii=False) + "\n"


def _operations(project: ProjectReport) -> list[dict[str, object]]:
    section = project.sections.get("schema_diff") or {}
    return list(section.get("operations", ()))


def _reason(project: ProjectReport) -> str:
    row = next((one for one in project.checks if one.id == "models-match"), None)
    return " ".join(filter(None, (row.reason, row.advice))) if row else "models-match was not asked"


def _progress(settings: Settings) -> Callable[[str], None]:
    if not settings.progress:
        return lambda _: None
    return _show


def _show(text: str) -> None:
    if text:
        sys.stderr.write(f"· {text}\n")
