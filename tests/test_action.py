"""The action as the runner starts it: real processes, real git over HTTP, the fake API (requirements by number)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.sandbox import probe_uid
from tests.github.fake_api import ACTIONS_TOKEN, READ_ONLY_TOKEN, FakeGitHub, Fault, running
from tests.github.repositories import Origin, git, revision
from tests.github.runner import CANARY, Result, Runner, pull_payload

FAST = {"install": "none", "only": "single-head,history-intact"}


class World:
    """A server with a repository, pull request 7, and a runner."""

    def __init__(self, root: Path, fake: FakeGitHub) -> None:
        self.root, self.fake = root, fake
        self.origin = Origin(root / "git")
        fake.git_root = root / "git"
        self.head, self.merge = self.origin.pull(7, {"migrations/versions/c3_third.py": revision("c3", "b2")})
        fake.add_pull(7, head_sha=self.head, base_sha=self.origin.main)

    def runner(self, **more: Any) -> Runner:
        known: dict[str, Any] = {
            "payload": pull_payload(7, self.head, self.origin.main),
            "sha": self.merge,
            "inputs": FAST,
            **more,
        }
        return Runner(self.root / "runner", self.fake, **known)

    def checked_out(self, take: str = "refs/pull/7/merge", depth: int = 1, **more: Any) -> Runner:
        runner = self.runner(**more)
        self.origin.checkout(runner.workspace, take, depth)
        return runner


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with running() as fake:
        yield World(tmp_path, fake)


def open_to_all(folder: Path) -> None:
    """Let another user pass to ``folder``: pytest's temporary folders are their owner's only."""
    top = Path(tempfile.gettempdir())
    for path in (folder, *folder.parents):
        if path != top and path.is_relative_to(top):
            path.chmod(0o755)


def state(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file with its owner, mode and bytes."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_uid,
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def report_of(runner: Runner, result: Result) -> dict[str, Any]:
    return json.loads((runner.folder / "runner_temp" / result.outputs["result-file"]).read_text())


def test_req_29_a_quiet_pull_request(world: World) -> None:
    """Pass, one comment, three requests for it (none listed: merge-order was not asked), everything set."""
    runner = world.checked_out()
    result = runner.run()
    assert (result.code, result.last) == (0, "alembic-gate: verdict pass, exit code 0")
    assert {name: result.outputs[name] for name in ("verdict", "heads", "new-revisions", "comment-status")} == {
        "verdict": "pass", "heads": "c3", "new-revisions": "c3", "comment-status": "created",
    }  # fmt: skip
    assert [one.method for one in world.fake.requests] == ["GET", "POST", "GET"]
    assert report_of(runner, result)["subject"]["base_found_by"] == "merge-parent"
    assert result.summary.startswith("### ")
    assert result.log.count("::group::") == result.log.count("::endgroup::") == 1


def test_req_11_the_workspace_stays_as_it_is(world: World) -> None:
    """A checkout owned by uid 1001; nothing new, nothing of root, nothing in HOME, no configuration written."""
    runner = world.checked_out()
    for path in [runner.workspace, *runner.workspace.rglob("*")]:
        os.lchown(path, 1001, 1001)
    before = state(runner.workspace)
    result = runner.run()
    assert result.outputs["verdict"] == "pass"
    assert state(runner.workspace) == before
    assert list((runner.folder / "home").iterdir()) == []
    assert (runner.folder / "file_commands/github_env").read_text() == ""


def test_result_files_belong_to_the_owner_of_the_temp_folder(world: World) -> None:
    runner = world.checked_out(inputs={**FAST, "sarif": "out/gate.sarif"})
    (runner.folder / "runner_temp").mkdir(parents=True)
    os.chown(runner.folder / "runner_temp", 1001, 1001)
    result = runner.run()
    assert result.outputs["sarif-file"] == "out/gate.sarif"
    assert {path.stat().st_uid for path in (runner.folder / "runner_temp").rglob("*")} == {1001}


def test_req_6_files_of_the_workspace_never_run_in_the_gate(world: World) -> None:
    """yaml.py, a gate package and sitecustomize in the pull request; PYTHONPATH points to them."""
    trap = f"open({str(world.root / 'trap')!r}, 'w').write('ran')\n"
    world.head, world.merge = world.origin.pull(
        7,
        dict.fromkeys(("yaml.py", "gate/__init__.py", "sitecustomize.py", "jsonschema.py", "usercustomize.py"), trap),
    )
    result = world.checked_out(environ={"PYTHONSTARTUP": "sitecustomize.py", "PYTHONHOME": "/nonexistent"}).run()
    assert result.outputs["verdict"] == "pass"
    assert not (world.root / "trap").exists()


SPY = """\
import json, os, pathlib, sys
seen = {"environ": dict(os.environ)}
for name in ("environ", "cmdline"):
    for path in pathlib.Path("/proc").glob("[0-9]*/" + name):
        try:
            seen[str(path)] = path.read_bytes().decode("latin-1")
        except OSError:
            pass
for folder in os.environ.get("SPY_ON", "").split(":"):
    for path in pathlib.Path(folder).rglob("*"):
        try:
            seen[str(path)] = path.read_bytes()[:100000].decode("latin-1")
            path.write_text("overwritten")
        except OSError:
            pass
try:
    import socket
    socket.socket(socket.AF_UNIX).connect("/var/run/docker.sock")
    seen["docker"] = "reached"
except OSError:
    pass
print("::error::forged"); print("  ::warning::forged"); print("text ##[error]forged"); print("a\\r::error::forged")
print("::stop-commands::abcdefghijklmnopqrstu"); print("::add-mask::a", file=sys.stderr)
raise RuntimeError("SPIED " + json.dumps({key: [part for part in %r if part in value] for key, value in seen.items()
                   if isinstance(value, str) and any(part in value for part in %r)}) + json.dumps(seen["environ"]))
"""


@pytest.fixture(scope="session")
def other_users_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python that another user may run, with our Alembic: what the image has, also where pytest's own is root's."""
    import sys
    import sysconfig

    if os.geteuid() != 0 or probe_uid(sys.executable) is not None:
        return sys.executable
    folder = tmp_path_factory.mktemp("python")
    open_to_all(folder)
    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    if site.parent.name != f"python3.{sys.version_info.minor}":
        pytest.skip(f"/usr/bin/python3 is {site.parent.name}: no Python here that another user may run")
    (site / "ours.pth").write_text(sysconfig.get_path("purelib"))
    return str(folder / "bin/python")


def test_req_7_project_code_finds_no_secret(world: World, other_users_python: str) -> None:
    """A revision and env.py that read the environment, /proc and the runner's folders, and forge commands."""
    secrets = (ACTIONS_TOKEN, CANARY)
    spy = SPY % (secrets, secrets)
    open_to_all(world.root)
    settings = f"python: {other_users_python}\n"
    world.head, world.merge = world.origin.pull(7, {"migrations/env.py": spy, ".alembic-gate.yml": settings})
    watched = ":".join(
        str(world.root / "runner" / name) for name in ("file_commands", "workflow", "runner_temp", "home")
    )
    runner = world.checked_out(inputs={"install": "none", "only": "upgrade-works", "env": f"SPY_ON={watched}"})
    for name in ("file_commands", "runner_temp", "home", "workflow"):
        (runner.folder / name).mkdir(parents=True, mode=0o755)
    result = runner.run()
    assert result.outputs["verdict"] in ("undecided", "fail")
    assert "SPIED {}" in json.dumps(report_of(runner, result)) or "SPIED {}" in result.log
    for word in (
        "ACTIONS_RUNTIME_TOKEN",
        "GITHUB_OUTPUT",
        "GITHUB_ENV",
        "RUNNER_TEMP",
        "INPUT_",
        "ALEMBIC_GATE_INPUTS",
    ):
        assert word not in json.dumps(report_of(runner, result))
    everything = [result.log, result.summary, *world.fake.bodies(), *map(str, result.outputs.values())]
    everything += [path.read_text() for path in (runner.folder / "runner_temp").rglob("*.json")]
    assert not [text for text in everything if any(secret in text for secret in secrets)]
    assert ACTIONS_TOKEN not in json.dumps([one.path for one in world.fake.requests])


def commands(log: str) -> list[str]:
    """Lines that the runner would take as commands (ActionCommand.cs), by its own rules and line ends."""
    lines = log.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


