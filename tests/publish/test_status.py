"""Requirement 36: a commit status of at most 140 characters."""

from __future__ import annotations

import pytest

from gate.github.client import Client
from gate.model import Severity, Verdict
from gate.publish import status
from tests.github.fake_api import ACTIONS_TOKEN, READ_ONLY_TOKEN, FakeGitHub
from tests.github.patience import FastClock
from tests.publish.reports import finding, report


@pytest.mark.parametrize(
    ("verdict", "state"), [(Verdict.PASS, "success"), (Verdict.FAIL, "failure"), (Verdict.UNDECIDED, "error")]
)
def test_req_36_states(github: FakeGitHub, verdict: Verdict, state: str) -> None:
    client = Client(github.url, ACTIONS_TOKEN, clock=FastClock())
    assert status.post(client, f"octo/shop/statuses/{'a' * 40}", "gate", report(verdict), None) is None
    assert github.statuses[0]["state"] == state


def test_req_36_the_description_is_short() -> None:
    many = [finding(number, Severity.WARNING) for number in range(3)]
    assert status.description(report(Verdict.FAIL, finding(), *many)) == "fail: 1 error, 3 warnings, 0 notes"


def test_req_36_a_token_that_may_not_is_told_what_it_needs(github: FakeGitHub) -> None:
    client = Client(github.url, READ_ONLY_TOKEN, clock=FastClock())
    said = status.send(client, f"octo/shop/statuses/{'a' * 40}", "success", "gate", "x" * 500, None)
    assert said is not None
    assert "statuses: write" in said
