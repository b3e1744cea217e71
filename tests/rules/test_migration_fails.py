"""The upgrade fails."""

from __future__ import annotations

import pytest

from gate import registry
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
    (
        # No table is made anew here, so the rule on recreates has nothing to say.
        deploy(
            "ALTER TABLE users DROP COLUMN age",
            dialect="sqlite",
            runs=(failed("empty", 1, "error in view v after drop column: no such column: age", ""),),
        ),
        ["error transaction users c1"],
    ),
    (
        deploy(
            "ALTER TABLE users RENAME TO people",
            dialect="sqlite",
            runs=(failed("empty", 1, "error in view v: no such table: main.gone", ""),),
        ),
        ["error transaction users c1"],
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


def test_the_way_out_fits_the_refusal() -> None:
    """Known words of a server get their own advice."""
    run = failed("empty", 1, "(1553, \"Cannot drop index 'i': needed in a foreign key constraint\")", "")
    world = deploy("DROP INDEX i ON orders", dialect="mysql", runs=(run,))
    remedy = next(registry.rules()[ID].findings(world)).remedy
    assert remedy is not None
    assert remedy.summary == "Drop the foreign key first, or build another index over its columns first."
