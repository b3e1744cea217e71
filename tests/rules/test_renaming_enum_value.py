"""Enum label renamed."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "renaming-enum-value"
UNSAFE = [
    (deploy("ALTER TYPE mood RENAME TO feeling"), ["warning backward-incompatible - c1"]),
    (deploy("ALTER TYPE public.mood SET SCHEMA audit"), ["warning backward-incompatible - c1"]),
    (deploy("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"), ["error backward-incompatible - c1"]),
]
SAFE = [
    deploy("CREATE TYPE z AS ENUM ('a'); ALTER TYPE z SET SCHEMA audit"),
    deploy("ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('happy', 'sad')"),
    deploy("CREATE TYPE z AS ENUM ('a'); ALTER TYPE z RENAME VALUE 'a' TO 'b'"),
    deploy("ALTER TYPE mood ADD VALUE 'calm'"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
