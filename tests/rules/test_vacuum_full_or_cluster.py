"""VACUUM FULL or CLUSTER."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import Autocommit, deploy, said

ID = "vacuum-full-or-cluster"
UNSAFE = [
    (deploy("CLUSTER users USING ix_users_email"), ["error rewrite users c1"]),
    (deploy(Autocommit("VACUUM FULL users")), ["error rewrite users c1"]),
    (deploy(Autocommit("VACUUM FULL")), ["error rewrite - c1"]),
]
SAFE = [
    deploy(Autocommit("VACUUM users")),
    deploy("CREATE TABLE t (a int); CLUSTER t"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
