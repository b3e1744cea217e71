"""Every text column of a table in another character set."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, failed, said

ID = "converting-charset"
SEEN_COPY = Observation(algorithm="COPY", lock_level="SHARED", rewrites=("users",))
SEEN_INSTANT = Observation(algorithm="INSTANT", lock_level="NONE")
UNSAFE = [
    (deploy("ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4", dialect="mysql"), ["error rewrite users c1"]),
    (
        deploy("ALTER TABLE users CONVERT TO CHARACTER SET latin1", dialect="mariadb"),
        ["error rewrite users c1", "warning data-loss users c1"],
    ),
    (
        deploy(
            "ALTER TABLE users CONVERT TO CHARACTER SET latin1",
            dialect="mariadb",
            seen={1: SEEN_COPY},
            runs=[failed("plain", 1)],
        ),
        ["error rewrite users c1", "error data-loss users c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4", dialect="mariadb", seen={1: SEEN_INSTANT}),
    deploy("ALTER TABLE users DEFAULT CHARACTER SET utf8mb4", dialect="mysql"),
    deploy("CREATE TABLE t (a TEXT)", "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", dialect="mysql"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []
