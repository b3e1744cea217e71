"""A copy or a lock that the statement itself asks for."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, said

ID = "forcing-copy-algorithm"
SEEN_COPY = Observation(algorithm="COPY", lock_level="SHARED", rewrites=("users",))
UNSAFE = [
    (
        deploy("ALTER TABLE users ADD COLUMN a INT, ALGORITHM=COPY", dialect="mysql"),
        ["error rewrite users c1", "error lock users c1"],
    ),
    (deploy("ALTER TABLE users ADD INDEX i (age), LOCK=EXCLUSIVE", dialect="mysql"), ["error lock users c1"]),
    (deploy("ALTER TABLE users ENGINE=MyISAM", dialect="mariadb"), ["error rewrite users c1"]),
    (deploy("ALTER TABLE users FORCE", dialect="mariadb", seen={1: SEEN_COPY}), ["error rewrite users c1"]),
    (deploy("ALTER TABLE orders PARTITION BY HASH(id) PARTITIONS 4", dialect="mysql"), ["error rewrite orders c1"]),
]
SAFE = [
    deploy("ALTER TABLE users ADD COLUMN a INT, ALGORITHM=INPLACE, LOCK=NONE", dialect="mysql"),
    deploy("ALTER TABLE users ENGINE=InnoDB", dialect="mariadb"),
    deploy("OPTIMIZE TABLE users", dialect="mariadb"),
    deploy("ALTER TABLE users CONVERT TO CHARACTER SET latin1", dialect="mariadb"),
    deploy("CREATE TABLE t (a INT)", "ALTER TABLE t ADD b INT, ALGORITHM=COPY", dialect="mysql"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []
