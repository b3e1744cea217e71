"""Backfill in one statement."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import Autocommit, deploy, on_line, on_one_line, said

ID = "unbatched-backfill"
BATCH = "UPDATE orders SET note = 'x' WHERE id IN (SELECT id FROM orders WHERE note IS NULL LIMIT 10)"
UNSAFE = [
    (
        on_line(2, deploy(BATCH, source="def upgrade(): # 1\n  while more(): op.execute()")),
        ["warning hygiene orders.note c1", "warning lock orders.note c1"],
    ),
    (on_one_line(deploy(BATCH + "; " + BATCH)), ["warning hygiene orders.note c1", "warning lock orders.note c1"]),
    (
        deploy("UPDATE orders SET note = 'x' WHERE note IS NULL"),
        ["warning hygiene orders.note c1", "warning lock orders.note c1"],
    ),
    (
        deploy("UPDATE orders SET note = users.name FROM users WHERE users.id = orders.user_id"),
        ["warning hygiene orders.note c1", "warning lock orders.note c1"],
    ),
    (
        deploy("INSERT INTO logs (code) SELECT name FROM users", dialect="mysql", version=(8, 4)),
        ["warning lock users c1"],
    ),
]
SAFE = [
    deploy("INSERT INTO logs (code) SELECT name FROM users"),
    deploy("INSERT INTO logs (code) SELECT name FROM users WHERE id < 100", dialect="mysql", version=(8, 4)),
    deploy("INSERT INTO logs (code) VALUES ('a')", dialect="mysql", version=(8, 4)),
    deploy("CREATE TABLE t (a int); INSERT INTO logs (code) SELECT a FROM t", dialect="mysql", version=(8, 4)),
    on_one_line(deploy(Autocommit(BATCH + "; " + BATCH))),
    deploy("UPDATE orders SET note = 'x' WHERE id = 1"),
    deploy("UPDATE orders SET note = 'x' WHERE id BETWEEN 1 AND 1000"),
    deploy("UPDATE orders SET note = 'x' WHERE id IN (SELECT id FROM orders LIMIT 10)"),
    deploy("CREATE TABLE t (a int); UPDATE t SET a = 1"),
    deploy("UPDATE items SET label = 'x' WHERE label = 'y'", earlier="CREATE UNIQUE INDEX ux ON items (label)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
