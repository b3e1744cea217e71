"""Slow statement under the strongest lock."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "statement-after-access-exclusive"
UNSAFE = [
    (deploy("ALTER TABLE users ADD z int; UPDATE orders SET note = 'x'"), ["warning lock orders c1"]),
    (deploy("ALTER TABLE users ADD z int", "CREATE INDEX ix ON orders (note)"), ["warning lock orders c2"]),
]
UNSAFE += [
    (deploy(f"ALTER TABLE users ADD z int; {copy}"), ["warning lock orders c1"])
    for copy in (
        "CREATE TABLE kept AS SELECT * FROM orders",
        "SELECT id INTO kept FROM orders",
        "CREATE TABLE fresh (id int); CREATE MATERIALIZED VIEW v AS SELECT o.id FROM fresh JOIN orders o USING (id)",
    )
]
SAFE = [
    deploy("CREATE TABLE kept AS SELECT * FROM orders; ALTER TABLE users ADD z int"),
    deploy("ALTER TABLE users ADD z int; CREATE TABLE kept AS TABLE orders WITH NO DATA"),
    deploy("ALTER TABLE users ADD z int; CREATE MATERIALIZED VIEW v AS SELECT id FROM orders WITH NO DATA"),
    deploy("ALTER TABLE users ADD z int; CREATE VIEW v AS SELECT id FROM orders"),
    deploy("ALTER TABLE users ADD z int", "CREATE TABLE kept AS TABLE orders", apart=True),
    deploy("ALTER TABLE users ADD z int; UPDATE orders SET note = 'x' WHERE id = 1"),
    deploy("ALTER TABLE users ADD z int", "UPDATE orders SET note = 'x'", apart=True),
    deploy("UPDATE orders SET note = 'x'; ALTER TABLE users ADD z int"),
    deploy("ALTER TABLE users ADD z int; INSERT INTO logs (code) VALUES ('a')"),
    deploy("ALTER TABLE users ADD z int; UPDATE users SET z = 1"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
