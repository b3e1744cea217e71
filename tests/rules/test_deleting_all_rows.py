"""All rows deleted."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, on_line, said

ID = "deleting-all-rows"
BATCH = "DELETE FROM items LIMIT 1000"
WHILE = "def upgrade(): # 1\n  while more(): op.execute()"
UNSAFE = [
    (deploy("DELETE FROM items"), ["error data-loss items c1"]),
    (deploy("DELETE FROM items WHERE true"), ["error data-loss items c1"]),
    (deploy("DELETE FROM items WHERE 1 = 1 OR id = 2"), ["error data-loss items c1"]),
    (on_line(2, deploy(f"{BATCH}; {BATCH}", dialect="mysql", source=WHILE)), ["error data-loss items c1"]),
    (deploy("/* all */ DELETE FROM main.items", dialect="sqlite"), ["error data-loss items c1"]),
]
SAFE = [
    deploy(BATCH, dialect="mysql"),
    on_line(2, deploy(BATCH.replace("LIMIT", "WHERE label = 'x' LIMIT"), dialect="mysql", source=WHILE)),
    deploy("DELETE FROM items WHERE id = 2"),
    deploy("CREATE TABLE t (a int); DELETE FROM t"),
    deploy("DELETE FROM items WHERE label = label"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
