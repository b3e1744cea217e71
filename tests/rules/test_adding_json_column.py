"""json instead of jsonb."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "adding-json-column"
UNSAFE = [
    (deploy("ALTER TABLE users ADD j json"), ["warning hygiene users.j c1"]),
]
SAFE = [
    deploy("ALTER TABLE users ADD j jsonb"),
    deploy("CREATE TABLE t (j json)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
