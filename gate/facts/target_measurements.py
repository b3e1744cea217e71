"""What the target's rows and sizes say about the deploy's findings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gate.facts.target_survey import TableSize
from gate.model import Category, Evidence, EvidenceKind, Finding, Severity

Result = Literal["holds", "violated", "unknown"]

REWRITE_SPEED = 90_000_000  # bytes a second, assumed: a modest cloud volume that writes the new copy and its log
SCAN_SPEED = 300_000_000  # bytes a second, assumed: reading only


@dataclass(frozen=True)
class Precondition:
    """A query of a finding and its answer on the target. ``count`` are the rows in the way, None where unknown.

    ``at_least`` tells that counting stopped there. ``reason`` says why the answer is unknown.
    """

    finding: str
    rule: str
    sql: str
    result: Result
    count: int | None = None
    at_least: bool = False
    reason: str | None = None
    revision: str | None = None
    table: str | None = None
    column: str | None = None

    @property
    def said(self) -> str:
        """The answer as a sentence."""
        if self.result == "unknown":
            return f"could not be measured on the target: {self.reason}"
        if self.result == "holds":
            return "no row of the target is in the way"
        least = "at least " if self.at_least else ""
        return f"{least}{self.count:,} rows of the target are in the way"


@dataclass(frozen=True)
class TargetMeasurements:
    """Preconditions by the fingerprint of their finding, and the sizes of tables. Empty in a pull request."""

    preconditions: tuple[Precondition, ...] = ()
    tables: Mapping[str, TableSize] = field(default_factory=dict)

    def judged(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings as the target has them: violated preconditions are errors, those that hold are notes.

        Findings about locks and rewrites get the table's size as evidence.
        """
        answers = {one.finding: one for one in self.preconditions}
        return tuple(self._judged(finding, answers.get(finding.fingerprint)) for finding in findings)

    def _judged(self, finding: Finding, answer: Precondition | None) -> Finding:
        measured = []
        severity = finding.severity
        if answer is not None:
            measured.append(Evidence(EvidenceKind.MEASURED, answer.said))
            severity = {"violated": Severity.ERROR, "holds": Severity.NOTE}.get(answer.result, severity)
        size = self.tables.get(finding.table or "")
        if size is not None and finding.category in (Category.LOCK, Category.REWRITE):
            measured.append(Evidence(EvidenceKind.MEASURED, f"on the target {size_text(size)}"))
        if not measured:
            return finding
        return dataclasses.replace(finding, severity=severity, evidence=(*finding.evidence, *measured))


def size_text(size: TableSize) -> str:
    """``orders has 1,000,000 rows, 139 MB``; what is not known is said to be so."""
    rows = "an unknown number of rows" if size.rows is None else f"{size.rows:,} rows"
    return f"{size.name} has {rows}, {amount(size.bytes)}"


def amount(size: int | None) -> str:
    """Bytes as people read them, by thousands."""
    if size is None:
        return "of unknown size"
    number = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 1:
        return "under a second"
    if seconds < 100:
        return f"about {seconds:.0f} s"
    if seconds < 6000:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"


def rewrite_text(size: TableSize) -> str:
    """``rewrites orders, 212 GB, about 39 min at 90 MB/s (assumed)``."""
    return _work("rewrites", size, REWRITE_SPEED)


def scan_text(size: TableSize) -> str:
    """``reads orders, 212 GB, about 12 min at 300 MB/s (assumed)``."""
    return _work("reads", size, SCAN_SPEED)


def index_text(size: TableSize) -> str:
    """What CREATE INDEX CONCURRENTLY does: https://www.postgresql.org/docs/current/sql-createindex.html."""
    return f"{_work('twice reads', size, SCAN_SPEED / 2)}, and waits for every transaction that was open before it"


def _work(verb: str, size: TableSize, speed: float) -> str:
    if size.bytes is None:
        return f"{verb} {size.name}, of unknown size"
    return f"{verb} {size.name}, {amount(size.bytes)}, {duration(size.bytes / speed)} at {speed / 1_000_000:.0f} MB/s (assumed)"
