"""The command line as people use it: help, formats, files, exit codes, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gate import cli, settings
from gate.errors import UsageError
from tests.running import gate, repository, revision

BASE = {"a": revision("a", None)}


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-m", "gate", *words], capture_output=True, text=True, check=False, timeout=120
    )


def test_help_names_every_command() -> None:
    """And every flag of the settings table has its flag."""
    text = run("--help").stdout
    assert [name for name in cli.COMMANDS if name not in text] == []
    flags = run("check", "--help").stdout
    missing = [
        row.name for row in settings.options("flag") if f"--{row.name}" not in flags and f"--no-{row.name}" not in flags
    ]
    assert missing == []


WRONG = {
    "no command": ((), "the following arguments are required: COMMAND"),
    "unknown command": (("chek",), "invalid choice: 'chek'"),
    "unknown flag": (("check", "--onyl", "x"), "unrecognized arguments: --onyl x"),
    "unknown check": (("check", "--only", "one-head"), "there is no check 'one-head'"),
    "unknown format": (("check", "--format", "xml"), "unknown format 'xml'"),
    "no folder": (("check", "--repo", "/nowhere/at/all"), "there is no such folder"),
    "bad pair": (("check", "--env", "X"), "'X' is not NAME=VALUE"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_is_exit_2_with_an_empty_stdout(name: str) -> None:
    """One sentence and an advice on stderr, never a traceback."""
    words, sentence = WRONG[name]
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_repository_is_no_pass(tmp_path: Path) -> None:
    """No Alembic at all: nothing found to check."""
    done = run("check", "--repo", str(tmp_path), "--format", "json")
    assert done.returncode in (2, 3)
    assert "Traceback" not in done.stderr
    assert "alembic" in done.stderr.lower()


def test_formats_and_files(tmp_path: Path) -> None:
    """``--format`` owns stdout, ``--write`` may name several files."""
    repo = repository(tmp_path / "r", BASE)
    done = gate(
        repo,
        "--only",
        "single-head",
        "--write",
        f"markdown={tmp_path}/c.md",
        "--write",
        f"sarif={tmp_path}/deep/s.sarif",
    )
    assert json.loads(done.out)["verdict"] == "pass"
    assert (tmp_path / "c.md").read_text().startswith("### ")
    assert json.loads((tmp_path / "deep/s.sarif").read_text())["version"] == "2.1.0"


UNWRITABLE = {
    "a folder": ("there", "{tmp}/there is a folder"),
    "below a file": ("file/report.json", "{tmp}/file/report.json cannot be written"),
}


@pytest.mark.parametrize("name", UNWRITABLE)
def test_a_report_that_cannot_be_written_is_said_before_the_run(tmp_path: Path, name: str) -> None:
    """Exit 2, one sentence that names the flag and the path, nothing on stdout."""
    path, sentence = UNWRITABLE[name]
    (tmp_path / "there").mkdir()
    (tmp_path / "file").touch()
    done = run("check", "--repo", str(tmp_path), "--write", f"json={tmp_path}/{path}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == f"alembic-gate: --write json: {sentence.format(tmp=tmp_path)}"


def test_a_report_that_cannot_be_written_after_all_is_no_traceback(tmp_path: Path) -> None:
    """The system may refuse what looked possible, even to root (/proc); that is exit 3, never a pass."""
    repo = repository(tmp_path / "r", BASE)
    done = run(
        "check", "--repo", str(repo), "--only", "single-head", "--no-progress", "--write", "json=/proc/self/nothing"
    )
    assert done.returncode in (2, 3)
    assert done.stderr.startswith("alembic-gate: ")
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_only_single_head_starts_no_database(tmp_path: Path) -> None:
    """Facts that no chosen check needs are not collected."""
    done = gate(repository(tmp_path / "r", BASE), "--only", "single-head")
    assert done.project["dialect"] is None
    assert "server_ready" not in done.report["timings"]


def test_heads_are_in_the_report_under_any_only(tmp_path: Path) -> None:
    """``heads`` and ``new_revisions`` too when the check asked has nothing to do with them."""
    done = gate(repository(tmp_path / "r", BASE, {"b": revision("b", "a")}), "--only", "image-contents")
    assert (done.project["heads"], done.project["new_revisions"]) == (["b"], ["b"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_everything_within_five_seconds(tmp_path: Path, number: int, code: int) -> None:
    """Children and scratch databases are gone, and the exit code is the shell's."""
    marker = tmp_path / "started"
    body = f"from pathlib import Path\nPath({str(marker)!r}).touch()\nimport time\ntime.sleep(300)"
    repo = repository(tmp_path / "r", BASE, {"b": revision("b", "a", body)}, "postgresql+psycopg2://u@h/d")
    tmp_path.chmod(0o777)
    for folder in list(tmp_path.parents)[:2]:
        folder.chmod(0o755)
    process = subprocess.Popen(
        [
            sys.executable,
            "-I",
            "-m",
            "gate",
            "check",
            "--repo",
            str(repo),
            "--python",
            sys.executable,
            "--no-progress",
            "--only",
            "upgrade-works",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 90
    while not marker.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.1)
    assert marker.exists(), process.communicate()
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == code
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and str(tmp_path) in _command(pid)]


