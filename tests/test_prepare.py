"""Requirements 8, 13, 14, 15, 23: what prepare finds, over real git and the fake API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.github.context import Context, read
from gate.github.event import Event, read_event
from gate.prepare import Preparation
from gate.settings import Settings
from tests.github.fake_api import ACTIONS_TOKEN, FakeGitHub, Fault, running
from tests.github.npm import member
from tests.github.patience import FastClock
from tests.github.repositories import Origin, git, revision

EXAMPLES = "7.6.1"


def event_of(name: str, payload: Any, folder: Path, **environ: str) -> Event:
    file = folder / "event.json"
    file.write_text(payload if isinstance(payload, str) else json.dumps(payload))
    known = {
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_REPOSITORY": "octo/shop",
        "GITHUB_RUN_ID": "10",
    }
    return read_event({**known, **environ})


def test_req_13_every_example_payload_of_github(tmp_path: Path) -> None:
    """58 events with all their examples: a pull request exactly where GitHub sends one, and never an error."""
    examples = member("@octokit/webhooks-examples", EXAMPLES, "api.github.com/index.json")
    assert len(examples) >= 50
    for entry in examples:
        for payload in entry["examples"]:
            event = event_of(entry["name"], payload, tmp_path)
            if entry["name"] in ("pull_request", "pull_request_review", "pull_request_review_comment"):
                assert event.pull is not None
                assert event.pull.number == payload["pull_request"]["number"]
                assert event.target_branch == payload["pull_request"]["base"]["ref"]
            elif entry["name"] in ("push", "release", "deployment", "workflow_dispatch", "merge_group"):
                assert event.pull is None


NULLS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(
        ["pull_request", "head", "base", "repo", "sha", "number", "id", "full_name", "workflow_run", "pull_requests", "head_repository"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(
    st.sampled_from(["pull_request", "pull_request_target", "workflow_run", "push", "merge_group", "release", ""]),
    NULLS,
)
@settings(max_examples=120)
def test_req_13_no_payload_is_too_odd(tmp_path_factory: pytest.TempPathFactory, name: str, payload: Any) -> None:
    folder = tmp_path_factory.getbasetemp()
    event = event_of(
        name, {"pull_request": payload, "workflow_run": payload, "merge_group": payload, "repository": payload}, folder
    )
    assert event.pull is None or event.pull.number > 0


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "17", "{", "\ud800".encode("utf-8", "replace").decode(), "[" * 50_000]
)
def test_req_13_a_payload_that_is_none(tmp_path: Path, text: str) -> None:
    event = event_of("pull_request", text, tmp_path, GITHUB_REF="refs/pull/7/merge")
    assert event.pull is not None
    assert (event.pull.number, event.pull.fork) == (7, True)


def test_req_13_a_deleted_fork_is_a_fork(tmp_path: Path) -> None:
    payload = {
        "pull_request": {
            "number": 7,
            "head": {"repo": None, "sha": "a" * 40},
            "base": {"repo": {"id": 1, "full_name": "octo/shop"}},
        }
    }
    event = event_of("pull_request_target", payload, tmp_path)
    assert event.foreign
    assert event.runs_with_secrets


@pytest.mark.parametrize("repository", ["", "octo", "octo/shop/x", "../../etc", "octo/shop?x=1", "a b/c"])
def test_a_repository_that_is_no_name_is_not_used(tmp_path: Path, repository: str) -> None:
    assert event_of("push", {}, tmp_path, GITHUB_REPOSITORY=repository).repository is None


def test_the_order_of_runs_is_that_of_the_run_that_judged(tmp_path: Path) -> None:
    payload = {"workflow_run": {"id": 5, "run_attempt": 2}}
    assert event_of("workflow_run", payload, tmp_path).order == (5, 2)
    assert event_of("push", payload, tmp_path).order == (10, 1)


class World:
    """A server with a repository and a place to prepare in."""

    def __init__(self, root: Path, fake: FakeGitHub) -> None:
        self.root, self.fake = root, fake
        self.origin = Origin(root / "git")
        fake.git_root = root / "git"
        self.workspace = root / "workspace"
        self.workspace.mkdir()

    def prepare(self, name: str, payload: dict[str, Any], token: str = ACTIONS_TOKEN, environ: dict[str, str] | None = None,
                **chosen: Any) -> Context:  # fmt: skip
        (self.root / "event.json").write_text(json.dumps(payload))
        (self.root / "out").mkdir(exist_ok=True)
        target = self.root / "out/context.json"
        known = {
            "GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(self.root / "event.json"), "GITHUB_REPOSITORY": "octo/shop", "GITHUB_RUN_ID": "10",
            "GITHUB_ACTIONS": "true", "GITHUB_API_URL": self.fake.url, "GITHUB_SERVER_URL": self.fake.server_url,
        }  # fmt: skip
        asked = Settings(repo=str(self.workspace), token=token, **chosen)
        Preparation(asked, {**known, **(environ or {})}, target, FastClock()).context().write(target)
        return read(target)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running() as fake:
        yield World(tmp_path, fake)


def followed(head: str, pulls: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    ours = {"id": 1, "full_name": "octo/shop"}
    run = {"id": 5, "run_attempt": 1, "event": "pull_request", "head_sha": head, "pull_requests": pulls or [], "repository": ours,
           "head_repository": {"id": 2, "full_name": "eve/shop"}, **more}  # fmt: skip
    return {"workflow_run": run, "repository": {**ours, "default_branch": "main"}}


def test_req_23_the_pull_request_of_a_fork_is_asked_for(world: World) -> None:
    """The payload lists none for forks; the API names the one whose head it is."""
    world.fake.add_pull(7, head_sha="a" * 40, head_repository="eve/shop")
    found = world.prepare("workflow_run", followed("a" * 40), mode="publish")
    assert (found.pull_request, found.no_comment, found.run_id, found.fork) == (7, None, 5, True)
    assert [one.path for one in world.fake.requests] == [f"repos/octo/shop/commits/{'a' * 40}/pulls"]


def test_req_23_a_pull_request_that_moved_on_gets_no_comment(world: World) -> None:
    world.fake.add_pull(7, head_sha="c" * 40)
    listed = [{"number": 7, "head": {"sha": "a" * 40}}]
    found = world.prepare("workflow_run", followed("a" * 40, listed), mode="publish")
    assert found.pull_request == 7
    assert found.no_comment is not None
    assert "it may have moved on" in found.no_comment


@pytest.mark.parametrize("change", ["closed", "none", "two", "push", "error", "no token"])
def test_req_23_no_right_pull_request_no_comment(world: World, change: str) -> None:
    payload = followed("a" * 40)
    if change in ("closed", "two"):
        world.fake.add_pull(7, head_sha="a" * 40, state="closed" if change == "closed" else "open")
        world.fake.add_pull(8, head_sha="a" * 40, state="closed" if change == "closed" else "open")
    elif change == "push":
        payload["workflow_run"]["event"] = "push"
    elif change == "error":
        world.fake.faults.append(Fault("GET", "pulls", status=404, body=b"<html>"))
    found = world.prepare("workflow_run", payload, mode="publish", token="" if change == "no token" else ACTIONS_TOKEN)
    assert found.pull_request is None
    assert found.no_comment


@pytest.mark.parametrize(
    ("name", "fork", "allowed", "static"),
    [
        ("pull_request", True, False, False),
        ("pull_request_target", True, False, True),
        ("pull_request_target", False, False, False),
        ("pull_request_target", True, True, False),
    ],
)
def test_req_8_where_code_of_a_fork_may_run(world: World, name: str, fork: bool, allowed: bool, static: bool) -> None:
    head, _ = world.origin.pull(7, {"a.py": ""})
    world.origin.checkout(world.workspace, "refs/pull/7/merge")
    ours = {"id": 1, "full_name": "octo/shop"}
    payload = {
        "pull_request": {
            "number": 7,
            "head": {"sha": head, "repo": {"id": 2} if fork else ours},
            "base": {"ref": "main", "repo": ours},
        }
    }
    environ = {"ALEMBIC_GATE_ALLOW_UNSAFE_FORK_CODE": "true"} if allowed else {}
    found = world.prepare(name, payload, environ=environ, skip=("merge-order",))
    assert (found.static_only, found.static_only_reason is not None) == (static, static)


def test_req_8_a_workflow_run_of_a_fork(world: World) -> None:
    world.origin.checkout(world.workspace, "refs/heads/main")
    world.fake.add_pull(7, head_sha="a" * 40, head_repository="eve/shop")
    assert world.prepare("workflow_run", followed("a" * 40)).static_only
    own = followed("a" * 40, head_repository={"id": 1, "full_name": "octo/shop"})
    world.fake.add_pull(7, head_sha="a" * 40)
    assert not world.prepare("workflow_run", own).static_only


def test_req_14_a_base_that_was_named_is_fetched(world: World) -> None:
    git(world.origin.work, "push", "-q", "origin", f"{world.origin.first}:refs/heads/release")
    world.origin.checkout(world.workspace, "refs/heads/main")
    found = world.prepare("push", {"repository": {"default_branch": "main"}}, base="release")
    assert (found.base_sha, found.base_found_by) == (world.origin.first, "flag")
    assert world.fake.requests == []


def test_req_14_without_any_server_the_event_decides(world: World) -> None:
    """Full history, no network: git alone finds the merge base."""
    head, _ = world.origin.pull(7, {"a.py": ""})
    world.origin.checkout(world.workspace, "refs/pull/7/head", depth=0)
    git(world.workspace, "update-ref", "refs/remotes/origin/main", world.origin.main)
    world.fake.git_root = None
    payload = {"pull_request": {"number": 7, "head": {"sha": head}, "base": {"ref": "main", "sha": world.origin.main}}}
    found = world.prepare("pull_request", payload, skip=("merge-order",))
    assert (found.base_sha, found.base_found_by) == (world.origin.main, "merge-base")


def test_req_14_the_api_names_the_merge_base_where_git_cannot(world: World) -> None:
    """A server without filters and a history that is too deep: one comparison by the API."""
    head, _ = world.origin.pull(7, {"a.py": ""}, start=world.origin.first)
    world.origin.checkout(world.workspace, "refs/pull/7/head")
    world.fake.compares[f"main...{head}"] = {"merge_base_commit": {"sha": world.origin.first}}
    payload = {"pull_request": {"number": 7, "head": {"sha": head}, "base": {"ref": "main", "sha": world.origin.main}}}
    import gate.github.base as module

    before, module.HISTORY_DEPTH = module.HISTORY_DEPTH, 1
    try:
        found = world.prepare("pull_request", payload, skip=("merge-order",))
    finally:
        module.HISTORY_DEPTH = before
    assert (found.base_sha, found.base_tip_sha, found.base_found_by) == (world.origin.first, world.origin.main, "api")


def test_req_15_the_token_is_in_no_file_and_no_argument(world: World) -> None:
    head, merge = world.origin.pull(7, {"a.py": ""})
    payload = {"pull_request": {"number": 7, "head": {"sha": head}, "base": {"ref": "main"}}}
    found = world.prepare("pull_request", payload, environ={"GITHUB_SHA": merge}, skip=("merge-order",))
    assert found.repo is not None
    assert git(Path(found.repo), "rev-parse", "HEAD") == merge
    everything = [
        path.read_bytes()
        for path in world.root.rglob("*")
        if path.is_file() and "git/" not in str(path.relative_to(world.root))
    ]
    assert not [data for data in everything if ACTIONS_TOKEN.encode() in data]
    assert list(world.workspace.iterdir()) == []


def test_req_15_a_merge_ref_that_is_gone_falls_back_to_the_head(world: World) -> None:
    """A conflicting pull request has no merge commit."""
    head, _ = world.origin.pull(7, {"a.py": ""}, merge=False)
    payload = {"pull_request": {"number": 7, "merge_commit_sha": None, "head": {"sha": head}, "base": {"ref": "main"}}}
    found = world.prepare("pull_request_target", payload, skip=("merge-order",))
    assert found.repo is not None
    assert git(Path(found.repo), "rev-parse", "HEAD") == head


def test_merge_order_reads_a_bounded_number(world: World) -> None:
    """Hundreds of open pull requests: three pages listed, thirty read, the rest said."""
    head, merge = world.origin.pull(7, {"migrations/versions/c3.py": revision("c3", "b2")})
    world.origin.checkout(world.workspace, "refs/pull/7/merge")
    for number in range(7, 420):
        world.fake.add_pull(number, head_sha=head)
    payload = {"pull_request": {"number": 7, "head": {"sha": head}, "base": {"ref": "main"}}}
    found = world.prepare("pull_request", payload, environ={"GITHUB_SHA": merge})
    assert found.open_pulls == ()
    assert found.open_pulls_gap is not None
    assert found.open_pulls_gap.startswith("270 of 300 open pull requests were not read")
    assert len(world.fake.requests) <= 3 + 30


def test_the_diffs_lines_are_known_without_a_request(world: World) -> None:
    head, merge = world.origin.pull(7, {"migrations/versions/c3.py": revision("c3", "b2")})
    world.origin.checkout(world.workspace, "refs/pull/7/merge")
    payload = {"pull_request": {"number": 7, "head": {"sha": head}, "base": {"ref": "main"}}}
    found = world.prepare("pull_request", payload, environ={"GITHUB_SHA": merge}, skip=("merge-order",))
    assert [(one.path, one.start) for one in found.hunks] == [("migrations/versions/c3.py", 1)]
    assert world.fake.requests == []


def test_req_14_the_base_by_the_api_where_git_gives_nothing(world: World) -> None:
    """Added files are left out, edited and removed ones asked for at the merge base; the union still has one head."""
    changed = {
        "migrations/versions/c3.py": revision("c3", "b2"),
        "migrations/versions/b2_second.py": revision("b2", "a1", "edited"),
    }
    head, merge = world.origin.pull(7, changed)
    world.origin.checkout(world.workspace, "refs/pull/7/merge")
    world.fake.git_root = None
    world.fake.compares[f"main...{head}"] = {
        "merge_base_commit": {"sha": world.origin.main},
        "files": [
            {"filename": "migrations/versions/c3.py", "status": "added"},
            {"filename": "migrations/versions/b2_second.py", "status": "modified"},
        ],
    }
    world.fake.contents[world.origin.main, "migrations/versions/b2_second.py"] = revision("b2", "a1").encode()
    payload = {"pull_request": {"number": 7, "head": {"sha": head}, "base": {"ref": "main", "sha": world.origin.main}}}
    found = world.prepare("pull_request", payload, environ={"GITHUB_SHA": merge}, skip=("merge-order",))
    assert (found.base_found_by, found.base_sha) == ("api", world.origin.main)
    assert {one.path: one.text for one in found.base_files or ()} == {
        "migrations/versions/a1_first.py": revision("a1", None), "migrations/versions/b2_second.py": revision("b2", "a1"),
    }  # fmt: skip
    assert len(world.fake.requests) == 2


def test_req_14_no_git_and_no_api_is_said(world: World) -> None:
    head, merge = world.origin.pull(7, {"a.py": ""})
    world.origin.checkout(world.workspace, "refs/pull/7/merge")
    world.fake.git_root = None
    payload = {"pull_request": {"number": 7, "head": {"sha": head}, "base": {"ref": "main", "sha": world.origin.main}}}
    found = world.prepare("pull_request", payload, environ={"GITHUB_SHA": merge}, skip=("merge-order",))
    assert (found.base_found_by, found.base_sha, found.base_files) == ("none", None, None)
    assert any("could not be read by the API" in note for note in found.notes)
