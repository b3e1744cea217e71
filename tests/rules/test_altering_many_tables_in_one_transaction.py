"""Several tables altered in one transaction."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "altering-many-tables-in-one-transaction"
UNSAFE = [
    (
        deploy("ALTER TABLE users ADD z int; ALTER TABLE orders ADD z int; ALTER TABLE logs ADD z int"),
        ["warning lock orders c1"],
    ),
    (deploy("ALTER TABLE users ADD z int", "ALTER TABLE orders ADD z int"), ["warning lock orders c2"]),
]
SAFE = [
    deploy("ALTER TABLE users ADD z int", "ALTER TABLE orders ADD z int", apart=True),
    deploy("ALTER TABLE users ADD z int; ALTER TABLE users ADD y int"),
    deploy("CREATE TABLE t (a int); ALTER TABLE t ADD z int; ALTER TABLE users ADD z int"),
    deploy("ALTER TABLE users ADD z int; COMMENT ON TABLE orders IS 'x'"),
    deploy("ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
