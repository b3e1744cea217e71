"""Review suggestions for mends of whole lines, where the lines are in the pull request's diff (requirement 36).

GitHub answers 422 to a review comment outside the diff, so ``prepare`` says which lines are inside. One review holds
all new suggestions. What was suggested before stands in a hidden line of our own comment, which is read anyway: so a
suggestion costs one request, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from gate.github.client import ApiError, Client
from gate.github.context import Hunk
from gate.model import Finding, Report
from gate.render._markdown_escape import fence, prose

MOST = 10
"""Suggestions of one review."""
_REMEMBERED = re.compile(r"<!-- alembic-gate:suggested ([0-9a-f ]{16,2000}) -->")


def wanted(report: Report, hunks: Iterable[Hunk]) -> dict[str, Finding]:
    """Findings to suggest a mend for, by fingerprint, worst first."""
    inside = list(hunks)
    fitting = [one for one in report.findings if _fits(one, inside)]
    return dict(list({one.fingerprint: one for one in fitting}.items())[:MOST])


def remembered(body: str) -> frozenset[str]:
    """The fingerprints that a comment of ours says were suggested before."""
    return frozenset(mark for line in _REMEMBERED.findall(body) for mark in line.split())


def hidden_line(marks: Iterable[str]) -> str:
    """The line of our comment that remembers them; empty without any."""
    text = " ".join(sorted(marks)[:100])
    return f"\n<!-- alembic-gate:suggested {text} -->\n" if text else ""


def post(client: Client, pull: str, commit: str, findings: Iterable[Finding]) -> str | None:
    """One review on ``pull`` (``owner/name/pulls/7``); what went wrong, or None."""
    review = {"commit_id": commit, "event": "COMMENT", "comments": [_comment(one) for one in findings]}
    try:
        client.write("POST", f"repos/{pull}/reviews", review)
    except ApiError as error:
        return f"the suggestions were not posted: {error.what}"
    return None


def _fits(finding: Finding, hunks: list[Hunk]) -> bool:
    place = finding.location
    if finding.suggestion is None or finding.suppressed is not None or place is None:
        return False
    last = place.end_line or place.line
    return any(one.path == place.path and one.start <= place.line and last <= one.end for one in hunks)


def _comment(finding: Finding) -> dict[str, Any]:
    place = finding.location
    assert place is not None
    last = place.end_line or place.line
    several = {"start_line": place.line, "start_side": "RIGHT"} if last > place.line else {}
    body = f"{prose(finding.message, 1000)}\n\n{fence(finding.suggestion or '', 'suggestion')}\n"
    return {"path": place.path, "line": last, "side": "RIGHT", **several, "body": body}
