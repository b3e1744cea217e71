"""Default added and dropped in one deploy."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "not-split-add-and-drop-default"
UNSAFE = [
    (
        deploy("ALTER TABLE users ADD z int NOT NULL DEFAULT 1; ALTER TABLE users ALTER z DROP DEFAULT"),
        ["error not-split users.z c1"],
    ),
    (
        deploy("ALTER TABLE users ADD z int NOT NULL DEFAULT 1", "ALTER TABLE users ALTER z DROP DEFAULT", apart=True),
        ["error not-split users.z c2"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ADD z int DEFAULT 1; ALTER TABLE users ALTER z DROP DEFAULT"),
    deploy("ALTER TABLE users ALTER state DROP DEFAULT"),
    deploy("ALTER TABLE users ADD z int NOT NULL DEFAULT 1"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
