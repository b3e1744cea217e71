"""What a procedure that the deploy made writes when it is called."""

from __future__ import annotations

import pytest

from gate.facts.changes import Delete, Update
from gate.facts.rehearsal import Observation
from gate.sql.resolve import resolved
from tests.rules._deploy import deploy, said

LOOP = (
    "CREATE DEFINER=`a`@`%` PROCEDURE fill(IN top INT) BEGIN DECLARE low, high INT DEFAULT 0; "
    "WHILE low < top DO UPDATE orders SET note = 'x' WHERE id > low AND id <= high; SET low = high; END WHILE; END"
)
WRITTEN = {
    "CREATE PROCEDURE fill() UPDATE orders SET note = 'x'": ["orders all"],
    "CREATE PROCEDURE Fill() BEGIN IF 1 THEN DELETE FROM items; END IF; UPDATE orders SET note = 'x'; END": [
        "items all",
        "orders all",
    ],
    LOOP: ["orders bounded"],
    "CREATE PROCEDURE fill() SELECT id FROM orders FOR UPDATE": [],
    "CREATE PROCEDURE fill() INSERT INTO items (id) VALUES (1) ON DUPLICATE KEY UPDATE label = 'x'": [],
    "CREATE PROCEDURE other() UPDATE orders SET note = 'x'": [],
}


@pytest.mark.parametrize("made", WRITTEN)
def test_the_body_tells_what_is_written(made: str) -> None:
    """A variable in a condition is a value; another procedure's body is not of the call."""
    world = resolved(deploy(made, "CALL app.fill()", dialect="mysql", seen={2: Observation()}))
    found = [one for one in world.statements[1].changes if isinstance(one, (Update, Delete))]
    assert [f"{one.table} {'all' if one.always else 'bounded' if one.bounded else ''}" for one in found] == WRITTEN[
        made
    ]


def test_a_backfill_in_a_procedure_is_one_statement_too() -> None:
    """Nothing is said of the procedure alone, nor of batches."""
    made = "CREATE PROCEDURE fill() UPDATE orders SET note = 'x'"
    world = deploy(made, "CALL fill()", dialect="mariadb", seen={2: Observation()})
    assert said("unbatched-backfill", world) == ["warning hygiene orders.note c2", "warning lock orders.note c2"]
    assert said("unbatched-backfill", deploy(made, dialect="mariadb")) == []
    assert said("unbatched-backfill", deploy(LOOP, "CALL fill(9)", dialect="mariadb", seen={2: Observation()})) == []
