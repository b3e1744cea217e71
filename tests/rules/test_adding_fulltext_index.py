"""The one kind of index that stops writers."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, said

ID = "adding-fulltext-index"
SEEN_SHARED = Observation(algorithm="INPLACE", lock_level="SHARED")
SEEN_ONLINE = Observation(algorithm="NOCOPY", lock_level="NONE")
ON = {number: Observation(facts={"foreign_keys": True}) for number in range(1, 5)}
UNSAFE = [
    (
        deploy("CREATE FULLTEXT INDEX f ON orders (note)", dialect="mysql"),
        ["warning lock orders c1", "warning rewrite orders c1"],
    ),
    (
        deploy("ALTER TABLE orders ADD FULLTEXT INDEX f (note)", dialect="mariadb", seen={1: SEEN_SHARED}),
        ["warning lock orders c1", "warning rewrite orders c1"],
    ),
    (
        deploy("ALTER TABLE orders ADD SPATIAL INDEX f (note)", dialect="mariadb", seen={1: SEEN_SHARED}),
        ["warning lock orders c1"],
    ),
]
UNSAFE += [
    (
        deploy("ALTER TABLE orders ADD COLUMN a INT, ADD SPATIAL INDEX f (note)", dialect="mysql"),
        ["warning lock orders c1"],
    ),
    # An engine that builds every index under a lock (MyISAM): nothing else in the statement explains it.
    (
        deploy("ALTER TABLE orders ADD INDEX i (amount), ADD INDEX j (note)", dialect="mariadb", seen={1: SEEN_SHARED}),
        ["warning lock orders c1", "warning lock orders c1"],
    ),
]
SEEN_COPY = Observation(algorithm="COPY", lock_level="SHARED", rewrites=("orders",))
SAFE = [
    deploy("ALTER TABLE orders MODIFY amount DOUBLE, ADD INDEX i (amount)", dialect="mysql", seen={1: SEEN_COPY}),
    deploy("ALTER IGNORE TABLE orders ADD UNIQUE KEY u (amount)", dialect="mariadb", seen={1: SEEN_COPY}),
    deploy("CREATE INDEX i ON orders (amount) ALGORITHM=COPY LOCK=SHARED", dialect="mysql", seen={1: SEEN_COPY}),
    deploy("CREATE INDEX i ON orders (amount)", dialect="mysql"),
    deploy("CREATE UNIQUE INDEX i ON orders (amount)", dialect="mariadb", seen={1: SEEN_ONLINE}),
    deploy("CREATE TABLE t (a TEXT)", "CREATE FULLTEXT INDEX f ON t (a)", dialect="mysql"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []
