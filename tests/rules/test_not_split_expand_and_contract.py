"""Expand and contract in one deploy."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "not-split-expand-and-contract"
UNSAFE = [
    (
        deploy("ALTER TABLE users ADD years int; UPDATE users SET years = age; ALTER TABLE users DROP age"),
        ["error not-split users.age c1"],
    ),
    (
        deploy(
            "ALTER TABLE users ADD years int", "UPDATE users SET years = age", "ALTER TABLE users DROP age", apart=True
        ),
        ["error not-split users.age c3"],
    ),
    (
        deploy("CREATE TABLE purchases (id int); INSERT INTO purchases SELECT id FROM orders; DROP TABLE orders"),
        ["error not-split orders c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ADD years int; UPDATE users SET years = age"),
    deploy("ALTER TABLE users ADD years int; ALTER TABLE users DROP age"),
    deploy("ALTER TABLE users ADD years int; UPDATE users SET years = id; ALTER TABLE users DROP age"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