def test_req_9_project_output_forges_no_command(world: World) -> None:
    spy = SPY % ((), ())
    world.head, world.merge = world.origin.pull(7, {"migrations/env.py": spy})
    result = world.checked_out(inputs={"install": "none", "only": "upgrade-works"}).run()
    assert "forged" not in "\n".join(
        line.split("::")[1].split(" ")[0] + line
        for line in commands(result.log)
        if "forged" in line.split("::", 2)[-1][:8]
    )
    kinds = {line.lstrip().split("::")[1].split(" ")[0] for line in commands(result.log)}
    assert kinds <= {"group", "endgroup", "error", "warning", "notice", "add-mask"}
    assert "::add-mask::a\n" not in result.log
    assert "::stop-commands::" not in result.log
    assert not [line for line in commands(result.log) if "##[" in line]


def test_req_10_passwords_are_masked_before_anything_else(world: World) -> None:
    url = "postgresql://app:s3cr%40t-canary@127.0.0.1:1/shop"
    runner = world.checked_out(inputs={"mode": "predeploy", "target-url": url, "install": "none"})
    result = runner.run()
    lines = result.log.splitlines()
    masks = [line for line in lines if line.startswith("::add-mask::")]
    assert lines[: len(masks)] == masks
    assert "::add-mask::s3cr@t-canary" in masks
    rest = [
        "\n".join(lines[len(masks) :]),
        result.summary,
        *world.fake.bodies(),
        json.dumps(result.outputs),
        json.dumps(report_of(runner, result)),
    ]
    assert not [text for text in rest if "s3cr" in text]
    assert result.code == 3


def test_req_10_passwords_of_the_settings_file_are_masked_too(world: World) -> None:
    said = "database-url: postgresql://u:file-canary-7@127.0.0.1:1/d\n"
    world.head, world.merge = world.origin.pull(7, {".alembic-gate.yml": said})
    runner = world.checked_out(inputs={"install": "none", "only": "upgrade-works"})
    result = runner.run()
    assert result.log.count("file-canary-7") == result.log.count("::add-mask::file-canary-7") == 1
    assert "file-canary-7" not in json.dumps(report_of(runner, result)) + result.summary + world.fake.bodies()[0]


@pytest.mark.parametrize(
    "event", ["push", "workflow_dispatch", "release", "schedule", "deployment", "repository_dispatch", "merge_group"]
)
@pytest.mark.parametrize(
    "payload", [{}, {"before": "0" * 40, "repository": None, "merge_group": None, "pull_request": None}]
)
def test_req_13_events_without_a_pull_request(world: World, event: str, payload: dict[str, Any]) -> None:
    """No comment, said once, exit unaffected; not one request to the API."""
    runner = world.checked_out(
        "refs/heads/main", event_name=event, payload=payload, sha=world.origin.main, ref="refs/heads/main"
    )
    result = runner.run()
    assert (result.code, result.outputs["verdict"], result.outputs["comment-status"]) == (0, "pass", "skipped")
    assert result.log.count("no pull request to comment on") == 1
    assert world.fake.requests == []


def test_req_16_a_merge_group_is_compared_with_its_base(world: World) -> None:
    payload = {"merge_group": {"base_sha": world.origin.main, "base_ref": "refs/heads/main", "head_sha": world.merge}}
    runner = world.checked_out(event_name="merge_group", payload=payload, ref="refs/heads/gh-readonly-queue/main/pr-7")
    result = runner.run()
    assert (result.code, result.outputs["new-revisions"]) == (0, "c3")
    assert world.fake.requests == []


def test_req_14_a_push_is_compared_with_what_was_there_before(world: World) -> None:
    after = world.origin.advance({"migrations/versions/c3_third.py": revision("c3", "b2")})
    payload = {"before": world.origin.main, "repository": {"full_name": "octo/shop", "default_branch": "main"}}
    runner = world.checked_out("refs/heads/main", event_name="push", payload=payload, sha=after, ref="refs/heads/main")
    result = runner.run()
    assert (result.outputs["new-revisions"], world.fake.requests) == ("c3", [])
    assert report_of(runner, result)["subject"]["base_found_by"] == "event"


