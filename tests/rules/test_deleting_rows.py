"""Rows deleted."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, on_line, said

ID = "deleting-rows"
UNSAFE = [
    (deploy("DELETE FROM items WHERE id = 2"), ["warning data-loss items c1"]),
    (deploy("DELETE FROM items LIMIT 10", dialect="mysql"), ["warning data-loss items c1"]),
    (deploy("UPDATE OR REPLACE users SET id = id + 1", dialect="sqlite"), ["warning data-loss users c1"]),
    (deploy("DELETE FROM items USING orders WHERE orders.id = items.order_id"), ["warning data-loss items c1"]),
]
UNSAFE += [
    (deploy("REPLACE INTO orders (id, note) VALUES (1, 'x')", dialect="mariadb"), ["warning data-loss orders c1"]),
    (deploy("REPLACE orders (id) SELECT id FROM users", dialect="mysql"), ["warning data-loss orders c1"]),
]
SAFE = [
    deploy("REPLACE INTO items (id, order_id, label) VALUES (1, 2, 'x')", dialect="mysql"),
    deploy("REPLACE INTO items VALUES (1, 2, 'x')", dialect="mysql"),
    deploy("REPLACE INTO logs (code) VALUES ('x')", dialect="mysql"),
    deploy("INSERT INTO orders (id) VALUES (1) ON DUPLICATE KEY UPDATE note = 'x'", dialect="mysql"),
    on_line(
        2,
        deploy("DELETE FROM items LIMIT 10", dialect="mysql", source="def upgrade():\n  while more(): op.execute()"),
    ),
    deploy("DELETE FROM items"),
    deploy("UPDATE OR REPLACE users SET age = 1", dialect="sqlite"),
    deploy("UPDATE OR IGNORE users SET id = id + 1", dialect="sqlite"),
    deploy("UPDATE users SET id = id + 1", dialect="sqlite"),
    deploy("CREATE TABLE t (a int primary key); UPDATE OR REPLACE t SET a = 1", dialect="sqlite"),
    deploy("CREATE TABLE t (a int); DELETE FROM t WHERE a = 1"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
