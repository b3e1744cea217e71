"""The base's revision set, read from git objects."""

from __future__ import annotations

from pathlib import Path

from tests.running import gate, repository, revision


def test_the_base_is_read_without_a_checkout(tmp_path: Path) -> None:
    """A revision deleted in the working tree is still known to be on the base."""
    repo = repository(tmp_path / "r", {"a": revision("a", None), "b": revision("b", "a")}, {})
    (repo / "migrations/versions/b.py").unlink()
    done = gate(repo, "--only", "history-intact")
    assert (done.code, [(one["revision"], one["path"]) for one in done.project["findings"]]) == (
        1,
        [("b", "migrations/versions/b.py")],
    )


def test_a_repository_below_the_top_of_the_work_tree(tmp_path: Path) -> None:
    """``--repo`` may name a folder of a larger repository."""
    top = repository(
        tmp_path / "r", {"a": revision("a", None)}, {"service/migrations/versions/x.py": revision("x", None)}
    )
    (top / "service/alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    (top / "service/migrations/env.py").write_text("")
    done = gate(top / "service", "--only", "single-head")
    assert (done.project["heads"], done.project["new_revisions"]) == (["x"], ["x"])
