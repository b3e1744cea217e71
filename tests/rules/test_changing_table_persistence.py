"""Table's persistence or tablespace changed."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, said

ID = "changing-table-persistence"
UNSAFE = [
    (deploy("ALTER TABLE logs SET UNLOGGED"), ["error rewrite logs c1", "warning data-loss logs c1"]),
    (deploy("ALTER TABLE logs SET LOGGED"), ["error rewrite logs c1"]),
    (deploy("ALTER TABLE logs SET TABLESPACE fast"), ["error rewrite logs c1"]),
]
SAFE = [
    deploy("CREATE TABLE t (a int); ALTER TABLE t SET UNLOGGED"),
    deploy("ALTER TABLE logs SET LOGGED", seen={1: Observation()}),
    deploy("ALTER TABLE logs SET (fillfactor = 70)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
