"""`alembic-gate split` on real repositories: what it prints, writes and refuses, and that the result passes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import gate, git, repository, revision

TABLE = 'op.create_table("t", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("a", sa.String(9)))'
UNSAFE = 'op.add_column("t", sa.Column("b", sa.Integer()))\nop.drop_column("t", "a")'
BACK = 'op.add_column("t", sa.Column("a", sa.String(9)))\nop.drop_column("t", "b")'


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """An unsafe revision with another one on top of it."""
    base = {"r0": revision("r0", None, TABLE, 'op.drop_table("t")')}
    above = revision("r2", "r1", 'op.add_column("t", sa.Column("c", sa.Integer()))', 'op.drop_column("t", "c")')
    return repository(tmp_path / "repo", base, {"r1": revision("r1", "r0", UNSAFE, BACK), "r2": above})


def split(repo: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gate", "split", *words, "--repo", str(repo), "--base", "main"]
    command += ["--python", sys.executable, "--no-progress"]
    root = Path(__file__).resolve().parent.parent
    environ = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ, cwd="/", timeout=240)


def test_it_prints_without_write(repo):
    """Nothing in the tree changes; the texts are on stdout."""
    done = split(repo, "r1")
    assert (done.returncode, git(repo, "status", "--short")) == (0, ""), done.stderr
    assert done.stdout.startswith("# migrations/versions/r1.py (r1, changed)\n")
    assert "# migrations/later/deploy-2/" in done.stdout


def test_it_writes_what_ships_now_and_puts_aside_what_ships_later(repo):
    """The drop waits outside of the revisions' folder; what is left passes the gate."""
    done = split(repo, "r1", "--write")
    assert done.returncode == 0, done.stderr
    [later] = (repo / "migrations/later/deploy-2").iterdir()
    assert later.name.endswith("_when_no_running_release_uses_it_any_more.py.later")
    assert 'op.drop_column("t", "a")' in later.read_text("utf-8")
    assert "drop_column" not in (repo / "migrations/versions/r1.py").read_text("utf-8").partition("def downgrade")[0]
    judged = gate(repo, "check", "--base", "main", "--only", "single-head,safe-operations,split-steps,downgrade-works")
    assert (judged.code, judged.findings()) == (0, []), judged.err


@pytest.mark.parametrize(
    ("wanted", "told"), [("r0", "is not among the new revisions (r1, r2)"), ("r9", "is not among")]
)
def test_a_revision_of_the_base_is_refused(repo, wanted, told):
    """It is history; and nothing is printed on stdout."""
    done = split(repo, wanted)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_safe_revision_needs_no_split(repo):
    """It says so, and that is a pass."""
    done = split(repo, "r2")
    assert (done.returncode, done.stdout) == (0, "r2 needs no split: nothing was found.\n")
