"""Is the target what its revision says, through the command."""

from __future__ import annotations

from pathlib import Path

from tests.collect.test_target_position import at, predeploy


def test_a_target_as_its_revision_left_it_has_no_drift(tmp_path: Path) -> None:
    """Compared with a scratch database at the same revision."""
    done = predeploy(tmp_path, *at("a"))
    assert (done.code, done.project["target"]["drift"]) == (0, [])


def test_what_differs_is_told_object_by_object(tmp_path: Path) -> None:
    """A table and a column that no revision made."""
    done = predeploy(tmp_path, *at("a"), "ALTER TABLE users ADD COLUMN extra text", "CREATE TABLE stray (id integer)")
    drift = {(row["object"], row["kind"]) for row in done.project["target"]["drift"]}
    assert drift == {("users.extra", "extra-column"), ("stray", "extra-table")}
