"""DROP ... CASCADE."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "drop-cascade"
UNSAFE = [
    (deploy("DROP VIEW active_users CASCADE"), ["warning data-loss - c1"]),
    (deploy("DROP TYPE mood CASCADE"), ["warning data-loss - c1"]),
    (deploy("ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE"), ["warning data-loss users c1"]),
]
SAFE = [
    deploy("DROP VIEW active_users"),
    deploy("CREATE TABLE t (a int); DROP TABLE t CASCADE"),
    deploy("DROP FUNCTION nope CASCADE"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
