"""Table moved to another schema."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "moving-table-to-schema"
UNSAFE = [
    (deploy("ALTER TABLE orders SET SCHEMA archive"), ["error backward-incompatible orders c1"]),
    (deploy("ALTER SCHEMA audit RENAME TO logging"), ["error backward-incompatible audit.events c1"]),
    (
        deploy("ALTER SCHEMA audit RENAME TO logging", earlier="CREATE TABLE audit.more (id int)"),
        ["error backward-incompatible - c1"],
    ),
]
SAFE = [
    deploy("CREATE TABLE t (a int); ALTER TABLE t SET SCHEMA archive"),
    deploy("CREATE SCHEMA a; ALTER SCHEMA a RENAME TO b"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
