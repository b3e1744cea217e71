"""UNIQUE constraint built in place."""

from __future__ import annotations

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "adding-unique-constraint"
UNSAFE = [
    (
        deploy("ALTER TABLE orders ADD CONSTRAINT uq UNIQUE (note)"),
        [
            "error lock orders.note c1",
            "warning fails-on-existing-rows orders.note c1?",
            "warning backward-incompatible orders.note c1",
        ],
    ),
    (
        deploy("ALTER TABLE orders ADD UNIQUE (user_id, note)"),
        [
            "error lock orders c1",
            "warning fails-on-existing-rows orders c1?",
            "warning backward-incompatible orders c1",
        ],
    ),
    (
        # Its index is built all the same, but no row can repeat what another index keeps apart.
        deploy("ALTER TABLE orders ADD UNIQUE (note)", earlier="CREATE UNIQUE INDEX ux ON orders (note)"),
        ["error lock orders.note c1"],
    ),
    (
        deploy(
            "ALTER TABLE orders ADD UNIQUE (note)", earlier="CREATE UNIQUE INDEX ux ON orders (note) WHERE note > ''"
        ),
        [
            "error lock orders.note c1",
            "warning fails-on-existing-rows orders.note c1?",
            "warning backward-incompatible orders.note c1",
        ],
    ),
]
_NEW = "ALTER TABLE orders ADD COLUMN code text; "
UNSAFE += [
    # The release still running leaves NULL in a new column, and a NULL repeats nothing, whatever stands beside it.
    (deploy(_NEW + "ALTER TABLE orders ADD UNIQUE (user_id, code)"), ["error lock orders c1"]),
    (
        deploy(_NEW + "UPDATE orders SET code = note; ALTER TABLE orders ADD UNIQUE (user_id, code)"),
        ["error lock orders c1", "warning fails-on-existing-rows orders c1?"],
    ),
    (
        deploy(_NEW + "ALTER TABLE orders ADD UNIQUE NULLS NOT DISTINCT (user_id, code)"),
        [
            "error lock orders c1",
            "warning fails-on-existing-rows orders c1?",
            "warning backward-incompatible orders c1",
        ],
    ),
    (
        deploy("ALTER TABLE orders ADD COLUMN code text DEFAULT ''; ALTER TABLE orders ADD UNIQUE (user_id, code)"),
        [
            "error lock orders c1",
            "warning fails-on-existing-rows orders c1?",
            "warning backward-incompatible orders c1",
        ],
    ),
]
UNSAFE += [
    # Nor does what the server itself puts into each row, unless it is made of what the row has.
    (
        deploy(
            "ALTER TABLE orders ADD COLUMN code uuid DEFAULT gen_random_uuid(); ALTER TABLE orders ADD UNIQUE (code)"
        ),
        ["error lock orders.code c1"],
    ),
    (
        deploy("ALTER TABLE orders ADD COLUMN code bigserial; ALTER TABLE orders ADD UNIQUE (code)"),
        ["error lock orders.code c1"],
    ),
    (
        deploy(
            "ALTER TABLE orders ADD COLUMN code text GENERATED ALWAYS AS (lower(note)) STORED; "
            "ALTER TABLE orders ADD UNIQUE (code)"
        ),
        [
            "error lock orders.code c1",
            "warning fails-on-existing-rows orders.code c1?",
            "warning backward-incompatible orders.code c1",
        ],
    ),
]
UNSAFE += [
    (
        deploy("ALTER IGNORE TABLE users ADD CONSTRAINT ux UNIQUE (age)", dialect="mariadb", version=(10, 11)),
        ["error data-loss users.age c1?", "warning backward-incompatible users.age c1"],
    ),
]
SAFE = [
    deploy(
        "ALTER TABLE orders ADD CONSTRAINT uq UNIQUE USING INDEX ux", earlier="CREATE UNIQUE INDEX ux ON orders (note)"
    ),
    deploy("CREATE TABLE t (a int); ALTER TABLE t ADD UNIQUE (a)"),
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
    world = deploy("ALTER TABLE users ADD CONSTRAINT ux UNIQUE (email(5), age)", dialect="mysql", earlier=earlier)
    found = next(iter(registry.rules()[ID].findings(world)))
    assert "share the first 5 characters of email, age make" in found.message
    assert "GROUP BY LEFT(email, 5), age HAVING" in (found.precondition_sql or "")
    assert found.remedy is not None
    assert "ON users (email(5), age)" in found.remedy.steps[-1].code


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        ("", []),
        (
            " ALTER TABLE orders ALTER note TYPE integer USING length(note);",
            ["warning fails-on-existing-rows orders.note c1?", "warning backward-incompatible orders.note c1"],
        ),
    ],
)
def test_what_was_unique_stays_so(between: str, expected: list[str]) -> None:
    """A constraint in the place of an index: nothing new is asked of rows or code, unless the values change."""
    change = f"DROP INDEX ux;{between} ALTER TABLE orders ADD CONSTRAINT uq UNIQUE (note)"
    world = deploy(change, earlier="CREATE UNIQUE INDEX ux ON orders (note)")
    assert said(ID, world) == ["error lock orders.note c1", *expected]
