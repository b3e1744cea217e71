"""Server default of a NOT NULL column dropped."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "dropping-server-default"
UNSAFE = [
    (deploy("ALTER TABLE users ALTER COLUMN state DROP DEFAULT"), ["error backward-incompatible users.state c1"]),
]
SAFE = [
    deploy("ALTER TABLE users ALTER COLUMN age DROP DEFAULT"),
    deploy("ALTER TABLE users ALTER COLUMN name DROP DEFAULT"),
    deploy("ALTER TABLE users ALTER COLUMN state SET DEFAULT 'x'"),
    deploy("ALTER TABLE users ALTER state DROP NOT NULL, ALTER state DROP DEFAULT"),
    deploy("ALTER TABLE users ALTER state DROP DEFAULT", "ALTER TABLE users ALTER state SET DEFAULT 'x'"),
    deploy("ALTER TABLE users ADD z int NOT NULL DEFAULT 1; ALTER TABLE users ALTER z DROP DEFAULT"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
