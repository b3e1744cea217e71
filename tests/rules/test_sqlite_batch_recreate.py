"""A table made anew."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said
from tests.rules._recreate import by_hand, recreate

ID = "sqlite-batch-recreate"
UNSAFE = [
    (
        deploy(recreate("users", "id INTEGER PRIMARY KEY, name TEXT NOT NULL"), dialect="sqlite"),
        ["warning rewrite users c1"],
    ),
    (
        deploy(by_hand("users", "id INTEGER PRIMARY KEY, name TEXT NOT NULL"), dialect="sqlite"),
        ["warning rewrite users c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ADD COLUMN a INT", dialect="sqlite"),
    deploy("CREATE TABLE t (id INT, name TEXT)", recreate("t", "id INT, name TEXT"), dialect="sqlite"),
    deploy(
        "CREATE TABLE t (id INT, name TEXT); INSERT INTO t SELECT id, name FROM users; DROP TABLE logs",
        dialect="sqlite",
    ),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []
