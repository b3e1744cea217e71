"""A repository's file may be a link to anything; reading it ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gate.collect import _contents
from tests.running import gate, repository, revision


def test_devices_pipes_and_folders_are_refused(tmp_path: Path) -> None:
    """At once: /dev/zero has no end, and a pipe without a writer never begins."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("pipe", "zero", "loop", ".", "missing"):
        with pytest.raises(OSError):  # the system's own words differ
            _contents.read(tmp_path / name)


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    """One byte more than the largest revision file, so that the reader sees that it is too large."""
    with (tmp_path / "big").open("wb") as file:
        file.truncate(1 << 30)
    assert len(_contents.read(tmp_path / "big")) == _contents.LARGEST + 1
    (tmp_path / "small").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("small")
    assert _contents.read(tmp_path / "link") == b"abc"


def test_a_revision_that_is_a_link_to_a_device_does_not_hold_the_gate(tmp_path: Path) -> None:
    """It is told as unreadable; nothing of it is run into a pass."""
    repo = repository(tmp_path / "repo", {"a1": revision("a1", None)}, {})
    (repo / "migrations/versions/z.py").symlink_to("/dev/zero")
    outcome = gate(repo, "--base", "main", "--only", "single-head,history-intact", seconds=60)
    assert outcome.code == 1
    assert "z.py cannot be read: it is no regular file" in outcome.out
    assert "Traceback" not in outcome.out + outcome.err
