"""The open pull requests of context.json as facts, without importing a file."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from gate.collect.pull_requests import collect
from gate.context import RunContext
from gate.facts.history import Project
from gate.facts.pull_requests import OpenPullRequests
from gate.settings import Settings
from tests.github.repositories import revision

PROJECT = Project("shop", version_locations=("migrations/versions",))


def facts(tmp_path: Path, told: dict[str, Any] | None, project: Project = PROJECT) -> OpenPullRequests:
    chosen = Settings(repo=str(tmp_path))
    if told is not None:
        (tmp_path / "context.json").write_text(json.dumps(told))
        chosen = Settings(repo=str(tmp_path), context="context.json")
    with contextlib.ExitStack() as stack:
        return collect(RunContext(chosen, project, tmp_path, stack, print, lambda _: None), project)


def pull(*files: tuple[str, str]) -> dict[str, Any]:
    listed = [{"path": path, "text": text} for path, text in files]
    return {"number": 8, "title": "Other", "url": "u", "head_sha": "a" * 40, "files": listed}


def test_revisions_of_this_project_only(tmp_path: Path) -> None:
    """Other folders, sub folders and modules are not what Alembic would load."""
    files = [
        ("migrations/versions/d4.py", revision("d4", "b2")),
        ("other/versions/e5.py", revision("e5", "b2")),
        ("migrations/versions/sub/f6.py", revision("f6", "b2")),
        ("migrations/versions/.hidden.py", revision("h8", "b2")),
        ("migrations/versions/helper.py", "x = 1\n"),
    ]
    found = facts(tmp_path, {"open_pulls": [pull(*files)], "pull_request": 7, "base_ref": "main"})
    assert (found.own, found.base, found.gap) == (7, "main", None)
    assert found.others is not None
    assert [(one.number, [(rev.id, rev.parents, rev.down_line) for rev in one.revisions]) for one in found.others] == [
        (8, [("d4", ("b2",), 7)])
    ]


def test_sub_folders_where_the_project_asks_for_them(tmp_path: Path) -> None:
    project = Project("shop", version_locations=("migrations/versions",), recursive=True)
    found = facts(tmp_path, {"open_pulls": [pull(("migrations/versions/sub/f6.py", revision("f6", "b2")))]}, project)
    assert found.others is not None
    assert found.others[0].revisions[0].id == "f6"


def test_files_that_cannot_be_read_are_a_gap(tmp_path: Path) -> None:
    told = {
        "open_pulls": [pull(("migrations/versions/x.py", "down_revision = ((\n"))],
        "open_pulls_gap": "12 were not read",
    }
    found = facts(tmp_path, told)
    assert found.gap == "12 were not read; pull request #8: migrations/versions/x.py cannot be read"


def test_nobody_asked(tmp_path: Path) -> None:
    assert facts(tmp_path, None) == OpenPullRequests()
    assert facts(tmp_path, {"open_pulls": None, "pull_request": 7}).others is None
