"""Column type made smaller."""

from __future__ import annotations

from typing import Any

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy, RowsRun
from tests.rules._deploy import deploy, failed, passed, said

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
MADE = "CREATE TABLE t (id INT PRIMARY KEY, a TEXT, b ENUM('one', 'three'), c DATETIME, d SET('p', 'qq'), e INT)"
ON_MYSQL = ["error rewrite t.{0} c1", "error fails-on-existing-rows t.{0} c1?", "error backward-incompatible t.{0} c1"]
LOSING = ["error rewrite t.{0} c1", "error data-loss t.{0} c1", "error backward-incompatible t.{0} c1"]


def mysql(sql: str, **more: Any) -> Deploy:
    """A deploy on MySQL over a table of its own."""
    return deploy(sql, dialect="mysql", version=(9, 0, 0), earlier=MADE, **more)


RELAXED = [
    "SET SESSION sql_mode = ''",
    "SET sql_mode = REPLACE(@@sql_mode, 'STRICT_TRANS_TABLES', '')",
    "SET @@session.sql_mode = 'NO_ENGINE_SUBSTITUTION'",
]
STRICT = ["SET sql_mode = 'TRADITIONAL'", "SET sql_mode = DEFAULT", "SET sql_mode = CONCAT(@@sql_mode, ',ANSI')"]
UNSAFE += [
    (mysql(sql), [one.format(column) for one in ON_MYSQL])
    for sql, column in (
        ("ALTER TABLE t MODIFY a VARCHAR(3) NULL", "a"),
        ("ALTER TABLE t MODIFY b VARCHAR(4) NULL", "b"),
        ("ALTER TABLE t MODIFY d VARCHAR(3) NULL", "d"),
        ("ALTER TABLE t MODIFY c TIMESTAMP NULL", "c"),
        *((f"{one}; ALTER TABLE t MODIFY a VARCHAR(3) NULL", "a") for one in STRICT),
    )
]
UNSAFE += [
    (mysql(sql), [one.format(column) for one in LOSING])
    for sql, column in (
        *((f"{one}; ALTER TABLE t MODIFY a VARCHAR(3) NULL", "a") for one in RELAXED),
        ("SET sql_mode = ''; ALTER TABLE t MODIFY e SMALLINT NULL", "e"),
    )
]
UNSAFE += [
    (
        mysql("ALTER TABLE t MODIFY a VARCHAR(3) NULL", settings={"sql_mode": "ANSI"}),
        [one.format("a") for one in LOSING],
    ),
    (
        deploy("ALTER IGNORE TABLE t MODIFY a VARCHAR(3) NULL", dialect="mariadb", version=(10, 11), earlier=MADE),
        [one.format("a") for one in LOSING],
    ),
    # Made-up dates all lie within the range of TIMESTAMP: that they went through proves nothing.
    (
        mysql("ALTER TABLE t MODIFY c TIMESTAMP NULL", runs=passed()),
        [ON_MYSQL[0].format("c"), "warning fails-on-existing-rows t.c c1?", ON_MYSQL[2].format("c")],
    ),
]
SAFE = [
    mysql("ALTER TABLE t MODIFY b VARCHAR(5) NULL"),
    mysql("ALTER TABLE t MODIFY d VARCHAR(4) NULL"),
    mysql("ALTER TABLE t MODIFY c DATETIME(3) NULL"),
    mysql("SET sql_mode = ''; ALTER TABLE t MODIFY e BIGINT NULL"),
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


@pytest.mark.parametrize(
    ("sql", "condition"),
    [
        ("ALTER TABLE t MODIFY a VARCHAR(3) NULL", "char_length(a) > 3"),
        ("ALTER TABLE t MODIFY e SMALLINT NULL", "e >= 32768 OR e < -32768"),
        ("ALTER TABLE t MODIFY c TIMESTAMP NULL", "c < '1970-01-02' OR c >= '2038-01-18'"),
    ],
)
def test_the_precondition_is_the_servers_own(sql: str, condition: str) -> None:
    """A query that counts the rows that would be refused, in the words of MySQL."""
    asked = [hit.precondition_sql for hit in registry.rules()[ID].findings(mysql(sql)) if hit.precondition_sql]
    assert [condition in one for one in asked] == [True]
