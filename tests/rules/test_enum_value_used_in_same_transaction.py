"""New enum label used before it is committed."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import Autocommit, deploy, said

ID = "enum-value-used-in-same-transaction"
UNSAFE = [
    (
        deploy("ALTER TYPE mood ADD VALUE 'calm'; UPDATE users SET mood = 'calm' WHERE id = 1"),
        ["error transaction - c1"],
    ),
    (
        deploy("ALTER TYPE mood ADD VALUE 'calm'", "UPDATE users SET mood = 'calm' WHERE id = 1"),
        ["error transaction - c2"],
    ),
    (deploy("ALTER TYPE mood ADD VALUE 'calm'", version=(11,)), ["error transaction - c1"]),
]
SAFE = [
    deploy("ALTER TYPE mood ADD VALUE 'calm'", "UPDATE users SET mood = 'calm' WHERE id = 1", apart=True),
    deploy(Autocommit("ALTER TYPE mood ADD VALUE 'calm'"), "UPDATE users SET mood = 'calm' WHERE id = 1"),
    deploy("CREATE TYPE z AS ENUM ('a'); ALTER TYPE z ADD VALUE 'b'; SELECT 'b'::z"),
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
