"""An honest subset of the versions that are promised, old and new; the whole matrix is ``scripts/matrix``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from gate.collect._interpreters import fitting

SPEC = importlib.util.spec_from_file_location("matrix", Path(__file__).parent.parent / "scripts" / "_matrix.py")
assert SPEC is not None
assert SPEC.loader is not None
matrix = importlib.util.module_from_spec(SPEC)
sys.modules["matrix"] = matrix
SPEC.loader.exec_module(matrix)


@pytest.mark.parametrize(
    "cell", list(matrix.cells(few=True)), ids=lambda cell: f"{cell.python}-{cell.alembic}-{cell.sqlalchemy}"
)
def test_a_safe_and_an_unsafe_change_are_told_apart(cell: matrix.Cell, tmp_path: Path) -> None:
    """The same verdicts with this Python, this Alembic, this SQLAlchemy, installed from the package index."""
    if fitting(cell.python) is None:
        pytest.skip(f"Python {cell.python} is not on this machine")
    for situation, expected in (("plain_ini", 0), ("plain_unsafe", 1)):
        code, reason = matrix.judged(cell, situation, tmp_path / "cache")
        if "package index cannot be reached" in reason:
            pytest.skip(reason)
        assert (code, reason) == (expected, "")
