"""``predeploy --image`` through the command: the image's revisions set against the target and the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.collect.test_image_archive import saved
from tests.running import Outcome, revision
from tests.targets import HISTORY, asked, migrate, project_for

FOURTH = revision("r4", "r3", 'op.add_column("users", sa.Column("z", sa.Integer))', 'op.drop_column("users", "z")')
KINDS = ["postgresql", "sqlite"]


def image_of(repo: Path, archive: Path, *left_out: str, extra: dict[str, str] | None = None) -> str:
    """What ``docker save`` gives of an image with this checkout in /app, but for some revisions."""
    files = {
        f"app/{one.relative_to(repo)}": one.read_text("utf-8")
        for one in repo.rglob("*")
        if one.is_file() and ".git" not in one.parts and one.suffix in (".py", ".ini", ".mako")
    }
    kept = {name: text for name, text in files.items() if Path(name).stem not in left_out}
    saved(archive, [{**kept, **(extra or {})}])
    return str(archive)


def about_image(done: Outcome) -> list[tuple[str, str]]:
    """Severity and message of what the target's check says of the image."""
    assert done.out, done.err
    rows = [one for one in done.project["findings"] if (one["check"], one["category"]) == ("target-ready", "image")]
    return [(one["severity"], one["message"]) for one in rows]


@pytest.mark.parametrize("kind", KINDS)
def test_the_image_is_compared_with_target_and_checkout(tmp_path: Path, new: Any, cache: Path, kind: str) -> None:
    """Older than the target, short of the checkout, newer than the checkout: errors. Equal: silence."""
    repo = project_for(tmp_path, kind, HISTORY)
    database = new(kind)
    migrate(repo, database, "r2")

    def judged(*left_out: str, extra: dict[str, str] | None = None) -> tuple[int, list[tuple[str, str]]]:
        image = image_of(repo, tmp_path / "image.tar", *left_out, extra=extra)
        done = asked(repo, database, "--image", image, cache=cache)
        return done.code, about_image(done)

    lost = "the image does not have the target's revision r2: inside it Alembic cannot locate it"
    short = "the image lacks r3: an upgrade from it leaves the target behind this code"
    newer = "the image has r4, which this checkout does not: it was built from other code"
    assert judged() == (0, [])
    assert judged("r2", "r3") == (1, [("error", lost)])
    assert judged("r3") == (1, [("error", short)])
    assert judged(extra={"app/migrations/versions/r4.py": FOURTH}) == (1, [("error", newer)])


def test_an_image_that_cannot_be_read_is_told(tmp_path: Path, new: Any, cache: Path) -> None:
    """Not known is a warning with the reason, never silence."""
    repo = project_for(tmp_path, "sqlite", HISTORY)
    database = new("sqlite")
    migrate(repo, database, "r2")
    (tmp_path / "image.tar").write_text("no archive")
    done = asked(repo, database, "--image", str(tmp_path / "image.tar"), cache=cache)
    rows = [one for one in done.project["findings"] if "which revisions the image holds is not known" in one["message"]]
    assert [one["severity"] for one in rows] == ["warning"]
