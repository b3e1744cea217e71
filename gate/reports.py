"""Reports read back: report.json -> Report, as untrusted input.

A report travels as an artifact between jobs, so it may have been written by anybody: its size, its JSON, the shipped
JSON Schema and every value's type are checked before anything is shown; a path that could leave the repository is
dropped. What is wrong is a ``ReportUnreadableError`` with the file's name, never a traceback.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gate.errors import UNDECIDED, USAGE, CannotDecide
from gate.model import (
    SCHEMA,
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

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

MAX_BYTES = 1024 * 1024
"""Size of a report that came from elsewhere."""
_ADVICE = "Write it with --write json=PATH, with this version of alembic-gate."
_OWN_KEYS = {"schema", "tool", "mode", "verdict", "exit_code", "subject", "projects", "notices", "timings"}
_PROJECT_KEYS = {one.name for one in dataclasses.fields(ProjectReport)} - {"sections"}
_EXIT = {Verdict.PASS: 0, Verdict.FAIL: 1}


class ReportUnreadableError(CannotDecide):
    """No report: too big, no JSON, another schema, values of another type."""

    def __init__(self, what: str, *, where: str | None = None, advice: str | None = _ADVICE) -> None:
        super().__init__(what, where=where, advice=advice)


@functools.cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema of ``alembic-gate/report/v1``."""
    found: dict[str, Any] = json.loads((files("gate") / "schemas" / "report-v1.json").read_text("utf-8"))
    return found


def load(text: str | bytes, where: str = "report", limit: int = MAX_BYTES) -> Report:
    """The report that a text holds, held against the schema. Raises ReportUnreadableError."""
    raw = parse(text.encode(errors="surrogatepass") if isinstance(text, str) else text, where, limit)
    validate(raw, where)
    return build(raw, where)


