"""Schema dropped."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "dropping-schema"
UNSAFE = [
    (deploy("DROP SCHEMA audit CASCADE"), ["error data-loss audit.events c1"]),
]
SAFE = [
    deploy("CREATE SCHEMA a; DROP SCHEMA a"),
    deploy("DROP SCHEMA IF EXISTS nope CASCADE"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
