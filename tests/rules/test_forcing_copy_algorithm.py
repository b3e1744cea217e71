"""A copy or a lock that the statement itself asks for."""

from __future__ import annotations

import pytest

from gate import registry
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
UNSAFE += [
    (deploy(f"ALTER TABLE orders {clause}", dialect=dialect), ["error rewrite orders c1"])
    for dialect in ("mysql", "mariadb")
    for clause in ("REMOVE PARTITIONING", "REBUILD PARTITION p1", "COALESCE PARTITION 2", "ADD PARTITION PARTITIONS 3")
]
UNSAFE += [
    (
        deploy("CREATE INDEX i ON users (age) ALGORITHM=COPY LOCK=SHARED", dialect="mysql"),
        ["error rewrite users c1", "error lock users c1"],
    ),
    (deploy("DROP INDEX ix_users_email ON users LOCK=EXCLUSIVE", dialect="mysql"), ["error lock users c1"]),
]
SAFE = [
    deploy("CREATE INDEX i ON users (age) ALGORITHM=INPLACE LOCK=NONE", dialect="mysql"),
    deploy("ALTER TABLE orders ADD PARTITION (PARTITION p VALUES LESS THAN (9))", dialect="mysql"),
    deploy("ALTER TABLE orders ADD PARTITION (PARTITION p VALUES IN (9))", dialect="mariadb"),
    deploy("ALTER TABLE orders EXCHANGE PARTITION p WITH TABLE items", dialect="mysql"),
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


def test_only_the_partitions_that_are_named_are_said_to_be_written_anew() -> None:
    """REBUILD and REORGANIZE leave the files of the other partitions alone."""
    world = deploy("ALTER TABLE orders REBUILD PARTITION p1, p2", dialect="mysql")
    (hit,) = registry.rules()[ID].findings(world)
    assert hit.message.startswith("The rows of partitions p1 and p2 of orders are written anew")
