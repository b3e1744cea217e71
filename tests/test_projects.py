"""One tiny real project per situation, judged by the real command on a real engine, against its whole expected report.

Each folder of ``tests/projects`` holds ``base/`` (committed as main), ``change/`` (laid over it on a branch), optionally
``arguments.txt``, and ``expected.json``. ALEMBIC_GATE_UPDATE=1 writes the expected reports anew: read the diff then.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gate.databases import open_server
from gate.errors import ServerUnavailable

HERE = Path(__file__).parent / "projects"
SITUATIONS = sorted(path.name for path in HERE.iterdir() if (path / "base").is_dir())
# Situations that need a server which the wheels do not bring: Debian's package, scripts/mysql-server.
SERVERS = ("mariadb", "mysql")
FINDING = ("id", "check", "category", "severity", "revision", "path", "line", "table", "column", "depends_on_data")


def commit(folder: Path, message: str) -> None:
    for words in (["add", "-A", "-f"], ["commit", "-q", "--allow-empty", "-m", message]):
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words], cwd=folder, check=True)


def repository(situation: str, folder: Path) -> Path:
    """The base as main, the change as a branch on it."""
    shutil.copytree(HERE / situation / "base", folder)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
    commit(folder, "base")
    subprocess.run(["git", "checkout", "-q", "-b", "change"], cwd=folder, check=True)
    if (HERE / situation / "change").is_dir():
        shutil.copytree(HERE / situation / "change", folder, dirs_exist_ok=True)
    commit(folder, "change")
    return folder


def judged(repo: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command, as a user runs it."""
    words = [
        "check",
        "--repo",
        str(repo),
        "--base",
        "main",
        "--format",
        "json",
        "--no-progress",
        "--skip",
        "image-contents,merge-order",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "gate", *words, *arguments], capture_output=True, text=True, check=False,
        cwd=HERE.parent.parent, env={**os.environ, "ALEMBIC_GATE_CACHE": str(repo.parent / "cache"), **(environ or {})},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def stable(text: str) -> str:
    """A sentence without what differs between machines: versions, temporary folders, counts of seconds."""
    text = re.sub(r"/\S*alembic-gate-\w+/(?:tree|base)-\w+(?:-\w+)?", "<tree>", text)
    text = re.sub(r"Python [\d.]+, Alembic [\d.]+, SQLAlchemy [\d.]+", "Python, Alembic, SQLAlchemy", text)
    text = re.sub(r"old release: .*", "old release", text)  # another check's sentence
    return re.sub(r"(in|with Python) /[^\s:]+", r"\1 <path>", text)


def told(code: int, report: dict[str, Any]) -> dict[str, Any]:
    """What a report says, without what differs between machines."""
    return {
        "exit": code,
        "verdict": report["verdict"],
        "projects": [
            {
                "name": project["name"],
                "config": project["config"],
                "dialect": project["dialect"],
                "heads": project["heads"],
                "new_revisions": project["new_revisions"],
                "checks": {
                    row["id"]: [row["verdict"], *(stable(row[key]) for key in ("reason", "advice") if row[key])]
                    for row in project["checks"]
                },
                "findings": [{key: one[key] for key in FINDING if one[key]} for one in project["findings"]],
                "notes": [stable(note) for note in project["coverage"]["notes"]],
                "statements": [project["coverage"][key] for key in ("statements_observed", "statements_read_only")],
            }
            for project in report["projects"]
        ],
    }


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_project_of_this_shape_gets_exactly_this_report(situation: str, tmp_path: Path) -> None:
    """Verdicts, reasons, advices, findings and notes are as written down; the workspace is left as it was."""
    if situation in SERVERS:
        try:
            open_server(situation, None, None, cache_dir=tmp_path / "cache", workdir=tmp_path, progress=print).close()
        except ServerUnavailable as error:
            pytest.skip(str(error))
    repo = repository(situation, tmp_path / "repo")
    arguments = HERE / situation / "arguments.txt"
    code, out, err = judged(repo, *(arguments.read_text().split() if arguments.exists() else ()))
    assert "Traceback" not in err, err
    said = told(code, json.loads(out))
    expected = HERE / situation / "expected.json"
    if os.environ.get("ALEMBIC_GATE_UPDATE"):
        expected.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert said == json.loads(expected.read_text("utf-8"))
    dirt = subprocess.run(
        ["git", "status", "--porcelain", "--ignored"], cwd=repo, capture_output=True, text=True, check=True
    )
    assert dirt.stdout == ""


def test_every_situation_says_what_it_stands_for() -> None:
    """A folder without about.txt is a riddle to the next reader."""
    assert [name for name in SITUATIONS if not (HERE / name / "about.txt").read_text().strip()] == []


REFUSING = """#!/bin/sh
case "$*" in *--version*) echo "mysqld  Ver 8.0.40 for Linux on x86_64 (MySQL Community Server - GPL)"; exit 0;; esac
echo "Can't create directory '/dev/shm/' (OS errno 13 - Permission denied)" >&2
exit 1
"""


def test_a_mysql_that_does_not_start_gives_way_to_its_manual(tmp_path: Path) -> None:
    """AppArmor keeps the one of GitHub's runners to its folders: statements come from MariaDB, their cost from the manual."""
    try:
        open_server("mariadb", None, None, cache_dir=tmp_path / "cache", workdir=tmp_path, progress=print).close()
    except ServerUnavailable as error:
        pytest.skip(str(error))
    program = tmp_path / "bin" / "mysqld"
    program.parent.mkdir()
    program.write_text(REFUSING)
    program.chmod(0o755)
    repo = repository("mysql", tmp_path / "repo")
    (repo / ".alembic-gate.yml").write_text("database: mysql:8.0\n")
    commit(repo, "which database")
    code, out, err = judged(repo, environ={"PATH": f"{program.parent}:{os.environ['PATH']}"})
    report = json.loads(out)
    project = report["projects"][0]
    verdicts = {one["id"]: one["verdict"] for one in project["checks"]}
    assert (code, verdicts["safe-operations"], verdicts["upgrade-works"]) == (1, "fail", "undecided"), err
    alarms = [(one["id"], one["revision"]) for one in project["findings"] if one["severity"] != "note"]
    assert alarms == [("changing-column-type", "a3")]
    assert "read" in {one["kind"] for one in project["findings"][0]["evidence"]}
    [reason] = {one["reason"] for one in project["checks"] if one["id"] == "upgrade-works"}
    assert "Permission denied" in reason
    [notice] = [one for one in report["notices"] if "MySQL 8.0" in one]
    assert "read from its manual" in notice