def test_req_14_a_checkout_of_the_head_is_joined_with_todays_base(world: World) -> None:
    """HEAD is not the merge commit, and main has got another child of b2 since: two heads, found on the union."""
    world.origin.advance({"migrations/versions/x9_other.py": revision("x9", "b2")})
    runner = world.checked_out("refs/pull/7/head", sha=world.merge)
    result = runner.run()
    assert (result.code, result.outputs["verdict"]) == (1, "fail")
    report = report_of(runner, result)
    assert report["subject"]["base_found_by"] == "merge-base"
    assert report["projects"][0]["new_revisions"] == ["c3"]
    assert "makes 2 heads: c3, x9" in report["projects"][0]["findings"][0]["message"]


def test_req_14_a_stale_merge_commit_is_joined_with_todays_base(world: World) -> None:
    """A re-run judges the old merge commit; main has moved on."""
    world.origin.advance({"migrations/versions/x9_other.py": revision("x9", "b2")})
    result = world.checked_out().run()
    assert result.code == 1


def test_req_15_an_empty_workspace_is_fetched_by_ourselves(world: World) -> None:
    runner = world.runner()
    runner.variables()
    result = runner.run()
    assert (result.code, result.outputs["heads"], result.outputs["new-revisions"]) == (0, "c3", "c3")
    assert list(runner.workspace.iterdir()) == []
    assert all(one.headers.get("authorization", "").startswith("Basic ") for one in world.fake.git_requests)
    assert ACTIONS_TOKEN not in repr([one.path for one in world.fake.git_requests])


def test_req_15_without_the_right_to_read_it_fails_clearly(world: World) -> None:
    world.fake.git_root = None
    runner = world.runner()
    runner.variables()
    result = runner.run()
    assert (result.code, result.outputs["verdict"]) == (3, "undecided")
    assert "permissions: contents: read" in result.log


def test_req_17_an_enterprise_server(tmp_path: Path) -> None:
    with running(FakeGitHub(prefix="/api/v3")) as fake:
        result = World(tmp_path, fake).checked_out().run()
        assert result.outputs["comment-url"] == f"{fake.server_url}/octo/shop/pull/7#issuecomment-1001"
        assert "outside" not in "".join(one.path for one in fake.requests)


def test_req_8_code_of_a_fork_is_not_run_with_secrets(world: World) -> None:
    """pull_request_target: files are read, nothing runs; undecided, and the static checks are decided."""
    trap = f"open({str(world.root / 'trap')!r}, 'w').write('ran')\n"
    world.head, world.merge = world.origin.pull(7, {"migrations/env.py": trap})
    runner = world.runner(
        event_name="pull_request_target",
        payload=pull_payload(7, world.head, world.origin.main, fork=True),
        inputs={"install": "none"},
    )
    runner.variables()
    result = runner.run()
    assert (result.code, result.outputs["verdict"]) == (3, "undecided")
    assert not (world.root / "trap").exists()
    verdicts = {check["id"]: check["verdict"] for check in report_of(runner, result)["projects"][0]["checks"]}
    assert (verdicts["single-head"], verdicts["upgrade-works"]) == ("pass", "undecided")
    assert "code of a fork is not run on pull_request_target" in result.log


def test_req_8_the_same_repository_or_an_explicit_word_lets_it_run(world: World) -> None:
    payload = pull_payload(7, world.head, world.origin.main, fork=True)
    for environ, chosen in (
        ({}, pull_payload(7, world.head, world.origin.main)),
        ({"ALEMBIC_GATE_ALLOW_UNSAFE_FORK_CODE": "true"}, payload),
    ):
        runner = world.checked_out(
            event_name="pull_request_target",
            payload=chosen,
            environ=environ,
            inputs={"install": "none", "only": "upgrade-works"},
        )
        assert runner.run().outputs["verdict"] == "pass"
        world.root = world.root / "next"
        world.root.mkdir()


