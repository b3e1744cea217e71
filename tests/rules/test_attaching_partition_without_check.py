"""Partition attached without a proving CHECK."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, said

ID = "attaching-partition-without-check"
UNSAFE = [
    (
        deploy("ALTER TABLE events ATTACH PARTITION old_events FOR VALUES FROM (1000) TO (2000)"),
        ["warning lock old_events c1", "warning fails-on-existing-rows old_events c1?"],
    ),
]
SAFE = [
    deploy(
        "CREATE TABLE n (id int NOT NULL, at date); ALTER TABLE events ATTACH PARTITION n FOR VALUES FROM (1) TO (2)"
    ),
    deploy("ALTER TABLE events ATTACH PARTITION old_events FOR VALUES FROM (1000) TO (2000)", seen={1: Observation()}),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
