"""Several schema changes where DDL is not rolled back."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Failure, Observation, RowsRun
from tests.rules._deploy import deploy, failed, said
from tests.rules._recreate import TABLES, recreate

ID = "non-transactional-ddl"
ON = {number: Observation(facts={"foreign_keys": True}) for number in range(1, 5)}
UNSAFE = [
    (
        deploy(
            "ALTER TABLE orders ADD a INT; ALTER TABLE orders ADD CONSTRAINT u UNIQUE (amount)",
            dialect="mysql",
            apart=True,
        ),
        ["warning transaction - c1"],
    ),
    (
        deploy("CREATE TABLE t (a INT); ALTER TABLE users MODIFY age INT NOT NULL", dialect="mariadb"),
        ["warning transaction - c1"],
    ),
    (
        deploy("ALTER TABLE users ADD a INT; CREATE UNIQUE INDEX u ON users (age)", dialect="sqlite"),
        ["warning transaction - c1"],
    ),
    (
        deploy("CREATE TABLE t (a INT); ALTER TABLE users ADD a INT NOT NULL", dialect="sqlite"),
        ["warning transaction - c1"],
    ),
    (
        deploy("CREATE TABLE t (a INT); ALTER TABLE users ADD a DATETIME DEFAULT CURRENT_TIMESTAMP", dialect="sqlite"),
        ["warning transaction - c1"],
    ),
    # Plain rows stopped it, whatever it is.
    (
        deploy(
            "CREATE TABLE t (a INT); INSERT INTO t SELECT age FROM users", dialect="sqlite", runs=(failed("plain", 2),)
        ),
        ["warning transaction - c1"],
    ),
    (
        deploy(
            "CREATE TABLE t (a INT); ALTER TABLE users ADD a DATE NOT NULL", dialect="mysql", runs=(failed("plain", 2),)
        ),
        ["warning transaction - c1"],
    ),
    (
        deploy(
            "ALTER TABLE users ADD a INT; ALTER TABLE nowhere ADD a INT",
            dialect="sqlite",
            errors={2: "no such table: nowhere"},
        ),
        ["warning transaction - c1"],
    ),
]
NO_ENGINE = "Unknown storage engine 'Vast'"
LACKING = RowsRun("plain", Failure(NO_ENGINE, "E", "c1", statement=2, lacks=("no engine Vast", "give one")))
SAFE = [
    # The target may well have what the scratch server lacks.
    deploy(
        "ALTER TABLE users ADD a INT; ALTER TABLE users ENGINE=Vast",
        dialect="mysql",
        errors={2: NO_ENGINE},
        runs=(LACKING,),
    ),
    # SQLite's DROP INDEX names no table, and no row refuses it.
    deploy("ALTER TABLE users ADD a INT; DROP INDEX ix_users_email", dialect="sqlite"),
    deploy("ALTER TABLE users ADD a INT; DROP INDEX IF EXISTS nope", dialect="sqlite"),
    deploy("CREATE TABLE t (a INT); ALTER TABLE users ADD a INT NOT NULL DEFAULT 1", dialect="sqlite"),
    deploy("CREATE TABLE t (a INT); ALTER TABLE t ADD b INT NOT NULL", dialect="sqlite"),
    deploy("ALTER TABLE users ADD a INT NOT NULL", dialect="sqlite"),
    # An index that is nowhere stands on no table.
    deploy("ALTER TABLE users ADD a INT; DROP INDEX IF EXISTS ix_nowhere", dialect="sqlite"),
    deploy("CREATE TABLE t (a INT); ALTER TABLE users ADD a INT NOT NULL", dialect="mysql"),
    deploy(
        "CREATE TABLE t (a INT); " + recreate("users", f"{TABLES['users']}, at DATETIME DEFAULT CURRENT_TIMESTAMP"),
        dialect="sqlite",
    ),
    deploy("ALTER TABLE users ADD a INT; ALTER TABLE users ADD b INT; CREATE INDEX i ON users (a)", dialect="mysql"),
    deploy("ALTER TABLE orders ADD CONSTRAINT u UNIQUE (amount)", dialect="mysql"),
    deploy("ALTER TABLE orders ADD CONSTRAINT u UNIQUE (amount); ALTER TABLE orders ADD a INT", dialect="mysql"),
    deploy("ALTER TABLE orders ADD a INT; ALTER TABLE orders ADD CONSTRAINT u UNIQUE (a)", dialect="mysql"),
    deploy("ALTER TABLE orders ADD a INT; ALTER TABLE orders ADD CONSTRAINT k CHECK (a IN (0, 1))", dialect="mysql"),
    deploy("CREATE TABLE t (a INT); ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)", dialect="mysql"),
    deploy("ALTER TABLE orders ADD a INT", "ALTER TABLE orders ADD CONSTRAINT u UNIQUE (amount)", dialect="mysql"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []
