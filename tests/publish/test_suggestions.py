"""Requirement 36: suggestions only inside the diff, each once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from gate.github.client import Client
from gate.github.context import Hunk
from gate.github.git import Git
from gate.model import Location, Report, Suppression, Verdict
from gate.publish import suggestions
from tests.github.fake_api import ACTIONS_TOKEN, READ_ONLY_TOKEN, FakeGitHub, Fault
from tests.github.patience import FastClock
from tests.github.repositories import git
from tests.publish.reports import finding, report
from tests.publish.test_publication import Run

PATH = "migrations/versions/a1_add.py"
HUNKS = [Hunk(PATH, 1, 20)]


def post(fake: FakeGitHub, what: Report, token: str = ACTIONS_TOKEN) -> str | None:
    client = Client(fake.url, token, clock=FastClock())
    return suggestions.post(client, "octo/shop/pulls/7", "a" * 40, suggestions.wanted(what, HUNKS).values())


BAD = report(Verdict.FAIL, finding(8, message="two heads @team", suggestion='down_revision = "b2"'))


def test_req_36_one_review_with_the_mend(github: FakeGitHub) -> None:
    assert post(github, BAD) is None
    (review,) = github.reviews
    (one,) = review["comments"]
    assert (review["event"], review["commit_id"]) == ("COMMENT", "a" * 40)
    assert (one["path"], one["line"], one["side"]) == (PATH, 8, "RIGHT")
    assert '```suggestion\ndown_revision = "b2"\n```' in one["body"]
    assert "@team" not in one["body"]


@pytest.mark.parametrize(
    "what",
    [
        report(Verdict.FAIL, finding(21, suggestion="x")),
        report(Verdict.FAIL, finding(8, suggestion="x", location=Location("other.py", 8))),
        report(Verdict.FAIL, finding(8, suggestion="x", location=Location(PATH, 18, 25))),
        report(Verdict.FAIL, finding(8, suggestion="x", location=None)),
        report(Verdict.FAIL, finding(8, suggestion="x", suppressed=Suppression("because", "settings"))),
        report(Verdict.FAIL, finding(8)),
    ],
)
def test_req_36_outside_the_diff_nothing_is_suggested(what: Report) -> None:
    assert suggestions.wanted(what, HUNKS) == {}


def test_several_lines_are_one_range(github: FakeGitHub) -> None:
    post(github, report(Verdict.FAIL, finding(8, suggestion="a\nb", location=Location(PATH, 8, 10))))
    (one,) = github.reviews[0]["comments"]
    assert (one["start_line"], one["start_side"], one["line"]) == (8, "RIGHT", 10)


@pytest.mark.parametrize("status", [403, 404, 422, 500])
def test_req_22_what_goes_wrong_is_a_sentence(github: FakeGitHub, status: int) -> None:
    github.faults.append(Fault("POST", "reviews", status=status, body=b"<html>"))
    said = post(github, BAD)
    assert said is not None
    assert f"answered {status}" in said
    assert post(github, BAD, token=READ_ONLY_TOKEN) is not None


def test_req_36_the_comment_remembers_what_was_suggested(tmp_path: Path, github: FakeGitHub) -> None:
    """One request more, once; another mend is suggested when it comes."""
    run = Run(tmp_path, github)
    run.context = dataclasses.replace(run.context, hunks=tuple(HUNKS))
    assert run.publish(BAD) == 1
    assert [one.path.rpartition("/")[2] for one in github.requests] == ["comments", "comments", "comments", "reviews"]
    run.publish(report(Verdict.FAIL, finding(9, message="moved", suggestion='down_revision = "b2"', revision="a8")))
    assert len(github.reviews) == 1
    run.publish(report(Verdict.FAIL, finding(9, suggestion="y", revision="a9")))
    assert len(github.reviews) == 2


def test_what_is_remembered_reads_back() -> None:
    marks = {"0123456789abcdef", "fedcba9876543210"}
    assert suggestions.remembered("text" + suggestions.hidden_line(marks)) == marks
    assert suggestions.hidden_line([]) == ""


def test_the_lines_of_a_diff(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "old.py").write_text("".join(f"line {number}\n" for number in range(1, 31)))
    (tmp_path / "gone.py").write_text("x\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    (tmp_path / "old.py").write_text(
        "".join(f"line {number}{'!' if number == 20 else ''}\n" for number in range(1, 31))
    )
    (tmp_path / "gone.py").unlink()
    (tmp_path / "new file.py").write_text("a\nb\n")
    (tmp_path / "picture.png").write_text("a\n")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "two")
    assert Git(tmp_path).hunks("HEAD~1", "HEAD", "*.py") == [("new file.py", 1, 2), ("old.py", 17, 23)]
