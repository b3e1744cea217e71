"""The upgrade fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy, Failure, RowsRun
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
        deploy(
            "DROP TABLE users",
            dialect="mariadb",
            runs=(failed("empty", 1, "(1451, 'Cannot delete or update a parent row: a foreign key ...')", "23000"),),
        ),
        ["error transaction users c1"],
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
LACKING = RowsRun("empty", Failure('extension "hll" is not available', "E", sql="...", lacks=("no hll", "install it")))
SAFE = [
    deploy("CREATE EXTENSION hll", runs=(LACKING,)),
    deploy("DELETE FROM users", dialect="mariadb", runs=(failed("empty", 1, "(1451, 'Cannot delete ...')", "23000"),)),
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


INCOMPATIBLE = (
    "(3780, \"Referencing column 'a' and referenced column 'id' in foreign key constraint 'f' are incompatible.\")"
)
MALFORMED = """(1005, 'Can\\'t create table `x`.`y` (errno: 150 "Foreign key constraint is incorrectly formed")')"""
NOT_NULL = (
    "(1830, \"Column 'order_id' cannot be NOT NULL: needed in a foreign key constraint 'fk_items_order' SET NULL\")"
)
SET_NULL = "Leave the column nullable, or give the foreign key another ON DELETE than SET NULL."
LIKE_USERS = "as users.id is."


@pytest.mark.parametrize(
    ("sql", "error", "way"),
    [
        ("ALTER TABLE items MODIFY order_id int NOT NULL", NOT_NULL, SET_NULL),
        (
            "CREATE TABLE w (a bigint, FOREIGN KEY (a) REFERENCES users (id))",
            INCOMPATIBLE,
            f"Declare w.a as INTEGER, {LIKE_USERS}",
        ),
        (
            "ALTER TABLE orders ADD a bigint, ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES users (id)",
            MALFORMED,
            f"Declare orders.a as INTEGER, {LIKE_USERS}",
        ),
        (
            "CREATE TABLE w (a varchar(50), FOREIGN KEY (a) REFERENCES users (name))",
            INCOMPATIBLE,
            "Declare w.a as VARCHAR(50), with the same character set and collation, as users.name is.",
        ),
        (
            "CREATE TABLE w (a int NOT NULL, FOREIGN KEY (a) REFERENCES users (id) ON DELETE SET NULL)",
            MALFORMED,
            SET_NULL,
        ),
        (
            "ALTER TABLE items MODIFY order_id bigint",
            INCOMPATIBLE,
            "Both sides of a foreign key change type together: drop the key, change both, add it again.",
        ),
        (
            "CREATE TABLE w (a varchar(50), FOREIGN KEY (a) REFERENCES users (name))",  # no index over the name
            MALFORMED,
            "Run `alembic upgrade head` on a database at the base branch's revision and mend what it says.",
        ),
        (
            "ALTER TABLE items DROP order_id",
            "(1828, \"Cannot drop column 'order_id': needed in a foreign key constraint 'fk_items_order'\")",
            "Drop the foreign key before its column.",
        ),
    ],
)
def test_the_way_out_of_a_refused_key(sql: str, error: str, way: str) -> None:
    """A key that the statement makes cannot be dropped first."""
    world = deploy(sql, dialect="mysql", runs=(failed("empty", 1, error, ""),))
    remedy = next(registry.rules()[ID].findings(world)).remedy
    assert remedy is not None
    assert remedy.summary == way


def test_what_only_the_scratch_server_lacks_is_no_failure_everywhere() -> None:
    """upgrade-works is undecided then, and says what to do."""
    world = deploy("ALTER TABLE users COLLATE utf8mb4_0900_ai_ci", dialect="mariadb")
    failure = Failure("Unknown collation: 'utf8mb4_0900_ai_ci'", "OperationalError", statement=1, sqlstate="HY000")
    lacking = replace(failure, lacks=("the scratch server has no collation utf8mb4_0900_ai_ci", "give one that has it"))
    assert [said(ID, replace(world, runs=(RowsRun("empty", one),))) for one in (failure, lacking)] == [
        ["error transaction users c1"],
        [],
    ]


def test_a_check_that_batch_mode_carries_over_is_named() -> None:
    """The new table's CHECK speaks of a column that it has under another name."""
    sql = "CREATE TABLE _alembic_tmp_users (id INTEGER, years INTEGER, CONSTRAINT ck CHECK (age > 0))"
    failure = Failure("no such column: age", "OperationalError", "c1", sql=sql, statement=1)
    (found,) = registry.rules()[ID].findings(deploy(sql, dialect="sqlite", runs=(RowsRun("empty", failure),)))
    assert found.remedy is not None
    assert found.remedy.summary.startswith("A CHECK of the table names the column by its old name")
