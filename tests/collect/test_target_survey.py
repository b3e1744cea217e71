"""What goes on in the target, through the command."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.collect.test_target_position import at, predeploy


def test_touched_tables_are_sized(tmp_path: Path) -> None:
    """Only the table that the pending revision touches, with its rows."""
    target = predeploy(tmp_path, *at("a"), "CREATE TABLE others (id integer)").project["target"]
    assert [(row["name"], row["rows"]) for row in target["tables"]] == [("users", 2)]
    assert (target["blockers"], target["moved"]) == ([], False)


def test_the_target_is_only_read(tmp_path: Path) -> None:
    """Not a byte of the file changes, and nothing appears beside it."""
    folder = tmp_path / "target"
    folder.mkdir()
    predeploy(folder, *at("a"))
    assert sorted(path.name for path in folder.iterdir()) == ["r", "target.db"]
    with sqlite3.connect(folder / "target.db") as target:
        assert list(target.execute("SELECT version_num FROM alembic_version")) == [("a",)]
