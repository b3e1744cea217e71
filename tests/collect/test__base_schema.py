"""The base's schema where revisions alone do not give it: commands, base-ref, and what can go wrong with them."""

from __future__ import annotations

from pathlib import Path

from tests.running import gate, git, repository, revision, write

MODELS = """
import sqlalchemy as sa
metadata = sa.MetaData()
sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))
"""
LATER = 'op.add_column("users", sa.Column("name", sa.String(50)))'
BASE = {"a1": revision("a1", None, 'op.add_column("users", sa.Column("old", sa.Integer))'), "a2": revision("a2", "a1")}
CREATE = """
import sqlalchemy as sa, sys
engine = sa.create_engine("sqlite:///app.db")
with engine.begin() as connection:
    connection.exec_driver_sql("CREATE TABLE users (id INTEGER PRIMARY KEY)")
    connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('%s')" % sys.argv[1])
"""


def judged(tmp_path: Path, bootstrap: str, *words: str) -> tuple[int, str, str]:
    """Exit code, verdict and reason of upgrade-works, for a base whose first revision alters what only a program makes."""
    repo = repository(tmp_path / "r", BASE, {"a3": revision("a3", "a2", LATER)}, models=MODELS)
    write(repo, {".alembic-gate.yml": f"bootstrap: {bootstrap}\n"})
    git(repo, "checkout", "--quiet", "main")
    write(repo, {"create.py": CREATE})
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "a program that makes the schema")
    git(repo, "checkout", "--quiet", "change")
    git(repo, "merge", "--quiet", "--no-edit", "main")
    done = gate(repo, "--only", "upgrade-works", *words)
    assert "Traceback" not in done.err, done.err
    return done.code, done.verdicts()["upgrade-works"], str(done.project["checks"][0]["reason"])


def test_a_command_that_stamps_the_base(tmp_path: Path) -> None:
    """Then only the new revision is applied."""
    assert judged(tmp_path, "python create.py a2")[:2] == (0, "pass")


def test_a_command_that_stops_before_the_base_is_followed_by_revisions(tmp_path: Path) -> None:
    """It stamped a1: a2 is applied on top."""
    assert judged(tmp_path, "python create.py a1")[:2] == (0, "pass")


def test_a_command_that_stamps_what_the_base_does_not_have(tmp_path: Path) -> None:
    """It would hide the new revision: undecided, with the better way."""
    code, verdict, reason = judged(tmp_path, "python create.py a3")
    assert (code, verdict) == (3, "undecided")
    assert reason == "bootstrap: the bootstrap stamps a3, which the base does not have"


def test_a_command_that_fails(tmp_path: Path) -> None:
    """Its own error is told."""
    code, _, reason = judged(tmp_path, "python create.py")
    assert (code, reason) == (3, "bootstrap: bootstrap (python create.py) failed: IndexError: list index out of range")


def test_without_a_base_nothing_is_built(tmp_path: Path) -> None:
    """All revisions are new then, and run from the first one on; the reason names the way out."""
    code, verdict, reason = judged(tmp_path, "base-ref", "--base", "none")
    assert (code, verdict) == (3, "undecided")
    assert "no such table: users" in reason
