"""The action in its real container, started as the runner starts it (requirements 6 to 11, 38 and 41)."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.github.fake_api import ACTIONS_TOKEN, FakeGitHub, running
from tests.github.repositories import Origin, revision
from tests.github.runner import CANARY, Result, Runner, pull_payload

MOUNTS = {
    "workspace": "workspace",
    "runner_temp": "runner_temp",
    "home": "home",
    "workflow": "workflow",
    "file_commands": "file_commands",
}
# What lets the installer reach the package index from where this test runs; none of it may reach project code.
CLIENT = {
    name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_")) and name != "PIP_FIND_LINKS"
}
SPY = """
import json, os, pathlib, socket, subprocess
SECRETS = {secrets!r}
seen = {{"environ": json.dumps(dict(os.environ))}}
places = [*pathlib.Path("/proc").glob("[0-9]*/environ"), *pathlib.Path("/proc").glob("[0-9]*/cmdline")]
for folder in ("/github/file_commands", "/github/runner_temp", "/github/home", "/github/workflow", "/github/workspace/.git", "/root", "/tmp"):
    places += [path for path in pathlib.Path(folder).rglob("*")]
for path in places:
    try:
        seen[str(path)] = path.read_bytes()[:100000].decode("latin-1")
    except OSError:
        pass
wrote = []
for path in ("/github/workspace/alembic.ini", "/github/workspace/new.txt", "/github/home/.gitconfig", "/github/file_commands/github_output",
             "/github/file_commands/github_env", "/github/runner_temp/new.txt", "/opt/alembic-gate/x"):
    try:
        pathlib.Path(path).write_text("forged")
        wrote.append(path)
    except OSError:
        pass
try:
    socket.socket(socket.AF_UNIX).connect("/var/run/docker.sock")
    wrote.append("docker")
except OSError:
    pass
subprocess.Popen(["sh", "-c", "setsid sleep 3000 &"])
print("::error::forged"); print("##[error]forged")
found = [path for path, text in seen.items() if any(secret in text for secret in SECRETS)]
raise RuntimeError("SPIED %s WROTE %s UID %d GROUPS %s" % (found, wrote, os.getuid(), os.getgroups()))
"""
USERS = revision("c3", "b2", "users")
HANGING = USERS.replace("def upgrade():", "def upgrade():\n    import time\n    time.sleep(600)")


@dataclass
class InContainer(Runner):
    """The runner's mounts, variables and signals around ``docker run``."""

    image: str = ""
    name: str = ""

    def start(self) -> subprocess.Popen[str]:
        told = self.variables()
        inside = {
            key: value.replace(str(self.folder), "/github") for key, value in told.items() if key != "PATH"
        } | CLIENT
        words = ["docker", "run", "--rm", "--name", self.name, "--network", "host", "--workdir", "/github/workspace"]
        # As the runner does; but where there is no socket, --volume would make a folder of its name.
        words += ["--mount", "type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock"]
        for ours, theirs in MOUNTS.items():
            words += ["--volume", f"{self.folder / ours}:/github/{theirs}"]
        for key in inside:
            words += ["--env", key]
        return subprocess.Popen(
            [*words, self.image],
            env={**os.environ, **inside},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )


@dataclass
class World:
    """A server with a repository and pull request 7, and the container that judges it."""

    root: Path
    fake: FakeGitHub
    image: str

    def run(self, files: dict[str, str], **inputs: str) -> tuple[InContainer, Result]:
        runner = self.runner(files, **inputs)
        return runner, runner.run(400)

    def runner(self, files: dict[str, str], **inputs: str) -> InContainer:
        origin = Origin(self.root / "git")
        self.fake.git_root = self.root / "git"
        head, merge = origin.pull(7, files)
        self.fake.add_pull(7, head_sha=head, base_sha=origin.main)
        runner = InContainer(
            self.root / "runner",
            self.fake,
            payload=pull_payload(7, head, origin.main),
            sha=merge,
            inputs=inputs,
            image=self.image,
            name=f"alembic-gate-test-{os.getpid()}-{time.monotonic_ns()}",
        )
        origin.checkout(runner.workspace, "refs/pull/7/merge", 1)
        for path in [runner.workspace, *runner.workspace.rglob("*")]:
            os.lchown(path, 1001, 1001)
        return runner


@pytest.fixture
def world(tmp_path: Path, image: str) -> Iterator[World]:
    with running() as fake:
        yield World(tmp_path, fake, image)


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(p.relative_to(folder)): (p.lstat().st_uid, p.read_bytes() if p.is_file() and not p.is_symlink() else b"")
        for p in folder.rglob("*")
    }


def report(runner: Runner, result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((runner.folder / "runner_temp" / result.outputs["result-file"]).read_text())
    return found


def test_the_whole_gate_in_the_container(world: World) -> None:
    """The project's environment is built with uv, the deploy is rehearsed, the comment is there, the workspace is unchanged."""
    runner = world.runner({"migrations/versions/c3.py": USERS}, skip="models-match")
    before = state(runner.workspace)
    result = runner.run(400)
    assert result.last == "alembic-gate: verdict pass, exit code 0", result.log
    assert (result.code, result.outputs["new-revisions"], result.outputs["comment-status"]) == (0, "c3", "created")
    assert report(runner, result)["projects"][0]["coverage"]["statements_observed"] == 1
    assert state(runner.workspace) == before
    assert state(runner.folder / "home") == {}


def test_req_7_project_code_finds_nothing_and_changes_nothing(world: World) -> None:
    """env.py as an attacker: no token anywhere, nothing writable, no Docker socket, another uid without groups."""
    runner = world.runner(
        {"migrations/env.py": SPY.format(secrets=(ACTIONS_TOKEN, CANARY))}, install="none", only="upgrade-works"
    )
    before = state(runner.workspace)
    result = runner.run(400)
    told = json.dumps(report(runner, result))
    assert "SPIED [] WROTE [] UID 9" in told or "SPIED [] WROTE [] UID" in told, told
    assert "UID 0 " not in told
    assert "GROUPS [0" not in told
    assert state(runner.workspace) == before
    assert not [
        line
        for line in result.log.splitlines()
        if line.lstrip().startswith("::error::forged") or "##[error]forged" in line
    ]
    everything = [result.log, result.summary, told, *world.fake.bodies(), *result.outputs.values()]
    assert not [text for text in everything if ACTIONS_TOKEN in text or CANARY in text]


@pytest.mark.parametrize("database", ["postgresql", "mariadb"])
def test_both_servers_of_the_image_start(world: World, database: str) -> None:
    """The version is the image's own, and said so."""
    runner, result = world.run(
        {"migrations/versions/c3.py": USERS, "migrations/env.py": ENV},
        database=database,
        install="none",
        only="upgrade-works",
    )
    project = report(runner, result)["projects"][0]
    assert (result.code, project["dialect"], project["server_source"]) == (0, database, "binaries"), result.log


ENV = """\
from alembic import context
from sqlalchemy import create_engine, pool
with create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""


def test_req_38_a_cancelled_run_is_over_within_five_seconds(world: World) -> None:
    """SIGINT to PID 1 while a revision hangs: exit 130, outputs set, container gone."""
    runner = world.runner({"migrations/versions/c3.py": HANGING}, install="none", only="upgrade-works")
    process = runner.start()
    assert process.stdout is not None
    said = ""
    while "rehearsing 1 revisions" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    asked = time.monotonic()
    subprocess.run(["docker", "kill", "--signal", "INT", runner.name], check=True, capture_output=True)
    log, _ = process.communicate(timeout=60)
    result = runner.result(process.returncode, said + log, time.monotonic() - asked)
    assert (result.code, result.outputs["verdict"]) == (130, "undecided"), result.log


def test_req_41_a_missing_dependency_is_undecided_with_a_hint(world: World) -> None:
    """Never "no drift": exit 3, and what to install."""
    _, result = world.run({"migrations/env.py": "import not_on_any_index_xyz\n"}, install="none", only="models-match")
    assert (result.code, result.outputs["verdict"]) == (3, "undecided")
    assert "not_on_any_index_xyz" in result.log
