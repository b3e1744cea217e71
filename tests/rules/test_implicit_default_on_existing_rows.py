"""A NOT NULL column that old rows get a value for that nobody chose."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, failed, passed, said

ID = "implicit-default-on-existing-rows"
UNSAFE = [
    (deploy("ALTER TABLE users ADD COLUMN level INT NOT NULL", dialect="mysql"), ["warning data-loss users.level c1"]),
    (deploy("ALTER TABLE users ADD COLUMN at DATETIME NOT NULL", dialect="mariadb"), ["warning data-loss users.at c1"]),
    (
        deploy("ALTER TABLE users ADD COLUMN kind ENUM('a', 'b') NOT NULL", dialect="mariadb", runs=passed()),
        ["warning data-loss users.kind c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ADD COLUMN at DATETIME NOT NULL", dialect="mysql"),
    deploy("ALTER TABLE users ADD COLUMN at DATETIME NOT NULL", dialect="mariadb", runs=[failed("plain", 1)]),
    deploy("ALTER TABLE users ADD COLUMN level INT NOT NULL DEFAULT 1", dialect="mysql"),
    deploy("ALTER TABLE users ADD COLUMN level INT", dialect="mysql"),
    deploy("CREATE TABLE t (a INT)", "ALTER TABLE t ADD COLUMN level INT NOT NULL", dialect="mysql"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []
