"""Requirements 18 to 22: one right comment or none, whatever goes wrong. Everything over HTTP on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.github.client import Client
from gate.publish._marker import KEY_LIMIT, Marker, encode_key, read_marker, same_content
from gate.publish.comment import Outcome, Wanted, post
from tests.github.fake_api import (
    ACTIONS,
    ACTIONS_TOKEN,
    APP_TOKEN,
    OTHER_APP,
    PERSON,
    PERSONAL_TOKEN,
    READ_ONLY_TOKEN,
    STRANGER,
    FakeGitHub,
    Fault,
)
from tests.github.patience import FastClock

KEY = "ci/gate/."


def wanted(text: str = "verdict: pass", run: int = 10, attempt: int = 1, **more: Any) -> Wanted:
    return Wanted("octo/shop", 7, Marker(KEY, (run, attempt)), text, **more)


def body(text: str, run: int, attempt: int = 1, key: str = KEY) -> str:
    return f"<!-- alembic-gate:v1 key={key} run={run} attempt={attempt} -->\n{text}"


def send(fake: FakeGitHub, what: Wanted | None = None, token: str = ACTIONS_TOKEN) -> Outcome:
    return post(Client(fake.url, token, clock=FastClock()), what or wanted())


def test_req_18_the_first_comment(github: FakeGitHub) -> None:
    """The marker is the first line; the listing asks for full pages."""
    outcome = send(github)
    assert outcome == Outcome("created", 1001)
    assert github.bodies() == ["<!-- alembic-gate:v1 key=ci/gate/. run=10 attempt=1 -->\nverdict: pass"]
    assert [(one.method, one.query.get("per_page")) for one in github.requests] == [
        ("GET", "100"),
        ("POST", None),
        ("GET", "100"),
    ]


def test_req_18_the_next_run_updates_it(github: FakeGitHub) -> None:
    send(github)
    assert send(github, wanted("verdict: fail", run=11)) == Outcome("updated", 1001)
    assert github.bodies() == [body("verdict: fail", 11)]


def test_req_18_own_comment_beyond_the_first_page(github: FakeGitHub) -> None:
    for number in range(250):
        github.add_comment(f"chatter {number}")
    ours = github.add_comment(body("old", 1), ACTIONS)
    assert send(github) == Outcome("updated", ours["id"])
    assert len(github.comments[7]) == 251


@pytest.mark.parametrize("author", [STRANGER, PERSON, OTHER_APP, {"user": None, "performed_via_github_app": None}])
def test_req_18_a_marker_of_somebody_else_is_not_ours(github: FakeGitHub, author: dict[str, Any]) -> None:
    """A stranger quotes our whole comment, with a newer run: it is neither edited nor believed."""
    theirs = github.add_comment(body("quoted", 99), author)
    assert send(github).status == "created"
    assert theirs["body"] == body("quoted", 99)
    assert len(github.comments[7]) == 2


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "hello",
        f"> {body('quoted', 5)}",
        f"first\n{body('below', 5)}",
        body("other key", 5, key="ci/other/."),
        "<!-- alembic-gate:v2 key=ci/gate/. -->",
        body("x", 5).replace("run=5", "run=" + "9" * 5000),
    ],
)
def test_req_18_own_comments_without_our_marker_line_are_left(github: FakeGitHub, text: str | None) -> None:
    other = github.add_comment(text, ACTIONS)
    assert send(github).status == "created"
    assert other["body"] == text


def test_req_18_two_keys_have_two_comments(github: FakeGitHub) -> None:
    send(github)
    post(
        Client(github.url, ACTIONS_TOKEN, clock=FastClock()), Wanted("octo/shop", 7, Marker("ci/other/.", (10, 1)), "b")
    )
    assert len(github.bodies()) == 2


def test_req_18_a_personal_token_asks_who_it_is(github: FakeGitHub) -> None:
    """GET /user tells a person's own comment from a stranger's and from the bot's."""
    bots = github.add_comment(body("by the bot", 1), ACTIONS)
    own = github.add_comment(body("by alice", 2), PERSON)
    assert send(github, token=PERSONAL_TOKEN) == Outcome("updated", own["id"])
    assert bots["body"] == body("by the bot", 1)
    assert [one.path for one in github.requests][1] == "user"
    assert len(github.requests) == 3


def test_req_18_the_actions_token_does_not_ask_who_it_is(github: FakeGitHub) -> None:
    github.add_comment(body("old", 1), ACTIONS)
    send(github)
    assert "user" not in [one.path for one in github.requests]


def test_req_18_another_app_keeps_one_comment_too(github: FakeGitHub) -> None:
    """The app's name is learnt from its own posting and kept in the marker."""
    assert send(github, token=APP_TOKEN).status == "created"
    assert send(github, wanted("second", run=11), token=APP_TOKEN).status == "updated"
    assert github.bodies() == ["<!-- alembic-gate:v1 key=ci/gate/. app=my-app run=11 attempt=1 -->\nsecond"]


@pytest.mark.parametrize("others_run", [9, 10, 11])
@pytest.mark.parametrize("others_first", [True, False])
def test_req_19_two_runs_create_at_once(github: FakeGitHub, others_run: int, others_first: bool) -> None:
    """Another run's comment appears around ours: the lowest id stays, with the newest content."""
    other = body("theirs", others_run)

    def appear() -> None:
        github.add_comment(other, ACTIONS)

    if others_first:
        github.faults.append(Fault("POST", "comments", before=appear))
    else:
        github.faults.append(Fault("GET", "comments", skip=1, before=appear))
    outcome = send(github)
    newest = other if others_run > 10 else body("verdict: pass", 10)
    assert (outcome.id, [one["id"] for one in github.comments[7]], github.bodies()) == (1001, [1001], [newest])
    assert outcome.status == ("skipped" if others_run > 10 else "updated" if others_first else "created")


def test_req_19_real_threads_race(github: FakeGitHub) -> None:
    """Six runs at once, each starting from an empty thread, end with one comment of the newest run."""
    start = threading.Barrier(6)

    def run(number: int) -> None:
        start.wait()
        send(github, wanted(f"run {number}", run=number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send(github, wanted("run 7", run=7))
    assert github.bodies() == [body("run 7", 7)]


def test_req_19_doubles_of_a_crashed_run_are_cleared(github: FakeGitHub) -> None:
    for run in (3, 5, 4):
        github.add_comment(body(f"run {run}", run), ACTIONS)
    assert send(github).status == "updated"
    assert github.bodies() == [body("verdict: pass", 10)]


@pytest.mark.parametrize(("run", "attempt"), [(11, 1), (10, 2), (123456789012, 1)])
def test_req_19_an_older_run_never_overwrites(github: FakeGitHub, run: int, attempt: int) -> None:
    newer = github.add_comment(body("newer", run, attempt), ACTIONS)
    assert send(github) == Outcome("skipped", newer["id"], "the comment of a newer run stands")
    assert github.writes() == []


def test_req_19_an_older_run_that_writes_at_the_same_moment_is_corrected(github: FakeGitHub) -> None:
    ours = github.add_comment(body("old", 1), ACTIONS)

    def clobber() -> None:
        ours["body"] = body("older", 9)

    github.faults.append(Fault("GET", r"comments/\d+$", before=clobber))
    assert send(github).status == "updated"
    assert github.bodies() == [body("verdict: pass", 10)]


@pytest.mark.parametrize("run", [10, 12])
def test_req_19_an_unchanged_body_is_not_written(github: FakeGitHub, run: int) -> None:
    """Neither the marker's run nor the link to the run makes it another comment."""
    text = "verdict: pass\n[run](https://github.com/octo/shop/actions/runs/{})"
    send(github, wanted(text.format(10)))
    before = len(github.requests)
    assert send(github, wanted(text.format(run), run=run)) == Outcome("unchanged", 1001)
    assert [one.method for one in github.requests[before:]] == ["GET"]


def test_req_19_line_ends_that_the_server_changed_do_not_count(github: FakeGitHub) -> None:
    github.add_comment(body("a\nb", 1).replace("\n", "\r\n") + "\r\n", ACTIONS)
    assert send(github, wanted("a\nb\n")).status == "unchanged"


@pytest.mark.parametrize(
    "fault",
    [
        lambda: Fault("POST", "comments", store=True, drop=True),
        lambda: Fault("POST", "comments", store=True, status=502),
        lambda: Fault("POST", "comments", store=True, status=504, body=b"<html>"),
        lambda: Fault("POST", "comments", store=True, status=200, body=b"<html>proxy</html>"),
        lambda: Fault("POST", "comments", store=True, status=201, body=b"{}"),
        lambda: Fault("POST", "comments", store=True, status=201, body=b"[]"),
        lambda: Fault("POST", "comments", drop=True),
        lambda: Fault("POST", "comments", status=500),
        lambda: Fault("POST", "comments", status=502, times=2),
        lambda: Fault("POST", "comments", store=True, drop=True, times=2),
    ],
)
def test_req_20_a_create_whose_answer_is_lost(github: FakeGitHub, fault: Callable[[], Fault]) -> None:
    """It is looked for before it is posted again: exactly one comment, and it is right."""
    github.faults.append(fault())
    outcome = send(github)
    assert (outcome.status, outcome.id) == ("created", github.comments[7][0]["id"])
    assert github.bodies() == [body("verdict: pass", 10)]


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("spoilt", [{"drop": True}, {"status": 502}, {"status": 200, "body": b"<html>"}])
def test_req_20_an_update_whose_answer_is_lost(github: FakeGitHub, store: bool, spoilt: dict[str, Any]) -> None:
    ours = github.add_comment(body("old", 1), ACTIONS)
    github.faults.append(Fault("PATCH", "comments", store=store, **spoilt))
    outcome = send(github)
    assert (outcome.status, outcome.id) == ("updated", ours["id"])
    assert github.bodies() == [body("verdict: pass", 10)]


def test_req_20_a_server_that_never_answers_writes_ends_in_failed(github: FakeGitHub) -> None:
    github.faults.append(Fault("POST", "comments", status=502, times=99))
    assert send(github).status == "failed"
    assert len(github.writes()) == 3


def test_req_20_a_failing_look_behind_the_create_is_no_failure(github: FakeGitHub) -> None:
    github.faults.append(Fault("GET", "comments", skip=1, status=500, times=99))
    outcome = send(github)
    assert (outcome.status, outcome.id) == ("created", 1001)


def test_req_22_a_comment_deleted_meanwhile_is_created_again(github: FakeGitHub) -> None:
    ours = github.add_comment(body("old", 1), ACTIONS)
    github.faults.append(Fault("PATCH", "comments", before=lambda: github.comments[7].remove(ours)))
    assert send(github) == Outcome("created", 1002)
    assert github.bodies() == [body("verdict: pass", 10)]


def test_req_22_a_deleted_comment_that_the_list_still_shows(github: FakeGitHub) -> None:
    github.add_comment(body("old", 1), ACTIONS)
    github.faults.append(Fault("PATCH", "comments", status=404))
    assert send(github).status == "created"


@pytest.mark.parametrize("there", [True, False])
def test_req_22_locked_or_archived_is_said(github: FakeGitHub, there: bool) -> None:
    if there:
        github.add_comment(body("old", 1), ACTIONS)
    github.locked.add(7)
    outcome = send(github)
    assert outcome.status == "forbidden"
    assert "pull-requests: write" in outcome.detail
    assert "issues: write" in outcome.detail


def test_req_23_read_only_is_found_by_trying(github: FakeGitHub) -> None:
    assert send(github, token=READ_ONLY_TOKEN).status == "forbidden"
    assert [one.method for one in github.writes()] == ["POST"]
    assert github.bodies() == []


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422, 451, 500])
def test_req_22_every_other_refusal_is_failed(github: FakeGitHub, status: int) -> None:
    github.faults.append(Fault("GET", "comments", status=status, body=b"<html>", times=99))
    assert send(github).status == "failed"
    assert github.writes() == []


def test_req_22_a_listing_that_breaks_off_never_makes_a_second_comment(github: FakeGitHub) -> None:
    for number in range(150):
        github.add_comment(f"chatter {number}")
    github.add_comment(body("old", 1), ACTIONS)
    github.faults.append(Fault("GET", "comments", skip=1, status=500, times=99))
    assert send(github).status == "failed"
    assert github.writes() == []


def test_req_22_a_double_that_cannot_be_removed_is_said(github: FakeGitHub) -> None:
    for run in (1, 2):
        github.add_comment(body(f"run {run}", run), ACTIONS)
    github.faults.append(Fault("DELETE", "comments", status=403))
    outcome = send(github)
    assert outcome.status == "updated"
    assert "could not be removed" in outcome.detail


@pytest.mark.parametrize("store", [True, False])
def test_req_20_a_removal_whose_answer_is_lost(github: FakeGitHub, store: bool) -> None:
    for run in (1, 2):
        github.add_comment(body(f"run {run}", run), ACTIONS)
    github.faults.append(Fault("DELETE", "comments", store=store, drop=True))
    assert send(github).status == "updated"
    assert github.bodies() == [body("verdict: pass", 10)]


def test_req_24_nothing_is_created_when_only_changes_are_wanted(github: FakeGitHub) -> None:
    assert send(github, wanted(create=False)).status == "skipped"
    github.add_comment(body("problems", 1), ACTIONS)
    assert send(github, wanted("resolved", create=False)).status == "updated"
    assert github.bodies() == [body("resolved", 10)]


@pytest.mark.parametrize(
    "page", [[None], [17], ["x"], [{}], [{"id": "1", "body": 5}], [{"id": 1}], [{"id": True, "body": body("x", 1)}]]
)
def test_odd_comments_in_the_list_are_survived(github: FakeGitHub, page: list[Any]) -> None:
    import json

    github.faults.append(Fault("GET", "comments", status=200, body=json.dumps(page).encode()))
    assert send(github).status == "created"


def test_req_29_three_requests_at_most(github: FakeGitHub) -> None:
    """Create, update, leave: with the token of a workflow and with a person's."""
    for token in (ACTIONS_TOKEN, PERSONAL_TOKEN):
        github.comments.clear()
        for run, text in ((10, "a"), (11, "b"), (12, "b")):
            before = len(github.requests)
            send(github, wanted(text, run=run), token)
            assert len(github.requests) - before <= 3


@given(st.text(min_size=1, max_size=400))
@settings(max_examples=60)
def test_any_key_makes_a_marker_that_reads_back(text: str) -> None:
    """Names of workflows and jobs are free text; surrogates come from broken environments."""
    key = encode_key(text.encode("utf-8", "replace").decode())
    line = Marker(key, (1, 2)).line()
    assert read_marker(line + "\nbody") == Marker(key, (1, 2))
    assert len(key) <= KEY_LIMIT
    assert "--" not in key
    assert "\n" not in line


def test_long_keys_stay_apart() -> None:
    assert encode_key("x" * 500 + "a") != encode_key("x" * 500 + "b")


def test_same_content_sees_text_only() -> None:
    assert same_content(body("a", 1), body("a\n", 2))
    assert same_content(body("held 65 ms, took 3 min 20 s", 1), body("held 7.5 ms, took 4 min 1 s", 2))
    assert not same_content(body("a", 1), body("b", 1))
    assert not same_content(body("lock_timeout = '5s'", 1), body("lock_timeout = '9s'", 1))
