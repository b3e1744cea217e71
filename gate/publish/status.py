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
    """Set the status ``name`` on a commit (``owner/name/statuses/SHA``) to the verdict; what went wrong, or None."""
    return send(client, commit, _STATES[report.verdict], name, description(report), link)


def send(
    client: Client, commit: str, state: str, name: str, said: str, link: str | None
) -> str | None:  # the API's own fields
    """Set any status; what went wrong, or None."""
    payload = {"state": state, "description": said[:LIMIT], "context": name[:100]}
    try:
        client.write("POST", f"repos/{commit}", {**payload, **({"target_url": link} if link else {})})
    except ApiError as error:
        advice = " Give the job `permissions: statuses: write`." if error.forbidden else ""
        return f"the commit status was not set: {error.what}.{advice}"
    return None
