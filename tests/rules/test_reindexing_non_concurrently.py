"""REINDEX without CONCURRENTLY."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "reindexing-non-concurrently"
UNSAFE = [
    (deploy("REINDEX TABLE users"), ["error lock users c1"]),
    (deploy("REINDEX INDEX ix_users_email"), ["error lock users c1"]),
    (deploy("REINDEX SCHEMA public"), ["error lock - c1"]),
]
SAFE = [
    deploy("REINDEX TABLE CONCURRENTLY users"),
    deploy("CREATE TABLE t (a int); REINDEX TABLE t"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
