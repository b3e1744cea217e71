"""NOT NULL column without a server default."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "adding-not-nullable-column"
UNSAFE = [
    (
        deploy("ALTER TABLE users ADD COLUMN level int NOT NULL"),
        ["error fails-on-existing-rows users.level c1", "error backward-incompatible users.level c1"],
    ),
    (
        deploy("ALTER TABLE users ADD COLUMN a int NOT NULL, ADD COLUMN b int NOT NULL"),
        [
            "error fails-on-existing-rows users.a c1",
            "error backward-incompatible users.a c1",
            "error fails-on-existing-rows users.b c1",
            "error backward-incompatible users.b c1",
        ],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ADD COLUMN level int"),
    deploy("ALTER TABLE users ADD COLUMN level int NOT NULL DEFAULT 1"),
    deploy("ALTER TABLE users ADD COLUMN n int GENERATED ALWAYS AS IDENTITY"),
    deploy("CREATE TABLE t (id int); ALTER TABLE t ADD COLUMN level int NOT NULL"),
    deploy("ALTER TABLE users ADD COLUMN IF NOT EXISTS age int NOT NULL"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
