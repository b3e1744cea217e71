"""Revisions that the working tree does not have, looked for in real git histories."""

from __future__ import annotations

from pathlib import Path

from gate.collect import _lost_revisions
from gate.collect._git import Git
from gate.collect._revision_files import read
from gate.collect.history import graph
from gate.facts.history import History, Project
from gate.facts.target import UnknownRevision
from tests.running import git, repository, revision
from tests.targets import commit

PROJECT = Project("p", script_location="migrations", version_locations=("migrations/versions",))
TWO = {"r1": revision("r1", None), "r2": revision("r2", "r1")}


def history(repo: Path) -> History:
    files = sorted((repo / "migrations/versions").glob("*.py"))
    return graph(
        [read(path.relative_to(repo).as_posix(), path.read_bytes()) for path in files], PROJECT.version_locations
    )


def found(repo: Path, id: str) -> UnknownRevision:
    return _lost_revisions.find(Git(repo), PROJECT, history(repo), id)


def test_deleted(tmp_path: Path) -> None:
    """The commit that deleted the file, its author and its subject."""
    repo = repository(tmp_path / "r", TWO)
    gone = commit(repo, "drop r2", removed=("migrations/versions/r2.py",))
    told = found(repo, "r2")
    assert (told.whereabouts, told.commit, told.author, told.subject) == (
        "removed",
        gone,
        "t <t@example.org>",
        "drop r2",
    )
    assert (told.path, told.nearest, told.newer) == ("migrations/versions/r2.py", "r1", False)


def test_squashed(tmp_path: Path) -> None:
    """What the removing commit put in its place is named."""
    repo = repository(tmp_path / "r", TWO)
    gone = commit(
        repo,
        "squash",
        {"migrations/versions/s1.py": revision("s1", None)},
        ("migrations/versions/r1.py", "migrations/versions/r2.py"),
    )
    told = found(repo, "r2")
    assert (told.whereabouts, told.commit, told.successors, told.nearest) == ("removed", gone, ("s1",), None)


def test_another_id_in_the_same_file(tmp_path: Path) -> None:
    """A revision that was given a new id: the commit that changed it."""
    repo = repository(tmp_path / "r", TWO)
    changed = commit(repo, "rekey", {"migrations/versions/r2.py": revision("n2", "r1")})
    told = found(repo, "r2")
    assert (told.whereabouts, told.commit) == ("removed", changed)


def test_on_another_branch(tmp_path: Path) -> None:
    """The commit that added it, and the branches that have it."""
    repo = repository(tmp_path / "r", TWO)
    git(repo, "checkout", "--quiet", "-b", "feature")
    added = commit(repo, "f", {"migrations/versions/f1.py": revision("f1", "r2")})
    git(repo, "checkout", "--quiet", "main")
    told = found(repo, "f1")
    assert (told.whereabouts, told.commit, told.branches, told.nearest, told.newer) == (
        "other-branch",
        added,
        ("feature",),
        "r2",
        False,
    )


def test_on_a_branch_that_is_gone(tmp_path: Path) -> None:
    """The reflog still knows a deleted branch's commits."""
    repo = repository(tmp_path / "r", TWO)
    git(repo, "checkout", "--quiet", "-b", "feature")
    added = commit(repo, "f", {"migrations/versions/f1.py": revision("f1", "r2")})
    git(repo, "checkout", "--quiet", "main")
    git(repo, "branch", "-D", "feature")
    assert (found(repo, "f1").whereabouts, found(repo, "f1").commit) == ("other-branch", added)


def test_a_newer_release(tmp_path: Path) -> None:
    """On the main line, above what is checked out: this code is older than the target."""
    repo = repository(tmp_path / "r", TWO)
    added = commit(repo, "r3", {"migrations/versions/r3.py": revision("r3", "r2")})
    git(repo, "checkout", "--quiet", "HEAD~1")
    told = found(repo, "r3")
    assert (told.newer, told.commit) == (True, added)


def test_deleted_but_not_committed(tmp_path: Path) -> None:
    """The last commit still has it."""
    repo = repository(tmp_path / "r", TWO)
    (repo / "migrations/versions/r2.py").unlink()
    assert (found(repo, "r2").whereabouts, found(repo, "r2").commit) == ("uncommitted", git(repo, "rev-parse", "HEAD"))


def test_nowhere_and_without_git(tmp_path: Path) -> None:
    """Nothing is made up."""
    repo = repository(tmp_path / "r", TWO)
    assert found(repo, "ffff") == UnknownRevision("ffff")
    assert found(repo, "r[12]*") == UnknownRevision("r[12]*")
    plain = tmp_path / "plain/migrations/versions"
    plain.mkdir(parents=True)
    assert found(tmp_path / "plain", "ffff") == UnknownRevision("ffff")
