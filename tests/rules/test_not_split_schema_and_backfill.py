"""Schema change and backfill in one transaction."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import Autocommit, deploy, said

ID = "not-split-schema-and-backfill"
UNSAFE = [
    (deploy("ALTER TABLE users ADD z int; UPDATE users SET z = 1"), ["error not-split users.z c1"]),
    (deploy("ALTER TABLE users ADD z int", "UPDATE users SET z = 1"), ["error not-split users.z c2"]),
    (
        deploy("ALTER TABLE users ADD z int; INSERT INTO users (id) SELECT id FROM orders"),
        ["error not-split users.id c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ADD z int", "UPDATE users SET z = 1", apart=True),
    deploy("ALTER TABLE users ADD z int", Autocommit("UPDATE users SET z = 1")),
    deploy("ALTER TABLE users ADD z int; UPDATE users SET z = 1 WHERE id = 1"),
    deploy("ALTER TABLE users ADD z int; UPDATE orders SET note = 'x'"),
    deploy("CREATE TABLE t (a int); ALTER TABLE t ADD z int; UPDATE t SET z = 1"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
