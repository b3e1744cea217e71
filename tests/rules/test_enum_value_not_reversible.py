"""Enum label cannot be taken back."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "enum-value-not-reversible"
UNSAFE = [
    (deploy("ALTER TYPE mood ADD VALUE 'calm'"), ["note hygiene - c1"]),
]
SAFE = [
    deploy("CREATE TYPE z AS ENUM ('a')"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
