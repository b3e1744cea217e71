"""Partition created in place."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "creating-partition-of"
UNSAFE = [
    (deploy("CREATE TABLE e2 PARTITION OF events FOR VALUES FROM (1000) TO (2000)"), ["warning lock events c1"]),
]
SAFE = [
    deploy("CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p DEFAULT"),
    deploy("CREATE TABLE e2 (LIKE events)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
