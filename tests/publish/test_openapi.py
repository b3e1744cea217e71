"""Everything that is sent to the API, and what the fake answers, held against GitHub's own description."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from gate.github.context import Hunk
from gate.model import Verdict
from tests.github.fake_api import ACTIONS, PERSONAL_TOKEN, FakeGitHub
from tests.github.openapi import OpenApi
from tests.publish.reports import finding, report
from tests.publish.test_publication import Run


@pytest.fixture(scope="module")
def openapi() -> OpenApi:
    return OpenApi()


def test_what_publish_sends_is_what_the_api_describes(openapi: OpenApi, tmp_path: Path, github: FakeGitHub) -> None:
    """Create, update, delete a double, ask who we are, set a status, suggest."""
    github.check = openapi.check
    run = Run(tmp_path, github)
    bad = report(Verdict.FAIL, finding(suggestion="x = 1"))
    hunks = (Hunk("migrations/versions/a1_add.py", 1, 20),)
    run.context = dataclasses.replace(run.context, hunks=hunks)
    run.publish(bad, status=True, suggestions=True)
    github.add_comment(github.bodies()[0].replace("run=10", "run=9"), ACTIONS)
    run.publish(report(), token=PERSONAL_TOKEN)
    run.publish(report())
    assert openapi.problems == []
    assert len(github.reviews) == 1
    assert openapi.checked >= 8
    assert {one.method for one in github.requests} == {"GET", "POST", "PATCH", "DELETE"}
