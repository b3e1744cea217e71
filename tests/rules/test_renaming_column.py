"""Column renamed."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "renaming-column"
UNSAFE = [
    (deploy("ALTER TABLE users RENAME COLUMN age TO years"), ["error backward-incompatible users.age c1"]),
    (deploy("ALTER TABLE users RENAME age TO years"), ["error backward-incompatible users.age c1"]),
]
SAFE = [
    deploy("CREATE TABLE t (a int); ALTER TABLE t RENAME a TO b"),
    deploy("ALTER TABLE users ADD z int; ALTER TABLE users RENAME z TO y"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
