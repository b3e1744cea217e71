"""CONCURRENTLY with IF NOT EXISTS."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import Autocommit, deploy, said

ID = "concurrent-index-if-not-exists"
UNSAFE = [
    (deploy(Autocommit("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON orders (note)")), ["warning hygiene orders c1"]),
]
SAFE = [
    deploy(Autocommit("CREATE INDEX CONCURRENTLY ix ON orders (note)")),
    deploy(
        Autocommit("DROP INDEX CONCURRENTLY IF EXISTS ix; CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON orders (note)")
    ),
    deploy("CREATE INDEX IF NOT EXISTS ix ON orders (note)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
