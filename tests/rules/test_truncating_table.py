"""TRUNCATE."""

from __future__ import annotations

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "truncating-table"
UNSAFE = [
    (deploy("TRUNCATE orders CASCADE"), ["error data-loss orders c1"]),
    (deploy("TRUNCATE orders, logs"), ["error data-loss orders c1", "error data-loss logs c1"]),
]
IN_PARTITIONS = {
    "DROP PARTITION p1": "Dropping partition p1 of orders destroys every row in it.",
    "TRUNCATE PARTITION p1, p2": "TRUNCATE of partitions p1 and p2 of orders destroys every row in them.",
}
SAFE = [
    deploy("CREATE TABLE t (a int); TRUNCATE t"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("clause", IN_PARTITIONS)
def test_partitions_are_named(clause: str) -> None:
    """The other rows of the table stay."""
    found = registry.rules()[ID].findings(deploy(f"ALTER TABLE orders {clause}", dialect="mariadb"))
    assert [one.message for one in found] == [IN_PARTITIONS[clause]]


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
