"""What a check is: a question a reviewer would ask of the whole change.

A check module holds ``check = Check(...)``. The parameters of its ``ask`` are annotated with the fact types that it
needs; the runner collects those, each once, and no others. A check does no I/O: it is handed values and answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gate.model import Finding, Severity, Verdict


@dataclass(frozen=True)
class Answer:
    """What a check says. ``sections`` are objects for the project's report (``image``, ``schema_diff``, ``plan`` ...).

    ``undecided`` is the reason why the question could not be answered (findings may stand beside it); ``skipped`` the
    reason why it does not arise here. Neither reads as pass.
    """

    findings: tuple[Finding, ...] = ()
    undecided: str | None = None
    skipped: str | None = None
    advice: str | None = None
    reason: str | None = None
    sections: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def verdict(self, fail_on: Severity | None) -> Verdict:
        """Fail when a counting finding is at or above ``fail_on``; findings outrank undecided."""
        if any(_counts(finding, fail_on) for finding in self.findings):
            return Verdict.FAIL
        if self.undecided:
            return Verdict.UNDECIDED
        return Verdict.SKIPPED if self.skipped else Verdict.PASS


def _counts(finding: Finding, fail_on: Severity | None) -> bool:
    return fail_on is not None and finding.suppressed is None and finding.severity.rank <= fail_on.rank


@dataclass(frozen=True)
class Check:
    """A question. ``modes`` are the commands that ask it; ``on_undecided`` what an unanswered one does to the run.

    ``runs_project_code`` is told to the runner so that static-only runs (code of a fork) can leave it out.
    """

    title: str
    question: str
    ask: Callable[..., Answer]
    modes: tuple[Literal["check", "predeploy", "verify"], ...] = ("check",)
    on_undecided: Literal["fail", "warn"] = "fail"
    runs_project_code: bool = False
    id: str = ""
