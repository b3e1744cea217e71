"""The upgrade fails."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, RowsRun
from tests.rules._deploy import deploy, failed, passed, said

ID = "migration-fails"
UNSAFE = [
    (
        deploy(
            "ALTER TABLE nowhere ADD a int",
            runs=(
                failed("plain", 1, 'relation "nowhere" does not exist', "42P01"),
                failed("empty", 1, 'relation "nowhere" does not exist', "42P01"),
            ),
        ),
        ["error transaction nowhere c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ADD a int", runs=passed()),
    deploy("ALTER TABLE users ADD a int NOT NULL", runs=(failed("plain", 1), RowsRun("empty"))),
    deploy(
        "CREATE INDEX CONCURRENTLY i ON users (age)",
        runs=(failed("empty", 1, "CREATE INDEX CONCURRENTLY cannot run inside a transaction block", "25001"),),
    ),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
