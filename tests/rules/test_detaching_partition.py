"""Partition detached."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import Autocommit, deploy, said

ID = "detaching-partition"
UNSAFE = [
    (deploy("ALTER TABLE events DETACH PARTITION events_1"), ["warning backward-incompatible events c1"]),
    (
        deploy(Autocommit("ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY")),
        ["warning backward-incompatible events c1"],
    ),
]
UNSAFE += [
    (
        deploy("ALTER TABLE orders EXCHANGE PARTITION p WITH TABLE items", dialect=dialect),
        ["warning backward-incompatible orders c1"],
    )
    for dialect in ("mysql", "mariadb")
]
SAFE = [
    deploy("ALTER TABLE orders REBUILD PARTITION p", dialect="mysql"),
    deploy("CREATE TABLE t (a INT); ALTER TABLE t EXCHANGE PARTITION p WITH TABLE items", dialect="mysql"),
    deploy("CREATE TABLE e2 PARTITION OF events DEFAULT; ALTER TABLE events DETACH PARTITION e2"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
