"""What stopped at rows that the base's own revisions wrote."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Failure
from gate.sql import Dialect
from gate.sql.refusals import by_rows_of_the_base
from tests.rules._deploy import deploy

UNIQUE = "ALTER TABLE orders ADD CONSTRAINT uq UNIQUE (note)"
CASES: dict[str, tuple[Dialect, str, str, str | None, bool]] = {
    "a key": ("postgresql", UNIQUE, 'could not create unique index "uq"', "23505", True),
    "a key, by number": ("mysql", UNIQUE, "(1062, \"Duplicate entry 'a' for key 'uq'\")", None, True),
    "NULL": ("mysql", "ALTER TABLE orders MODIFY note TEXT NOT NULL", "(1138, 'Invalid use of NULL value')", None, True),
    "length": ("postgresql", "ALTER TABLE orders ALTER note TYPE varchar(2)", "value too long", "22001", True),
    "a CHECK": ("mysql", "ALTER TABLE orders ADD CHECK (id > 1)", "(3819, \"'ck' is violated.\")", None, True),
    "a copy": ("sqlite", "INSERT INTO tmp SELECT * FROM orders", "NOT NULL constraint failed: tmp.note", None, True),
    "a row that is there": ("sqlite", "INSERT INTO orders (id) VALUES (1)", "UNIQUE constraint failed: x", None, True),
    "a row that is not": ("mysql", "INSERT INTO items (order_id) VALUES (1)", "(1452, 'Cannot add ...')", "23000", False),
    "a new table": ("mysql", "CREATE TABLE t (a INT)", "(1062, 'Duplicate ...')", None, False),
    "a missing column": ("mysql", "ALTER TABLE orders DROP nothing", "(1091, \"Can't DROP 'nothing'\")", None, False),
    "a table pointed at": ("mariadb", "DROP TABLE orders", "(1451, 'Cannot delete or update a parent row')", "23000", False),
    "keys": ("mariadb", "ALTER TABLE orders PARTITION BY HASH (id)", "(1217, 'Cannot delete ...')", "23000", False),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_is_told_by_its_code_and_its_table(name: str) -> None:
    """Not what is wrong whatever the rows, and not a row that something new misses."""
    dialect, sql, error, state, expected = CASES[name]
    world = deploy(sql, dialect=dialect)
    failure = Failure(error, "Error", statement=1, sqlstate=state)
    assert by_rows_of_the_base(failure, world.statements, world.baseline) is expected
