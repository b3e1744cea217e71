"""``alembic-gate projects``: the list, as text, JSON, and as a matrix of what a change can affect."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from gate.facts.history import Project
from gate.projects_command import affected

A = Project("a", directory="services/a", script_location="services/a/m", version_locations=("services/a/m/versions",))
B = Project("b", directory="services/b", script_location="services/b/m", version_locations=("services/b/m/versions",))


def test_only_projects_that_the_change_touches() -> None:
    """A file of one service is that service's; a shared module or lock is everybody's; nobody knows is everybody's."""
    assert affected((A, B), ("services/a/app.py",)) == (A,)
    assert affected((A, B), ("README.md",)) == ()
    assert affected((A, B), ("libs/shared/models.py",)) == (A, B)
    assert affected((A, B), ("uv.lock",)) == (A, B)
    assert affected((A, B), None) == (A, B)
    assert affected((A, B), ("services/ab/x.txt",)) == ()


def command(repo: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gate", "projects", "--repo", str(repo), *words],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command(tmp_path: Path) -> None:
    """Text for people, JSON for programs, one line for strategy.matrix; the URL with its password is in none."""
    for name in ("a", "b"):
        folder = tmp_path / name
        (folder / "m").mkdir(parents=True)
        (folder / "m" / "env.py").write_text("")
        (folder / "alembic.ini").write_text(
            "[alembic]\nscript_location = m\nsqlalchemy.url = postgresql://u:secret@h/d\n"
        )
    assert command(tmp_path).stdout == "".join(
        f"{name}\n    {name}/alembic.ini [alembic]\n    revisions in {name}/m/versions; started from {name}\n"
        for name in ("a", "b")
    )
    matrix = command(tmp_path, "--format", "matrix").stdout
    cells = json.loads(matrix)["include"]
    assert [(one["name"], one["config"], one["directory"]) for one in cells] == [
        (name, f"{name}/alembic.ini", name) for name in ("a", "b")
    ]
    assert "secret" not in command(tmp_path, "--format", "json").stdout
    assert command(tmp_path, "--format", "xml").returncode == 2


def test_nothing_there_is_a_sentence_on_stderr(tmp_path: Path) -> None:
    """Exit 2, stdout empty."""
    done = command(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no Alembic environment found" in done.stderr
