"""Column type made smaller."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, RowsRun
from tests.rules._deploy import deploy, failed, said

ID = "narrowing-column-type"
UNSAFE = [
    (
        deploy("ALTER TABLE users ALTER COLUMN email TYPE varchar(10)"),
        [
            "error rewrite users.email c1",
            "error fails-on-existing-rows users.email c1?",
            "error backward-incompatible users.email c1",
        ],
    ),
    (
        deploy("ALTER TABLE users ALTER COLUMN email TYPE varchar(10) USING left(email, 10)"),
        [
            "error rewrite users.email c1",
            "error data-loss users.email c1",
            "error backward-incompatible users.email c1",
        ],
    ),
    (
        deploy("ALTER TABLE orders ALTER COLUMN note TYPE varchar(50)"),
        [
            "error rewrite orders.note c1",
            "error fails-on-existing-rows orders.note c1?",
            "error backward-incompatible orders.note c1",
        ],
    ),
    (
        deploy("ALTER TABLE orders ALTER COLUMN amount TYPE numeric(10,0)"),
        [
            "error rewrite orders.amount c1",
            "error data-loss orders.amount c1",
            "error backward-incompatible orders.amount c1",
        ],
    ),
    (
        deploy("ALTER TABLE orders ALTER created_at TYPE date"),
        [
            "error rewrite orders.created_at c1",
            "error data-loss orders.created_at c1",
            "error backward-incompatible orders.created_at c1",
        ],
    ),
    (
        deploy("ALTER TABLE users ALTER age TYPE smallint"),
        [
            "error rewrite users.age c1",
            "error fails-on-existing-rows users.age c1?",
            "error backward-incompatible users.age c1",
        ],
    ),
    (
        deploy(
            "ALTER TABLE users ALTER COLUMN email TYPE varchar(10)",
            runs=(RowsRun("plain"), failed("hostile", 1, sqlstate="22001")),
        ),
        [
            "error rewrite users.email c1",
            "warning fails-on-existing-rows users.email c1?",
            "error backward-incompatible users.email c1",
        ],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ALTER COLUMN email TYPE varchar(100)"),
    deploy("ALTER TABLE users ALTER COLUMN age TYPE bigint"),
    deploy("CREATE TABLE t (a text); ALTER TABLE t ALTER a TYPE varchar(3)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
