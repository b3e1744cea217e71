"""Table dropped."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "dropping-table"
UNSAFE = [
    (deploy("DROP TABLE items"), ["error data-loss items c1", "error backward-incompatible items c1"]),
    (
        deploy("DROP TABLE IF EXISTS items, logs"),
        [
            "error data-loss items c1",
            "error backward-incompatible items c1",
            "error data-loss logs c1",
            "error backward-incompatible logs c1",
        ],
    ),
]
SAFE = [
    deploy("CREATE TABLE t (a int); DROP TABLE t"),
    deploy("DROP TABLE IF EXISTS nope"),
    deploy("DROP VIEW active_users"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
