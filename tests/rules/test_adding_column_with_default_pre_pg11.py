"""Column with a default before PostgreSQL 11."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "adding-column-with-default-pre-pg11"
UNSAFE = [
    (deploy("ALTER TABLE users ADD COLUMN level int DEFAULT 1", version=(10, 4)), ["error rewrite users.level c1"]),
]
SAFE = [
    deploy("ALTER TABLE users ADD COLUMN level int DEFAULT 1"),
    deploy("ALTER TABLE users ADD COLUMN level int", version=(10, 4)),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
