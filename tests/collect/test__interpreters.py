"""Interpreters on this machine, and what a version wish means."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gate.collect._interpreters import fitting, inspect, of_folder, specifier
from gate.errors import CannotDecide


@pytest.mark.parametrize(
    ("wish", "fits", "not_fits"),
    [
        ("3.12", "3.12.9", "3.13.0"),
        ("3.12.4", "3.12.9", "3.11.4"),
        (">=3.10,<3.13", "3.11.1", "3.13.0"),
        ("cpython@3.11", "3.11.2", "3.12.0"),
        ("3", "3.14.0", "4.0.0"),
    ],
)
def test_a_wish_is_a_minor_version_or_a_range(wish: str, fits: str, not_fits: str) -> None:
    """Patch releases do not decide what a migration does."""
    spec = specifier(wish)
    assert spec is not None
    assert spec.contains(fits)
    assert not spec.contains(not_fits)


def test_no_wish_and_nonsense_are_any_python() -> None:
    """Then our own runs the project."""
    assert specifier("") is None
    assert specifier("whatever") is None
    assert fitting("") == sys.executable
    assert fitting(">=99") is None


def test_an_interpreter_tells_its_version_and_packages() -> None:
    """Normalised names, isolated from folders of the project."""
    found = inspect(sys.executable)
    assert found.version == sys.version_info[:3]
    assert found.has("pytest", "alembic", "sqlalchemy")


def test_what_is_no_interpreter(tmp_path: Path) -> None:
    """A missing file, a folder that is no environment."""
    with pytest.raises(CannotDecide, match="this Python cannot be run"):
        inspect(tmp_path / "python")
    assert of_folder(tmp_path) is None
