"""Materialized view refreshed without CONCURRENTLY."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "refreshing-materialized-view-non-concurrently"
UNSAFE = [
    (deploy("REFRESH MATERIALIZED VIEW user_stats"), ["warning lock user_stats c1"]),
]
SAFE = [
    deploy("REFRESH MATERIALIZED VIEW CONCURRENTLY user_stats"),
    deploy("CREATE MATERIALIZED VIEW v AS SELECT 1; REFRESH MATERIALIZED VIEW v"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
