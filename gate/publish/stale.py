"""After a push to the base branch: tell the open pull requests that it made stale (opt-in, ``warn-stale``).

The comment is one of its own key on each pull request, edited to "resolved" when a later push finds it right again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gate.github.client import Client
from gate.github.context import Context, OpenPull
from gate.github.event import dig
from gate.model import Report
from gate.publish import comment, status
from gate.publish._marker import Marker, encode_key
from gate.render._markdown_escape import fence, prose

MOST = 20
"""Pull requests that are written to after one push."""
SECTION = "stale_pull_requests"


def tell(client: Client, how: str, context: Context, report: Report, link: str | None) -> Iterator[str]:
    """Write to every pull request that needs it; what went wrong, a sentence each."""
    stale = dict(_stale(report))
    for pull in (context.open_pulls or ())[:MOST]:
        said = _status(client, context, pull, stale.get(pull.number), link) if how == "status" else None
        if how == "comment":
            outcome = _comment(client, context, pull, stale.get(pull.number))
            said = outcome.detail if outcome.status in ("forbidden", "failed") else None
        if said:
            yield f"pull request #{pull.number}: {said}"


def _stale(report: Report) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for project in report.projects:
        for one in project.sections.get(SECTION) or ():
            number = dig(one, int, "number")
            if number is not None:
                yield number, one


def _comment(client: Client, context: Context, pull: OpenPull, stale: Mapping[str, Any] | None) -> comment.Outcome:
    branch = context.base_ref or "the base branch"
    marker = Marker(encode_key(f"stale/{branch}"), (context.run_id, context.run_attempt))
    if stale is None:
        text = f"✅ **Resolved.** This pull request and {prose(branch, 100)} have one head together again.\n"
    else:
        where = f"{dig(stale, str, 'path') or ''}, line {dig(stale, int, 'line') or 1}"
        message = prose(dig(stale, str, "message") or "", 1000)
        edit = fence(dig(stale, str, "code") or "", "python")
        title = f"### ⚠️ alembic-gate: {prose(branch, 100)} has moved on"
        text = f"{title}\n\n{message}\n\n{prose(where, 300)}\n\n{edit}\n"
    wanted = comment.Wanted(str(context.repository), pull.number, marker, text, create=stale is not None)
    return comment.post(client, wanted)


def _status(
    client: Client, context: Context, pull: OpenPull, stale: Mapping[str, Any] | None, link: str | None
) -> str | None:
    said = dig(stale, str, "message") or "one head together with the base branch"
    where = f"{context.repository}/statuses/{pull.head_sha}"
    return status.send(client, where, "failure" if stale else "success", "alembic-gate (merge order)", said, link)
