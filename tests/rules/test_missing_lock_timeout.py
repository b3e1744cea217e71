"""No lock timeout."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "missing-lock-timeout"
UNSAFE = [
    (deploy("ALTER TABLE users ADD z int", "ALTER TABLE users ADD y int"), ["note hygiene users c1"]),
]
SAFE = [
    deploy("SET lock_timeout = '1s'; ALTER TABLE users ADD z int"),
    deploy("ALTER TABLE users ADD z int", settings={"lock_timeout": "5s"}),
    deploy("CREATE TABLE t (a int)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
