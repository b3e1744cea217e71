"""An ADD COLUMN that SQLite refuses."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, passed, said

ID = "adding-column-with-non-constant-default"
ON = {number: Observation(facts={"foreign_keys": True}) for number in range(1, 5)}
OFF = {number: Observation(facts={"foreign_keys": False}) for number in range(1, 5)}
UNSAFE = [
    (
        deploy("ALTER TABLE users ADD at DATETIME DEFAULT CURRENT_TIMESTAMP", dialect="sqlite"),
        ["error fails-on-existing-rows users.at c1"],
    ),
    (
        deploy("ALTER TABLE users ADD a INT DEFAULT (random())", dialect="sqlite"),
        ["error fails-on-existing-rows users.a c1"],
    ),
    (deploy("ALTER TABLE users ADD a INT UNIQUE", dialect="sqlite"), ["error fails-on-existing-rows users.a c1"]),
    (
        deploy("ALTER TABLE users ADD a INT DEFAULT 1 REFERENCES orders (id)", dialect="sqlite", seen=ON),
        ["error fails-on-existing-rows users.a c1"],
    ),
    (
        deploy("ALTER TABLE users ADD a INT GENERATED ALWAYS AS (age) STORED", dialect="sqlite"),
        ["error fails-on-existing-rows users.a c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ADD a INT DEFAULT (-1.5)", dialect="sqlite"),
    deploy("ALTER TABLE users ADD a TEXT NOT NULL DEFAULT 'it''s'", dialect="sqlite"),
    deploy("ALTER TABLE users ADD a INT DEFAULT 1 REFERENCES orders (id)", dialect="sqlite", seen=OFF),
    deploy("ALTER TABLE users ADD a INT REFERENCES orders (id)", dialect="sqlite", seen=ON),
    deploy("ALTER TABLE users ADD at DATETIME DEFAULT CURRENT_TIMESTAMP", dialect="sqlite", runs=passed()),
    deploy("CREATE TABLE t (id INT)", "ALTER TABLE t ADD at DATETIME DEFAULT CURRENT_TIMESTAMP", dialect="sqlite"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []
