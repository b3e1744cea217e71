"""An imitation of GitHub's runner around a container action: inputs, variables, files, signals (reference section 1)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.github.fake_api import ACTIONS_TOKEN, FakeGitHub
from tests.publish.test_outputs import parse

CANARY = "canary-runtime-token-6f1d"


@dataclass
class Result:
    """What one step left."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str
    seconds: float

    @property
    def last(self) -> str:
        return self.log.rstrip("\n").rsplit("\n", 1)[-1]


@dataclass
class Runner:
    """One job. ``folder`` holds what the runner mounts into the container."""

    folder: Path
    fake: FakeGitHub
    event_name: str = "pull_request"
    payload: dict[str, Any] = field(default_factory=dict)
    sha: str = "f" * 40
    ref: str = "refs/pull/7/merge"
    inputs: dict[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    token: str = ACTIONS_TOKEN
    run_id: int = 10

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def variables(self) -> dict[str, str]:
        """As the runner sets them: INPUT_ names in upper case, dashes kept; job variables and service tokens too."""
        for name in ("workspace", "runner_temp", "home", "workflow", "file_commands"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        event = self.folder / "workflow/event.json"
        event.write_text(json.dumps(self.payload))
        files = {
            name: str(self.folder / "file_commands" / name.lower())
            for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE")
        }
        for path in files.values():
            Path(path).touch()
        inputs = {"token": self.token, **self.inputs}
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "GITHUB_ACTIONS": "true", "CI": "true", **files,
            "GITHUB_WORKSPACE": str(self.workspace), "RUNNER_TEMP": str(self.folder / "runner_temp"), "GITHUB_EVENT_PATH": str(event),
            "GITHUB_EVENT_NAME": self.event_name, "GITHUB_REPOSITORY": self.fake.repository, "GITHUB_SHA": self.sha, "GITHUB_REF": self.ref,
            "GITHUB_API_URL": self.fake.url, "GITHUB_SERVER_URL": self.fake.server_url, "GITHUB_RUN_ID": str(self.run_id),
            "GITHUB_RUN_ATTEMPT": "1", "GITHUB_WORKFLOW": "CI", "GITHUB_JOB": "gate", "ACTIONS_RUNTIME_TOKEN": CANARY,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": CANARY, "PYTHONPATH": str(self.workspace), "DATABASE_URL": f"postgresql://u:{CANARY}@h/d",
            **{f"INPUT_{name.replace(' ', '_').upper()}": value for name, value in inputs.items()}, **self.environ,
        }  # fmt: skip

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-I", "-m", "gate", "action"], env=self.variables(), cwd=self.workspace, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def run(self, seconds: float = 180) -> Result:
        started = time.monotonic()
        process = self.start()
        try:
            log, _ = process.communicate(timeout=seconds)
        except BaseException:
            process.send_signal(signal.SIGTERM)
            raise
        return self.result(process.returncode, log, time.monotonic() - started)

    def result(self, code: int, log: str, seconds: float) -> Result:
        files = self.folder / "file_commands"
        outputs = parse((files / "github_output").read_bytes().decode())
        return Result(code, log, outputs, (files / "github_step_summary").read_text(), seconds)


def pull_payload(number: int = 7, head: str = "a" * 40, base: str = "b" * 40, *, fork: bool = False) -> dict[str, Any]:
    """The parts of a pull_request payload that matter, as GitHub sends them."""
    ours = {"id": 1, "full_name": "octo/shop"}
    return {
        "action": "synchronize", "number": number, "repository": {**ours, "default_branch": "main"},
        "pull_request": {
            "number": number, "state": "open", "merge_commit_sha": None, "head": {"ref": "topic", "sha": head, "repo": {"id": 2, "full_name": "eve/shop"} if fork else ours},
            "base": {"ref": "main", "sha": base, "repo": ours},
        },
    }  # fmt: skip
