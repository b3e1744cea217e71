"""LOCK TABLE."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "explicit-table-lock"
UNSAFE = [
    (deploy("LOCK TABLE users"), ["warning lock users c1"]),
    (deploy("LOCK TABLE users IN SHARE MODE"), ["warning lock users c1"]),
]
UNSAFE += [
    (deploy("FLUSH TABLES WITH READ LOCK", dialect="mysql"), ["warning lock - c1"]),
    (deploy("FLUSH TABLES users WITH READ LOCK", dialect="mariadb"), ["warning lock users c1"]),
]
SAFE = [
    deploy("FLUSH TABLES", dialect="mysql"),
    deploy("FLUSH PRIVILEGES", dialect="mariadb"),
    deploy("LOCK TABLE users IN ACCESS SHARE MODE"),
    deploy("CREATE TABLE t (a int); LOCK TABLE t"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
