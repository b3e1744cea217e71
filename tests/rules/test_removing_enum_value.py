"""Enum label removed."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "removing-enum-value"
UNSAFE = [
    (
        deploy("CREATE TYPE mood2 AS ENUM ('happy'); ALTER TABLE users ALTER mood TYPE mood2 USING mood::text::mood2"),
        ["error backward-incompatible users.mood c1", "warning fails-on-existing-rows users.mood c1?"],
    ),
]
MADE = "CREATE TABLE t (id INT PRIMARY KEY, a ENUM('x', 'y'))"
UNSAFE += [
    (
        deploy("ALTER TABLE t MODIFY a ENUM('x') NULL", dialect="mysql", earlier=MADE),
        ["error backward-incompatible t.a c1", "warning fails-on-existing-rows t.a c1?"],
    ),
]
SAFE = [
    deploy("ALTER TABLE t MODIFY a VARCHAR(20) NULL", dialect="mysql", earlier=MADE),
    deploy("ALTER TABLE t MODIFY a ENUM('y', 'x') NULL", dialect="mariadb", earlier=MADE),
    deploy("CREATE TYPE m AS ENUM ('happy', 'sad', 'calm'); ALTER TABLE users ALTER mood TYPE m USING mood::text::m"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
