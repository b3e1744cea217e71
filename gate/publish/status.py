"""A commit status with the verdict, for those who ask for it (requirement 36)."""

from __future__ import annotations

from gate.github.client import ApiError, Client
from gate.model import Report, Severity, Verdict
from gate.publish._merge import counts

LIMIT = 140
"""Characters of a description; GitHub refuses more."""
_STATES = {Verdict.PASS: "success", Verdict.FAIL: "failure", Verdict.UNDECIDED: "error"}


def description(report: Report) -> str:
    """The verdict with its counts, in one short line."""
    number = counts([report])
    said = ", ".join(f"{number[f'{one}s']} {one}{'' if number[f'{one}s'] == 1 else 's'}" for one in Severity)
    return f"{report.verdict}: {said}"[:LIMIT]


def post(client: Client, commit: str, name: str, report: Report, link: str | None) -> str | None:
    """Set the status ``name`` on a commit (``owner/name/statuses/SHA``); what went wrong, or None."""
    payload = {"state": _STATES[report.verdict], "description": description(report), "context": name[:100]}
    try:
        client.write("POST", f"repos/{commit}", {**payload, **({"target_url": link} if link else {})})
    except ApiError as error:
        advice = " Give the job `permissions: statuses: write`." if error.forbidden else ""
        return f"the commit status was not set: {error.what}.{advice}"
    return None
