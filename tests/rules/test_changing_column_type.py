"""Column type changed."""

from __future__ import annotations

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy, Observation, Touched
from tests.rules._deploy import deploy, said
from tests.rules._recreate import TABLES, recreate

ID = "changing-column-type"
REWRITTEN = {1: Observation(rewrites=("users",), touched=(Touched("users", scans=1),))}
UNSAFE = [
    (
        deploy("ALTER TABLE users ALTER COLUMN age TYPE bigint"),
        ["error rewrite users.age c1", "error backward-incompatible users.age c1"],
    ),
    (
        deploy("ALTER TABLE orders ALTER COLUMN note TYPE jsonb USING note::jsonb"),
        [
            "error rewrite orders.note c1",
            "error backward-incompatible orders.note c1",
            "warning fails-on-existing-rows orders.note c1?",
        ],
    ),
    (
        deploy("ALTER TABLE orders ALTER created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC'"),
        ["error rewrite orders.created_at c1", "error backward-incompatible orders.created_at c1"],
    ),
    (
        deploy("ALTER TABLE orders ALTER created_at TYPE timestamptz", settings={"timezone": "Europe/Paris"}),
        ["error rewrite orders.created_at c1", "error backward-incompatible orders.created_at c1"],
    ),
    (
        deploy(
            "ALTER TABLE users ALTER COLUMN email TYPE varchar(200)",
            seen={1: Observation(touched=(Touched("users", scans=1),))},
        ),
        ["warning lock users.email c1"],
    ),
    (
        deploy("ALTER TABLE events ALTER at TYPE timestamp", seen={1: Observation(rewrites=("events_1",))}),
        ["error rewrite events.at c1", "error backward-incompatible events.at c1"],
    ),
    (deploy("ALTER TABLE users ADD COLUMN z int; ALTER TABLE users ALTER z TYPE bigint"), ["error rewrite users.z c1"]),
    (
        deploy("ALTER TABLE users ALTER email TYPE varchar(200), ALTER age TYPE bigint", seen=REWRITTEN),
        ["error rewrite users.age c1", "error backward-incompatible users.age c1"],
    ),
    (
        deploy("ALTER TABLE users ALTER email TYPE varchar(200), ADD z int", seen=REWRITTEN),
        ["error rewrite users.email c1", "error backward-incompatible users.email c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ALTER COLUMN email TYPE varchar(200)"),
    deploy("ALTER TABLE users ALTER COLUMN email TYPE text"),
    deploy("ALTER TABLE orders ALTER COLUMN note TYPE varchar"),
    deploy("ALTER TABLE orders ALTER COLUMN amount TYPE numeric(12,2)"),
    deploy("ALTER TABLE orders ALTER COLUMN amount TYPE numeric"),
    deploy("ALTER TABLE users ALTER COLUMN age TYPE int4"),
    deploy("ALTER TABLE orders ALTER created_at TYPE timestamptz"),
    deploy("CREATE TABLE t (a int); ALTER TABLE t ALTER a TYPE bigint"),
    deploy("ALTER TABLE users ALTER COLUMN email TYPE varchar(10)"),
    deploy("ALTER TABLE users ALTER age TYPE bigint", seen={1: Observation()}),
    deploy("ALTER TABLE users ALTER email TYPE varchar(200), ALTER name TYPE varchar(10)", seen=REWRITTEN),
    deploy("ALTER TABLE users ALTER email TYPE text, ADD z uuid DEFAULT gen_random_uuid()", seen=REWRITTEN),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []


@pytest.mark.parametrize(
    "world",
    [
        deploy(recreate("orders", TABLES["orders"].replace("note VARCHAR(80)", "note INTEGER")), dialect="sqlite"),
        deploy("ALTER TABLE users MODIFY age varchar(20)", dialect="mysql"),
        deploy("ALTER TABLE users ALTER age TYPE bigint"),
    ],
)
def test_only_postgresql_keeps_plans(world: Deploy) -> None:
    """Its error is not quoted for others."""
    told = [one.message for one in registry.rules()[ID].findings(world) if one.category == "backward-incompatible"]
    assert ["cached plan" in message for message in told] == [world.dialect == "postgresql"]