def test_req_8_a_settings_file_cannot_allow_it(world: World) -> None:
    world.head, world.merge = world.origin.pull(7, {".alembic-gate.yml": "allow-unsafe-fork-code: true\n"})
    runner = world.checked_out(
        event_name="pull_request_target", payload=pull_payload(7, world.head, world.origin.main, fork=True)
    )
    result = runner.run()
    assert (result.code, result.outputs["verdict"]) == (2, "undecided")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"fail-on": "errors"}, "unknown value 'errors'"),
        ({"require-comment": "yes"}, "input require-comment: 'yes' is neither true nor false"),
        ({"timeout": "ten"}, "input timeout: 'ten' is not a number"),
        ({"mode": "judge"}, "unknown value 'judge'"),
        ({"only": "no-such-check"}, "there is no check 'no-such-check'"),
        ({"config": "nothing.ini"}, "nothing.ini"),
        ({"env": "NOT A PAIR"}, "is not NAME=VALUE"),
        ({"settings": "missing.yml"}, "missing.yml"),
    ],
)
def test_req_37_wrong_inputs_are_exit_2_with_every_output(world: World, inputs: dict[str, str], said: str) -> None:
    result = world.checked_out(inputs={**FAST, **inputs}).run()
    assert (result.code, result.outputs["verdict"]) == (2, "undecided")
    assert len(result.outputs) == 14
    assert said in result.log
    assert "Traceback" not in result.log


def test_req_37_findings_are_exit_1(world: World) -> None:
    world.head, world.merge = world.origin.pull(7, {"migrations/versions/c3_third.py": revision("c3", "a1")})
    result = world.checked_out().run()
    assert (result.code, result.outputs["verdict"], result.outputs["errors"]) == (1, "fail", "1")
    assert "::error file=migrations/versions/c3_third.py,line=" in result.log
    (review,) = world.fake.reviews
    assert 'down_revision = "b2"' in review["comments"][0]["body"]
    assert len(world.fake.requests) == 4, "the comment's three, and the suggestion"


def test_req_19_the_same_result_of_another_run_is_not_written_again(world: World) -> None:
    """Another run, the same commit and the same answer: one look, no write."""
    runner = world.checked_out()
    assert runner.run().outputs["comment-status"] == "created"
    runner.run_id = 11
    before = len(world.fake.requests)
    assert runner.run().outputs["comment-status"] == "unchanged"
    assert len(world.fake.requests) - before == 1


def test_req_3_inputs_are_trimmed_and_typos_are_told(world: World) -> None:
    runner = world.checked_out(
        inputs={
            "install": " none\n",
            "only": "\n single-head ,\n",
            "working directory": "x",
            "comments": "off",
            "zzz": "1",
        }
    )
    result = runner.run()
    assert result.code == 0
    assert "did you mean 'working-directory'?" in result.log
    assert "did you mean 'comment'?" in result.log
    assert "zzz" not in result.log


def test_req_4_an_empty_token(world: World) -> None:
    result = world.checked_out(token="").run()
    assert (result.code, result.outputs["comment-status"], world.fake.requests) == (0, "skipped", [])


def test_req_23_a_read_only_token(world: World) -> None:
    result = world.checked_out(token=READ_ONLY_TOKEN).run()
    assert (result.code, result.outputs["comment-status"]) == (0, "forbidden")
    assert result.outputs["result-file"]


def test_req_22_an_api_that_is_down_changes_nothing(world: World) -> None:
    world.fake.faults += [Fault(method, "", status=503, times=999) for method in ("GET", "POST")]
    result = world.checked_out().run()
    assert (result.code, result.outputs["verdict"], result.outputs["comment-status"]) == (0, "pass", "failed")


HANG = "import time\nprint('about to hang', flush=True)\ntime.sleep(600)\n"


