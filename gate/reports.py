"""Reports read back: report.json -> Report, as untrusted input.

A report travels as an artifact between jobs, so it may have been written by anybody: its size, its JSON and every value
are checked against the shipped JSON Schema before a ``Report`` is made of it. ``Report.to_json`` round-trips.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Mapping
from typing import Any

import jsonschema

from gate.errors import CannotDecide
from gate.model import (
    Category,
    CheckResult,
    Coverage,
    Evidence,
    EvidenceKind,
    Finding,
    Location,
    ProjectReport,
    Remedy,
    Report,
    Severity,
    Step,
    Subject,
    Suppression,
    Verdict,
)

MAX_BYTES = 1024 * 1024
"""Size of a report that came from elsewhere."""

_REPORT = {"schema", "tool", "mode", "verdict", "exit_code", "subject", "projects", "notices", "timings"}
_PROJECT = {
    "name", "config", "dialect", "server_version", "server_source", "heads", "new_revisions", "coverage", "snapshot",
    "checks", "findings",
}  # fmt: skip


class NoReport(CannotDecide):
    """A text that is no report: too long, no JSON, not the schema."""


@functools.cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema of ``alembic-gate/report/v1``."""
    text = importlib.resources.files("gate").joinpath("schemas/report-v1.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def load(text: str | bytes, where: str = "report", limit: int = MAX_BYTES) -> Report:
    """The report that a text holds. Raises NoReport with the first thing that is wrong and its place."""
    raw = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if len(raw) > limit:
        said = f"is {len(raw):,} bytes, more than {limit:,}"
        raise NoReport(said, where=where, advice="Cut it to its worst findings.")
    try:
        value = json.loads(raw, parse_constant=_no_constant)
        problem = jsonschema.exceptions.best_match(_validator().iter_errors(value))
    except (ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise NoReport(f"is no JSON: {said}", where=where, advice="Write it with --write json=PATH.") from error
    if problem is not None:
        raise NoReport(_told(problem), where=where, advice="Write it with --write json=PATH, with this version's gate.")
    return _report(value)


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _told(problem: jsonschema.ValidationError) -> str:
    """A schema's complaint as place and short reason; the offending value may be anything, so it is cut."""
    return f"is no alembic-gate/report/v1: {problem.json_path[:200]}: {' '.join(problem.message.split())[:200]}"


def _report(raw: Mapping[str, Any]) -> Report:
    return Report(
        mode=raw["mode"],
        verdict=Verdict(raw["verdict"]),
        exit_code=raw["exit_code"],
        tool_version=raw["tool"]["version"],
        subject=Subject(**{name: raw["subject"][name] for name in Subject.__dataclass_fields__}),
        projects=tuple(_project(one) for one in raw["projects"]),
        timings=raw["timings"],
        notices=tuple(raw.get("notices", ())),
        sections={key: value for key, value in raw.items() if key not in _REPORT},
    )


def _project(raw: Mapping[str, Any]) -> ProjectReport:
    seen = raw["coverage"]
    return ProjectReport(
        **{key: raw[key] for key in ("name", "config", "dialect", "server_version", "server_source", "snapshot")},
        heads=tuple(raw["heads"]),
        new_revisions=tuple(raw["new_revisions"]),
        coverage=Coverage(seen["statements_observed"], seen["statements_read_only"], tuple(seen["notes"])),
        checks=tuple(_check(one) for one in raw["checks"]),
        findings=tuple(_finding(one) for one in raw["findings"]),
        sections={key: value for key, value in raw.items() if key not in _PROJECT},
    )


def _check(raw: Mapping[str, Any]) -> CheckResult:
    return CheckResult(raw["id"], Verdict(raw["verdict"]), raw["reason"], raw["advice"], raw["seconds"])


def _finding(raw: Mapping[str, Any]) -> Finding:
    plain = ("id", "check", "message", "revision", "table", "column", "depends_on_data", "precondition_sql")
    allow = raw["suppressed"]
    return Finding(
        **{key: raw[key] for key in plain},
        category=Category(raw["category"]),
        severity=Severity(raw["severity"]),
        location=_location(raw),
        evidence=tuple(Evidence(EvidenceKind(one["kind"]), one["detail"]) for one in raw["evidence"]),
        remedy=_remedy(raw["remedy"]),
        related=tuple(raw.get("related", ())),
        suppressed=allow and Suppression(allow["reason"], allow["source"], allow["until"]),
        suggestion=raw.get("suggestion"),
    )


def _location(raw: Mapping[str, Any]) -> Location | None:
    """The place, unless it leads out of the repository: then it is nobody's file."""
    path = raw["path"]
    if path is None or path.startswith(("/", "\\", "~")) or ".." in path.replace("\\", "/").split("/"):
        return None
    return Location(path, raw["line"] or 1, raw["end_line"])


def _remedy(raw: Mapping[str, Any] | None) -> Remedy | None:
    if raw is None:
        return None
    return Remedy(raw["summary"], tuple(Step(one["deploy"], one["title"], one["code"]) for one in raw["steps"]))
