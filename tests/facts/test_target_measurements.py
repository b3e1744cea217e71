"""Findings as the target's rows and sizes have them."""

from __future__ import annotations

import pytest

from gate.facts.target_measurements import Precondition, TargetMeasurements, duration, rewrite_text, scan_text
from gate.facts.target_survey import TableSize
from gate.model import Category, EvidenceKind, Finding, Severity

NULLS = Finding(
    "setting-not-null",
    "safe-operations",
    Category.FAILS_ON_EXISTING_ROWS,
    Severity.WARNING,
    "may fail",
    revision="r1",
    table="orders",
    column="note",
    depends_on_data=True,
    precondition_sql="SELECT 1",
)
LOCK = Finding(
    "setting-not-null",
    "safe-operations",
    Category.LOCK,
    Severity.ERROR,
    "locks",
    revision="r1",
    table="orders",
    column="note",
)


@pytest.mark.parametrize(
    ("result", "count", "least", "severity", "said"),
    [
        ("violated", 1000, False, Severity.ERROR, "1,000 rows of the target are in the way"),
        ("violated", 10001, True, Severity.ERROR, "at least 10,001 rows of the target are in the way"),
        ("holds", 0, False, Severity.NOTE, "no row of the target is in the way"),
        ("unknown", None, False, Severity.WARNING, "could not be measured on the target: no right"),
    ],
)
def test_a_precondition_decides(result: str, count: int | None, least: bool, severity: Severity, said: str) -> None:
    """Violated is an error, holds a note, unknown changes nothing; each with the measurement as evidence."""
    answer = Precondition(NULLS.fingerprint, NULLS.id, "SELECT 1", result, count, least, "no right")  # type: ignore[arg-type]
    (judged,) = TargetMeasurements((answer,)).judged([NULLS])
    assert (judged.severity, [(one.kind, one.detail) for one in judged.evidence]) == (
        severity,
        [(EvidenceKind.MEASURED, said)],
    )


def test_locks_get_the_tables_size() -> None:
    """A lock's finding says how big the table is; others stay as they are."""
    sizes = {"orders": TableSize("orders", 1_000_000, 139_000_000)}
    locked, other = TargetMeasurements((), sizes).judged([LOCK, NULLS])
    assert [one.detail for one in locked.evidence] == ["on the target orders has 1,000,000 rows, 139 MB"]
    assert other == NULLS


def test_estimates() -> None:
    """Size and an assumed speed give a duration that people can plan with."""
    big = TableSize("orders", 1, 212_000_000_000)
    assert rewrite_text(big) == "rewrites orders, 212 GB, about 39 min at 90 MB/s (assumed)"
    assert scan_text(big) == "reads orders, 212 GB, about 12 min at 300 MB/s (assumed)"
    assert rewrite_text(TableSize("orders")) == "rewrites orders, of unknown size"
    assert [duration(one) for one in (0.2, 45, 7200)] == ["under a second", "about 45 s", "about 2.0 h"]