def test_req_39_a_hanging_env_is_ended_and_shown(world: World) -> None:
    world.head, world.merge = world.origin.pull(7, {"migrations/env.py": HANG})
    result = world.checked_out(inputs={"install": "none", "only": "upgrade-works", "timeout": "3"}).run()
    assert (result.code, result.outputs["verdict"]) == (3, "undecided")
    assert "about to hang" in result.log
    assert result.seconds < 40


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_req_38_cancelling_leaves_nothing_behind(world: World, number: int, code: int) -> None:
    """Children that ignore signals and detach are gone, outputs and a partial summary are there, within five seconds."""
    stubborn = (
        "import os, signal, subprocess, sys, time\nfor each in (signal.SIGINT, signal.SIGTERM): signal.signal(each, signal.SIG_IGN)\n"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', {str(world.root)!r}], start_new_session=True)\n"
        "time.sleep(600)\n"
    )
    world.head, world.merge = world.origin.pull(7, {"migrations/env.py": stubborn})
    runner = world.checked_out(inputs={"install": "none", "only": "upgrade-works"})
    process = runner.start()
    deadline = time.monotonic() + 100
    while not alive(str(world.root)) and time.monotonic() < deadline:
        time.sleep(0.1)
    running_then, started = alive(str(world.root)), time.monotonic()
    process.send_signal(number)
    log, _ = process.communicate(timeout=30)
    assert running_then, "the project's code never started"
    result = runner.result(process.returncode, log, time.monotonic() - started)
    assert result.code == code
    assert result.seconds < 5
    assert alive(str(world.root)) == []
    assert (result.outputs["verdict"], len(result.outputs)) == ("undecided", 14)
    assert "cancelled by" in result.summary
    assert result.last == f"alembic-gate: verdict undecided, exit code {code}"
    assert result.log.count("::group::") == result.log.count("::endgroup::")


def alive(mark: str) -> list[str]:
    """Processes of the project's code that carry our mark."""
    done = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if "time.sleep(600)" in line and mark in line]


def test_req_12_git_runs_nothing_of_the_repository(world: World) -> None:
    """Hooks, fsmonitor and credential helpers of .git/config, in a tree of another user, start nothing."""
    runner = world.checked_out()
    trap = world.root / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {world.root}/trapped\n")
    trap.chmod(0o755)
    for key, value in (("core.fsmonitor", str(trap)), ("credential.helper", f"!{trap}"), ("core.hooksPath", str(world.root)),
                       ("core.sshCommand", str(trap)), ("uploadpack.packObjectsHook", str(trap))):  # fmt: skip
        git(runner.workspace, "config", key, value)
    for path in [runner.workspace, *runner.workspace.rglob("*")]:
        os.lchown(path, 1001, 1001)
    assert runner.run().outputs["verdict"] == "pass"
    assert not (world.root / "trapped").exists()


@pytest.mark.parametrize("how", ["missing", "worktree", "broken"])
def test_req_12_odd_git_folders(world: World, how: str) -> None:
    """No .git, a worktree's .git file, a broken HEAD: an answer, never a crash."""
    runner = world.checked_out()
    folder = runner.workspace / ".git"
    if how == "missing":
        subprocess.run(["rm", "-rf", str(folder)], check=True)
    elif how == "worktree":
        folder.rename(world.root / "real-git")
        folder.write_text(f"gitdir: {world.root}/real-git\n")
    else:
        (folder / "HEAD").write_text("rubbish\n")
    result = runner.run()
    assert result.outputs["heads"] == "c3"
    assert "Traceback" not in result.log
    assert result.code in (0, 3)


