"""Column of a domain with a CHECK."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "adding-constrained-domain-column"
UNSAFE = [
    (deploy("ALTER TABLE users ADD COLUMN score positive"), ["error rewrite users.score c1"]),
]
SAFE = [
    deploy("ALTER TABLE users ADD COLUMN nick plain_text"),
    deploy("CREATE TABLE t (id positive)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