def parse(raw: bytes, where: str, limit: int) -> Mapping[str, Any]:
    """The JSON object in at most ``limit`` bytes. Raises ReportUnreadableError."""
    if len(raw) > limit:
        raise ReportUnreadableError(f"is larger than {limit:,} bytes", where=where)
    try:
        value = json.loads(raw.decode("utf-8", "surrogatepass"), parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ReportUnreadableError(f"cannot be read ({type(error).__name__})", where=where) from error
    if not isinstance(value, dict):
        raise ReportUnreadableError("is not an object", where=where)
    return value


def _finite(text: str) -> float:
    """``1e999`` would be infinite, which no JSON can say again."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def validate(raw: Mapping[str, Any], where: str) -> None:
    """Hold a foreign report against the schema. Raises ReportUnreadableError with the first place that is wrong."""
    try:
        problem = next(iter(_validator().iter_errors(raw)), None)
    except RecursionError as error:
        raise ReportUnreadableError("is nested too deeply", where=where) from error
    if problem is not None:
        said = f"{problem.json_path[:100]}: {' '.join(problem.message.split())[:200]}"
        raise ReportUnreadableError(f"is not {SCHEMA}: {said}", where=where)


@functools.cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # half of what a run that reads no foreign report would load

    return Draft202012Validator(schema())


def build(raw: Mapping[str, Any], where: str = "report") -> Report:
    """A ``Report`` from the JSON object. Raises ReportUnreadableError."""
    try:
        return _report(raw)
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
        raise ReportUnreadableError(f"is not {SCHEMA}: {' '.join(str(error).split())[:200]}", where=where) from error


def _report(raw: Mapping[str, Any]) -> Report:
    if raw.get("schema") != SCHEMA:
        raise ValueError(f"schema is {str(raw.get('schema'))[:60]!r}")
    verdict = Verdict(_text(raw, "verdict"))
    if verdict is Verdict.SKIPPED:
        raise ValueError("a report's verdict is pass, fail or undecided")
    return Report(
        mode=_text(raw, "mode"),
        verdict=verdict,
        exit_code=_EXIT.get(verdict, USAGE if raw.get("exit_code") == USAGE else UNDECIDED),
        tool_version=_text(_record(raw, "tool"), "version"),
        subject=_subject(_record(raw, "subject")),
        projects=tuple(_project(one) for one in _records(raw, "projects")),
        timings={str(key): float(value) for key, value in _record(raw, "timings").items() if _is_number(value)},
        notices=_texts(raw, "notices"),
        sections={
            key: value
            for key, value in raw.items()
            if key not in _OWN_KEYS and (key != "counts" or _counts_are_whole(raw))
        },
    )


def _counts_are_whole(raw: Mapping[str, Any]) -> bool:
    """Counts of a report that was cut to size: numbers, and not less than what is there."""
    counts = _record(raw, "counts")
    return all(_is_number(counts.get(f"{one}s")) and counts[f"{one}s"] >= 0 for one in Severity)


def _subject(raw: Mapping[str, Any]) -> Subject:
    number = raw.get("pull_request")
    return Subject(
        repository=_maybe(raw, "repository"),
        head_sha=_maybe(raw, "head_sha"),
        base_sha=_maybe(raw, "base_sha"),
        base_found_by=_maybe(raw, "base_found_by") or "none",
        pull_request=number if isinstance(number, int) and not isinstance(number, bool) else None,
        event=_maybe(raw, "event"),
    )


def _project(raw: Mapping[str, Any]) -> ProjectReport:
    coverage = _record(raw, "coverage")
    return ProjectReport(
        name=_text(raw, "name"),
        config=_maybe(raw, "config"),
        dialect=_maybe(raw, "dialect"),
        server_version=_maybe(raw, "server_version"),
        server_source=_maybe(raw, "server_source"),
        heads=_texts(raw, "heads"),
        new_revisions=_texts(raw, "new_revisions"),
        coverage=Coverage(
            _count(coverage, "statements_observed"), _count(coverage, "statements_read_only"), _texts(coverage, "notes")
        ),
        snapshot=_record(raw, "snapshot"),
        checks=tuple(_check(one) for one in _records(raw, "checks")),
        findings=tuple(_finding(one) for one in _records(raw, "findings")),
        sections={key: value for key, value in raw.items() if key not in _PROJECT_KEYS},
    )


def _check(raw: Mapping[str, Any]) -> CheckResult:
    seconds = raw.get("seconds")
    return CheckResult(
        _text(raw, "id"), Verdict(_text(raw, "verdict")), _maybe(raw, "reason"), _maybe(raw, "advice"),
        float(seconds) if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) else 0.0,
    )  # fmt: skip


def _finding(raw: Mapping[str, Any]) -> Finding:
    return Finding(
        id=_text(raw, "id"),
        check=_text(raw, "check"),
        category=Category(_text(raw, "category")),
        severity=Severity(_text(raw, "severity")),
        message=_text(raw, "message"),
        location=_location(raw),
        revision=_maybe(raw, "revision"),
        table=_maybe(raw, "table"),
        column=_maybe(raw, "column"),
        evidence=tuple(
            Evidence(EvidenceKind(_text(one, "kind")), _text(one, "detail")) for one in _records(raw, "evidence")
        ),
        remedy=_remedy(raw.get("remedy")),
        depends_on_data=raw.get("depends_on_data") is True,
        precondition_sql=_maybe(raw, "precondition_sql"),
        related=_texts(raw, "related"),
        suppressed=_suppression(raw.get("suppressed")),
        suggestion=_maybe(raw, "suggestion"),
    )


def _location(raw: Mapping[str, Any]) -> Location | None:
    """The place, unless its path could leave the repository."""
    path, line, end = _maybe(raw, "path"), raw.get("line"), raw.get("end_line")
    if not path or not is_inside(path):
        return None
    first = line if isinstance(line, int) and 1 <= line <= 10_000_000 else 1
    last = end if isinstance(end, int) and first <= end <= 10_000_000 else None
    return Location(path, first, last)


def is_inside(path: str) -> bool:
    """Whether ``path`` is a relative path that stays below where it starts."""
    parts = path.replace("\\", "/").split("/")
    return (
        bool(path)
        and len(path) <= 1024
        and not path.startswith(("/", "\\", "~"))
        and ".." not in parts
        and "\0" not in path
    )


def _remedy(raw: Any) -> Remedy | None:
    if raw is None:
        return None
    steps = (
        Step(_count(one, "deploy") or 1, _text(one, "title"), _maybe(one, "code") or "")
        for one in _records(raw, "steps")
    )
    return Remedy(_text(raw, "summary"), tuple(steps))


def _suppression(raw: Any) -> Suppression | None:
    return None if raw is None else Suppression(_text(raw, "reason"), _text(raw, "source"), _maybe(raw, "until"))


def _record(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"{key} is not an object")
    return value


def _records(raw: Mapping[str, Any], key: str) -> Iterable[Mapping[str, Any]]:
    value = raw.get(key) or []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise TypeError(f"{key} is not a list of objects")
    return value


def _texts(raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = raw.get(key) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError(f"{key} is not a list of texts")
    return tuple(value)


def _text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str):
        raise TypeError(f"{key} is not a text")
    return value


def _maybe(raw: Mapping[str, Any], key: str) -> str | None:
    return None if raw.get(key) is None else _text(raw, key)


def _count(raw: Mapping[str, Any], key: str) -> int:
    value = raw.get(key) or 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**12:
        raise TypeError(f"{key} is not a count")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 10**12