def test_req_5_the_same_gate_outside_github(world: World) -> None:
    """No workflow command, no request, the same verdict and exit code."""
    runner = world.checked_out()
    environ = {name: value for name, value in runner.variables().items() if not name.startswith(("GITHUB_", "INPUT_"))}
    words = ["-I", "-m", "gate", "check", "--only", "single-head,history-intact", "--install", "none", "--base", "none"]
    import sys

    done = subprocess.run(
        [sys.executable, *words], cwd=runner.workspace, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert commands(done.stdout + done.stderr) == []
    assert world.fake.requests == []


def test_merge_order_names_the_other_pull_request(world: World) -> None:
    """One listing, the heads by one git fetch: four requests in all."""
    head, _ = world.origin.pull(8, {"migrations/versions/d4_other.py": revision("d4", "b2")})
    world.origin.pull(9, {"README": "no revision"})
    for number in (8, 9):
        world.fake.add_pull(number, head_sha=head, title="Other @everyone")
    result = world.checked_out(inputs={"install": "none", "only": "merge-order,single-head"}).run()
    assert (result.code, result.outputs["warnings"]) == (0, "1")
    assert [one.path.rpartition("/")[2] for one in world.fake.requests] == ["pulls", "comments", "comments", "comments"]
    assert "Merge this one first" in world.fake.bodies()[0]
    assert "@everyone" not in world.fake.bodies()[0]


def test_merge_order_by_the_api_where_git_has_no_such_refs(world: World) -> None:
    text = revision("d4", "b2")
    world.fake.add_pull(8, title="Other")
    patch = f"@@ -0,0 +1,{text.count(chr(10))} @@\n" + "\n".join(f"+{line}" for line in text.splitlines())
    world.fake.files[8] = [{"filename": "migrations/versions/d4_other.py", "status": "added", "patch": patch}]
    result = world.checked_out(inputs={"install": "none", "only": "merge-order"}).run()
    assert result.outputs["warnings"] == "1"


def test_merge_order_that_cannot_be_evaluated_is_visible(world: World) -> None:
    world.fake.faults.append(Fault("GET", "/pulls$", status=403, times=9))
    runner = world.checked_out(inputs={"install": "none", "only": "merge-order,single-head"})
    result = runner.run()
    assert (result.code, result.outputs["comment-status"]) == (0, "created")
    checks = {one["id"]: one for one in report_of(runner, result)["projects"][0]["checks"]}
    assert checks["merge-order"]["verdict"] == "undecided"
    assert "could not be listed" in checks["merge-order"]["reason"]


def test_merge_order_is_not_asked_without_new_revisions(world: World) -> None:
    world.head, world.merge = world.origin.pull(7, {"README": "only words"})
    world.checked_out(inputs={"install": "none", "only": "merge-order"}).run()
    assert "pulls" not in [one.path.rpartition("/")[2] for one in world.fake.requests]


def test_req_23_the_fork_safe_pair(world: World) -> None:
    """The first run has no right and leaves its report; the second posts it and runs nothing of the pull request."""
    world.fake.add_pull(7, head_sha=world.head, head_repository="eve/shop")
    first = world.checked_out(payload=pull_payload(7, world.head, world.origin.main, fork=True), token=READ_ONLY_TOKEN)
    judged = first.run()
    assert judged.outputs["comment-status"] == "forbidden"
    run = {
        "id": 5,
        "run_attempt": 1,
        "event": "pull_request",
        "head_sha": world.head,
        "pull_requests": [],
        "head_repository": {"id": 2},
    }
    second = Runner(
        world.root / "second", world.fake, "workflow_run", {"workflow_run": {**run, "repository": {"id": 1}}}, world.origin.main,
        "refs/heads/main", {"mode": "publish", "reports": "/home/runner/work/_temp/alembic-gate", "key": "alembic-gate"}, run_id=99,
    )  # fmt: skip
    second.variables()
    folder = second.folder / "runner_temp/alembic-gate"
    folder.mkdir()
    (folder / "report.json").write_bytes((first.folder / "runner_temp" / judged.outputs["result-file"]).read_bytes())
    before = len(world.fake.requests)
    result = second.run()
    assert (result.code, result.outputs["verdict"], result.outputs["comment-status"]) == (0, "pass", "created")
    assert world.fake.bodies()[0].startswith("<!-- alembic-gate:v1 key=alembic-gate run=5 attempt=1 -->")
    assert len(world.fake.requests) - before == 4
    assert list(second.workspace.iterdir()) == []


@pytest.mark.parametrize("content", ["{}", "<html>", "x" * 2_000_000, "null"])
def test_req_23_a_forged_report_is_undecided(world: World, content: str) -> None:
    world.fake.add_pull(7, head_sha=world.head)
    payload = {
        "workflow_run": {
            "id": 5,
            "event": "pull_request",
            "head_sha": world.head,
            "repository": {"id": 1},
            "head_repository": {"id": 1},
        }
    }
    runner = world.runner(
        event_name="workflow_run", payload=payload, inputs={"mode": "publish", "reports": "alembic-gate"}
    )
    runner.variables()
    (runner.folder / "runner_temp/alembic-gate").mkdir()
    (runner.folder / "runner_temp/alembic-gate/report.json").write_text(content)
    result = runner.run()
    assert (result.code, result.outputs["verdict"], result.outputs["comment-status"]) == (3, "undecided", "created")
    assert "Traceback" not in result.log


def test_req_25_legs_of_a_matrix_merge_and_a_missing_one_is_not_green(world: World) -> None:
    runner = world.checked_out(inputs={**FAST, "comment": "off"})
    judged = runner.run()
    report = (runner.folder / "runner_temp" / judged.outputs["result-file"]).read_bytes()
    for leg in ("gate-pg15", "gate-pg16"):
        (runner.folder / f"runner_temp/reports/{leg}").mkdir(parents=True)
        (runner.folder / f"runner_temp/reports/{leg}/report.json").write_bytes(report)
    runner.inputs = {"mode": "publish", "reports": "reports/gate-pg15,reports/gate-pg16"}
    assert runner.run().code == 0
    runner.inputs = {"mode": "publish", "reports": "reports/gate-pg15,reports/gate-pg16,reports/gate-pg17"}
    result = runner.run()
    assert (result.code, result.outputs["verdict"], len(world.fake.bodies())) == (3, "undecided", 1)
    assert "gate-pg17" in world.fake.bodies()[0]


def test_req_34_groups_close_colour_is_off_and_the_verdict_is_last(world: World) -> None:
    world.head, world.merge = world.origin.pull(7, {"migrations/env.py": "raise SystemExit('boom')\n"})
    result = world.checked_out(inputs={"install": "none"}, environ={"FORCE_COLOR": "1", "TERM": "xterm-256color"}).run()
    assert result.log.count("::group::") == result.log.count("::endgroup::") == 1
    assert "\x1b" not in result.log
    assert result.last == f"alembic-gate: verdict {result.outputs['verdict']}, exit code {result.code}"


def test_req_35_sarif_is_written_even_when_empty(world: World) -> None:
    """So that alerts close; the upload is left to codeql-action."""
    runner = world.checked_out(inputs={**FAST, "sarif": "true"})
    result = runner.run()
    sarif = json.loads((runner.folder / "runner_temp" / result.outputs["sarif-file"]).read_text())
    assert sarif["runs"][0]["results"] == []


def test_req_40_localhost_in_a_container_names_the_service(world: World) -> None:
    """A job's service is reached by its name, not at localhost: said where nothing listens there."""
    url = "postgresql+psycopg://postgres:postgres@localhost:1/postgres"
    result = world.checked_out(inputs={"install": "none", "only": "upgrade-works", "database-url": url}).run()
    assert (result.code, result.outputs["verdict"]) == (3, "undecided")
    assert "job's services are at SERVICE:PORT: " in result.log


def test_req_41_missing_dependencies_are_a_hint_and_never_a_pass(world: World) -> None:
    world.head, world.merge = world.origin.pull(7, {"migrations/env.py": "import no_such_library_anywhere\n"})
    result = world.checked_out(inputs={"install": "none", "only": "models-match,upgrade-works"}).run()
    assert (result.code, result.outputs["verdict"]) == (3, "undecided")
    assert "no_such_library_anywhere" in result.log
    assert "install" in result.log


@pytest.mark.parametrize("how", ["comment", "status"])
def test_a_push_tells_the_pull_requests_that_it_made_stale(world: World, how: str) -> None:
    """Opt-in; the other pull request and one that is right again are told too, and nobody else."""
    world.fake.add_pull(7, head_sha=world.head)
    head, _ = world.origin.pull(8, {"README": "no revision"})
    world.fake.add_pull(8, head_sha=head)
    after = world.origin.advance(
        {"migrations/versions/x9.py": revision("x9", "b2"), ".alembic-gate.yml": f"warn-stale: {how}\n"}
    )
    payload = {"before": world.origin.main, "repository": {"full_name": "octo/shop", "default_branch": "main"}}
    runner = world.checked_out(
        "refs/heads/main",
        event_name="push",
        payload=payload,
        sha=after,
        ref="refs/heads/main",
        inputs={"install": "none", "only": "merge-order"},
    )
    result = runner.run()
    assert (result.code, result.outputs["verdict"]) == (0, "pass")
    if how == "comment":
        (body,) = world.fake.bodies(7)
        assert 'down_revision = "x9"' in body
        assert "has moved on" in body
    else:
        (status,) = world.fake.statuses
        assert (status["sha"], status["state"]) == (world.head, "failure")
        assert "would now make a second head" in status["description"]
    assert world.fake.bodies(8) == []