def _command(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    except OSError:
        return ""


def test_parsing_keeps_what_was_said() -> None:
    """Repeatable flags add up, lists split at commas, booleans have a ``--no-`` form."""
    command, flags = cli.parse(["check", "--env", "A=1", "--env", "B=2", "--only", "a,b", "--no-cache", "-vv"])
    assert (command, flags) == (
        "check",
        {"env": {"A": "1", "B": "2"}, "only": ("a", "b"), "cache": False, "verbose": 2},
    )


def test_abbreviated_flags_are_refused() -> None:
    """``--data`` is nobody's flag, today and tomorrow."""
    with pytest.raises(UsageError):
        cli.parse(["check", "--data", "sqlite"])


def test_no_format_shows_a_password_that_project_code_raises() -> None:
    """Project code knows the scratch server's login; as given, decoded, in keys' values and in lists."""
    from gate import cli
    from gate.model import CheckResult, ProjectReport, Report, Verdict
    from gate.settings import Settings

    row = CheckResult("upgrade-works", Verdict.UNDECIDED, "url is p@ss/w:rd%zz or p%40ss%2Fw%3Ard%25zz", None)
    report = Report(
        "check", Verdict.UNDECIDED, 3, "1", projects=(ProjectReport("p", checks=(row,)),), notices=("p@ss/w:rd%zz",)
    )
    chosen = Settings(database_url="postgresql://adm:p%40ss%2Fw%3Ard%25zz@h/x")
    shown = cli.without_secrets(report, chosen)
    assert shown.projects[0].checks[0].reason == "url is *** or ***"
    assert shown.notices == ("***",)
    named = Settings(database_url="postgresql://adm:name@h/x")
    assert cli.without_secrets(report, named) == report


@pytest.mark.parametrize(
    ("redirect", "code", "said"),
    [
        (">&-", 0, "alembic-gate: stdout is closed: what would be printed there is lost\n"),
        (">&- 2>&-", 0, ""),
        (">/dev/full", 3, "alembic-gate: stdout: cannot be written: No space left on device\n"),
        ("| true", 3, ""),
    ],
)
def test_stdout_that_takes_nothing_is_no_traceback(tmp_path: Path, redirect: str, code: int, said: str) -> None:
    """Closed by the caller: the verdict's code, and the file has the report. Full or gone half-way: exit 3."""
    repo = repository(tmp_path / "r", {"a": revision("a", None)})
    file = tmp_path / "report.json"
    command = (
        f'"$0" -I -m gate check --repo "$1" --no-progress --only single-head --base none --write json="$2" {redirect}'
    )
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}", sys.executable, str(repo), str(file)],
        capture_output=True, text=True, check=False, cwd="/", timeout=240,
    )  # fmt: skip
    assert (done.returncode, done.stderr.startswith(said), "Traceback" in done.stderr) == (code, True, False), (
        done.stderr
    )
    assert json.loads(file.read_text("utf-8"))["verdict"] == "pass"


def test_a_full_disk_is_no_bug_of_any_command() -> None:
    """What prints outside a report ends in the same sentence."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "gate", "rules"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    said = "alembic-gate: stdout: cannot be written: No space left on device\n  Make room there.\n"
    assert (done.returncode, done.stderr) == (3, said)
