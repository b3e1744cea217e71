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
SAFE = [
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
