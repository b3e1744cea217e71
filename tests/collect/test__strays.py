"""Modules that Alembic stumbles over, and revisions that the config leaves out."""

from __future__ import annotations

from pathlib import Path

from gate.collect._strays import not_loaded, refused
from gate.facts.history import History, Project, Revision

PROJECT = Project("m", script_location="m", version_locations=("m/versions",))
HISTORY = History((Revision("a", "m/versions/a.py"),))


def write(repo: Path, name: str, revision: str, parent: str | None) -> None:
    path = repo / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'revision = "{revision}"\ndown_revision = {parent!r}\n')


def test_a_module_that_is_no_revision_is_refused() -> None:
    """Alembic loads no folder with one; an id in the file name or a star import may still be a revision."""
    files = {"m/versions/helper.py": b"X = 1\n", "m/versions/0a1b.py": b"", "m/versions/star.py": b"from x import *\n"}
    assert [one.path for one in refused(files)] == ["m/versions/helper.py"]


def test_revisions_that_hang_on_loaded_ones_are_named(tmp_path: Path) -> None:
    """The folder beside the configured one gives a wrong answer with exit code 0."""
    write(tmp_path, "m/versions/a.py", "a", None)
    write(tmp_path, "m/versions/2025/b.py", "b", "a")
    write(tmp_path, "m/other/c.py", "c", "b")
    (problem,) = not_loaded(tmp_path, PROJECT, HISTORY)
    assert (problem.kind, set(problem.revisions)) == ("not-loaded", {"b", "c"})


def test_an_archive_of_squashed_revisions_is_none(tmp_path: Path) -> None:
    """It hangs on nothing that is loaded."""
    write(tmp_path, "m/archive/x.py", "x", None)
    write(tmp_path, "m/archive/y.py", "y", "x")
    assert list(not_loaded(tmp_path, PROJECT, HISTORY)) == []


def test_recursive_locations_are_loaded(tmp_path: Path) -> None:
    """recursive_version_locations sees what is below."""
    write(tmp_path, "m/versions/2025/b.py", "b", "a")
    recursive = Project("m", script_location="m", version_locations=("m/versions",), recursive=True)
    assert list(not_loaded(tmp_path, recursive, HISTORY)) == []


def test_where_the_config_loads_none_all_are_named(tmp_path: Path) -> None:
    """An env.py may choose a folder for each kind of database."""
    write(tmp_path, "m/versions/postgresql/a.py", "a", None)
    write(tmp_path, "m/versions/sqlite/b.py", "b", None)
    (problem,) = not_loaded(tmp_path, PROJECT, History())
    assert set(problem.revisions) == {"a", "b"}
