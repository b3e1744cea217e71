"""Places that another account can come to."""

from __future__ import annotations

from pathlib import Path

from gate._reach import passable, readable

NOBODY = 65534


def test_one_closed_folder_on_the_way_is_enough(tmp_path: Path) -> None:
    """As our own account everything is open; for another one every folder counts, and the file itself."""
    open_to_all = Path("/usr/bin/env")
    assert passable(open_to_all, NOBODY)
    assert readable(open_to_all, NOBODY)
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    inside = private / "file"
    inside.write_text("x")
    assert not passable(inside, NOBODY)
    assert not readable(inside, NOBODY)
    assert passable(inside, None)
    assert readable(inside, None)


def test_a_place_that_does_not_exist_yet_is_judged_by_its_parents() -> None:
    """A cache is made when it is first needed."""
    assert passable(Path("/usr/nothing/here/yet"), NOBODY)
