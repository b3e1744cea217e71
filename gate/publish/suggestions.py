"""Review suggestions for mends of whole lines, where the lines are in the pull request's diff (requirement 36).

GitHub answers 422 to a review comment outside the diff, so ``prepare`` says which lines are inside. One review holds
all new suggestions; one that we made before is not made again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gate.github.client import ApiError, Client
from gate.github.context import Hunk
from gate.github.event import dig
from gate.model import Finding, Report
from gate.publish._identity import Identity
from gate.publish._marker import Marker
from gate.render._markdown_escape import fence, prose

MOST = 10
"""Suggestions of one run."""


def post(client: Client, pull: str, commit: str, report: Report, hunks: Iterable[Hunk]) -> str | None:
    """Suggest on ``pull`` (``owner/name/pulls/7``) what is new; what went wrong, or None."""
    inside = list(hunks)
    wanted = {one.fingerprint: one for one in report.findings if _fits(one, inside)}
    if not wanted:
        return None
    try:
        known = _known(client, pull)
        fresh = [finding for mark, finding in wanted.items() if _mark(mark) not in known][:MOST]
        if fresh:
            review = {"commit_id": commit, "event": "COMMENT", "comments": [_comment(one) for one in fresh]}
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


def _known(client: Client, pull: str) -> str:
    """The bodies of our own review comments, in one text."""
    identity, ours = Identity(client), Marker("suggestion")
    pages = client.pages(f"repos/{pull}/comments", 10)
    bodies = [(item, dig(item, str, "body") or "") for page in pages for item in page]
    return "\n".join(body for item, body in bodies if "alembic-gate:suggestion" in body and identity.wrote(item, ours))


def _mark(fingerprint: str) -> str:
    return f"<!-- alembic-gate:suggestion {fingerprint} -->"


def _comment(finding: Finding) -> dict[str, Any]:
    place = finding.location
    assert place is not None
    last = place.end_line or place.line
    several = {"start_line": place.line, "start_side": "RIGHT"} if last > place.line else {}
    mend = fence(finding.suggestion or "", "suggestion")
    body = f"{prose(finding.message, 1000)}\n\n{mend}\n{_mark(finding.fingerprint)}"
    return {"path": place.path, "line": last, "side": "RIGHT", **several, "body": body}
