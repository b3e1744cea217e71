"""An ALTER that SQLite does not have."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, failed, said

ID = "sqlite-unsupported-alter"
UNSAFE = [
    (deploy("ALTER TABLE users ALTER COLUMN name DROP NOT NULL", dialect="sqlite"), ["error transaction users c1"]),
    (
        deploy(
            "ALTER TABLE users ADD CONSTRAINT u UNIQUE (age)",
            dialect="sqlite",
            errors={1: 'near "CONSTRAINT": syntax error'},
        ),
        ["error transaction users c1"],
    ),
    (
        deploy(
            "SELECT 1",
            dialect="sqlite",
            runs=[failed("plain", None, "No support for ALTER of constraints in SQLite dialect.", "")],
        ),
        ["error transaction - None"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users RENAME COLUMN age TO years", dialect="sqlite"),
    deploy("ALTER TABLE users DROP COLUMN age", dialect="sqlite"),
    deploy("ALTER TABLE users ADD COLUMN a INT", dialect="sqlite", errors={1: "duplicate column name: a"}),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []
