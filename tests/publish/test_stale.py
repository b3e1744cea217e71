"""After a push: the open pull requests that it made stale, and those that are right again."""

from __future__ import annotations

import pytest

from gate.github.client import Client
from gate.github.context import Context, OpenPull
from gate.publish import stale
from tests.github.fake_api import ACTIONS_TOKEN, READ_ONLY_TOKEN, FakeGitHub
from tests.github.patience import FastClock
from tests.publish.reports import report

CONTEXT = Context(
    event="push",
    repository="octo/shop",
    base_ref="main",
    run_id=10,
    open_pulls=(OpenPull(7, "A change", "a" * 40, "u"),),
)
STALE = {
    "number": 7,
    "message": "d4 comes after b2 @team",
    "path": "v/d4.py",
    "line": 5,
    "code": 'down_revision = "x9"',
}


def tell(fake: FakeGitHub, how: str, *told: dict[str, object], token: str = ACTIONS_TOKEN) -> list[str]:
    said = report(project_sections={stale.SECTION: list(told)})
    return list(stale.tell(Client(fake.url, token, clock=FastClock()), how, CONTEXT, said, None))


def test_one_comment_that_is_resolved_later(github: FakeGitHub) -> None:
    assert tell(github, "comment") == []
    assert github.bodies() == []
    tell(github, "comment", STALE)
    (body,) = github.bodies()
    assert body.startswith(
        "<!-- alembic-gate:v1 key=stale/main run=10 attempt=1 -->\n### ⚠️ alembic-gate: main has moved on"
    )
    assert "@team" not in body
    tell(github, "comment")
    assert "**Resolved.**" in github.bodies()[0]


def test_statuses(github: FakeGitHub) -> None:
    tell(github, "status", STALE)
    tell(github, "status")
    assert [one["state"] for one in github.statuses] == ["failure", "success"]


@pytest.mark.parametrize("how", ["comment", "status"])
def test_what_goes_wrong_is_a_sentence(github: FakeGitHub, how: str) -> None:
    (said,) = tell(github, how, STALE, token=READ_ONLY_TOKEN)
    assert said.startswith("pull request #7: ")


@pytest.mark.parametrize("odd", [{"number": "7"}, {"number": None}, {"number": 8}, {}])
def test_only_listed_pull_requests_are_written_to(github: FakeGitHub, odd: dict[str, object]) -> None:
    assert tell(github, "comment", odd) == []
    assert github.writes() == []
