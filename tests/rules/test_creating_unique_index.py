"""Unique index over rows that are there."""

from __future__ import annotations

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy, RowsRun
from tests.rules._deploy import deploy, failed, passed, said

ID = "creating-unique-index"
UNSAFE = [
    (
        deploy("CREATE UNIQUE INDEX ux ON orders (note)"),
        ["error fails-on-existing-rows orders.note c1?", "warning backward-incompatible orders.note c1"],
    ),
    (
        deploy("CREATE UNIQUE INDEX CONCURRENTLY ux ON orders (note) WHERE note <> ''"),
        ["warning fails-on-existing-rows orders.note c1?", "note backward-incompatible orders.note c1"],
    ),
    (
        deploy(
            "CREATE UNIQUE INDEX ux ON orders (note)", runs=(RowsRun("plain"), failed("hostile", 1, sqlstate="23505"))
        ),
        ["warning fails-on-existing-rows orders.note c1?", "warning backward-incompatible orders.note c1"],
    ),
    (
        # Nor need they be among what an expression makes of the rows, or the first letters.
        deploy("CREATE UNIQUE INDEX ux ON orders (lower(note))", dialect="sqlite", runs=passed()),
        ["warning fails-on-existing-rows orders c1?", "warning backward-incompatible orders c1"],
    ),
    (
        deploy("CREATE UNIQUE INDEX ux ON orders (user_id, lower(note))", runs=passed()),
        ["warning fails-on-existing-rows orders c1?", "warning backward-incompatible orders c1"],
    ),
    (
        deploy("CREATE UNIQUE INDEX ux ON orders (note(3))", dialect="mysql", runs=passed()),
        ["warning fails-on-existing-rows orders.note c1?", "warning backward-incompatible orders.note c1"],
    ),
    (
        # The base keeps other values apart than the index does.
        deploy(
            "DROP INDEX uq; CREATE UNIQUE INDEX ux ON orders (note COLLATE NOCASE)",
            dialect="sqlite",
            earlier="CREATE UNIQUE INDEX uq ON orders (note)",
        ),
        ["error fails-on-existing-rows orders.note c1?", "warning backward-incompatible orders.note c1"],
    ),
    (
        # Duplicates among the made-up rows need not lie within the predicate.
        deploy("CREATE UNIQUE INDEX ux ON orders (note) WHERE amount = 7", dialect="sqlite", runs=passed()),
        ["warning fails-on-existing-rows orders.note c1?", "warning backward-incompatible orders.note c1"],
    ),
]
UNSAFE += [
    (
        deploy("ALTER IGNORE TABLE users ADD UNIQUE KEY ux (age)", dialect="mariadb", version=(10, 11)),
        ["error data-loss users.age c1?", "warning backward-incompatible users.age c1"],
    ),
]
_NEW = "ALTER TABLE orders ADD COLUMN code text; "
UNSAFE += [
    (
        # What the deploy writes into the new column may repeat; the release still running leaves NULL in it.
        deploy(_NEW + "UPDATE orders SET code = note; CREATE UNIQUE INDEX ux ON orders (user_id, code)"),
        ["error fails-on-existing-rows orders c1?"],
    ),
    (
        deploy(_NEW + "CREATE UNIQUE INDEX ux ON orders (user_id, code) NULLS NOT DISTINCT"),
        ["error fails-on-existing-rows orders c1?", "warning backward-incompatible orders c1"],
    ),
]
SAFE = [
    deploy(_NEW + "CREATE UNIQUE INDEX ux ON orders (user_id, code)"),
    deploy(_NEW + "CREATE UNIQUE INDEX ux ON orders (user_id, code)", dialect="mysql"),
    deploy("CREATE UNIQUE INDEX ux ON orders (id, note) WHERE amount = 7", dialect="sqlite", runs=passed()),
    deploy("CREATE INDEX ux ON orders (note)"),
    deploy("CREATE UNIQUE INDEX ux ON orders (id, note)"),
    deploy("CREATE TABLE t (a int); CREATE UNIQUE INDEX ux ON t (a)"),
    deploy("ALTER TABLE orders ADD slug text; CREATE UNIQUE INDEX ux ON orders (lower(slug))", runs=passed()),
    deploy(
        "ALTER TABLE orders DROP CONSTRAINT uq; CREATE UNIQUE INDEX ux ON orders (note)",
        earlier="ALTER TABLE orders ADD CONSTRAINT uq UNIQUE (note)",
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


def test_a_key_over_the_first_characters() -> None:
    """Rows that differ later share it; a key over the whole column says nothing about it."""
    earlier = "CREATE UNIQUE INDEX ux_email ON users (email, age)"
    world = deploy("CREATE UNIQUE INDEX ux ON users (email(5), age)", dialect="mysql", earlier=earlier)
    found = next(iter(registry.rules()[ID].findings(world)))
    assert "share the first 5 characters of email, age make" in found.message
    assert "GROUP BY LEFT(email, 5), age HAVING" in (found.precondition_sql or "")
    assert found.remedy is not None
    assert "ON users (email(5), age)" in found.remedy.steps[-1].code
