"""Reports as values, for the tests of what is sent."""

from __future__ import annotations

from typing import Any

from gate.model import (
    Category,
    CheckResult,
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
    Verdict,
)

EXIT = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.UNDECIDED: 3}


def finding(number: int = 1, severity: Severity = Severity.ERROR, **more: Any) -> Finding:
    known: dict[str, Any] = {
        "id": "adding-not-nullable-column",
        "check": "safe-operations",
        "category": Category.FAILS_ON_EXISTING_ROWS,
        "severity": severity,
        "message": f"finding {number}",
        "location": Location("migrations/versions/a1_add.py", number),
        "revision": f"a{number}",
        "table": "orders",
        "evidence": (Evidence(EvidenceKind.SQL, "ALTER TABLE orders ADD COLUMN x int NOT NULL"),),
        "remedy": Remedy("add it nullable first", (Step(1, "add", "op.add_column(...)"),)),
    }
    return Finding(**{**known, **more})


def report(verdict: Verdict = Verdict.PASS, *findings: Finding, name: str = "shop", **more: Any) -> Report:
    project = ProjectReport(
        name,
        config="alembic.ini",
        heads=("a1", "b2"),
        new_revisions=("a1",),
        checks=(CheckResult("single-head", verdict, None if verdict is Verdict.PASS else "because", None, 1.25),),
        findings=findings,
        sections=more.pop("project_sections", {}),
    )
    subject = Subject("octo/shop", "a" * 40, "b" * 40, "merge-parent", 7, "pull_request")
    known: dict[str, Any] = {"subject": subject, "timings": {"total": 3.5}, **more}
    return Report("check", verdict, EXIT[verdict], "1.0.0", projects=(project,), **known)
