"""Which tables and columns are older than the deploy, whatever the deploy calls them meanwhile."""

from __future__ import annotations

import pytest

from gate.facts import changes as c
from gate.rules._world import added_here, column_at_start
from tests.rules._deploy import deploy


@pytest.mark.parametrize(
    ("before", "table", "old"),
    [
        ("ALTER TABLE users RENAME TO people", "people", True),
        ("ALTER TABLE users SET SCHEMA audit", "audit.users", True),
        ("ALTER TABLE audit.events SET SCHEMA public; ALTER TABLE events RENAME TO seen", "seen", True),
        ("ALTER SCHEMA audit RENAME TO kept", "kept.events", True),
        ("CREATE TABLE made (id int); ALTER TABLE made SET SCHEMA audit", "audit.made", False),
        ("ALTER TABLE users SET SCHEMA audit; CREATE TABLE users (id int)", "users", False),
        ("ALTER TABLE orders SET SCHEMA audit", "audit.users", False),
    ],
)
def test_a_table_that_got_another_name_is_as_old_as_before(before: str, table: str, old: bool) -> None:
    world = deploy(f"{before}; CREATE INDEX ix ON {table} (id)")
    assert world.existed(table, world.statements[-1]) is old


@pytest.mark.parametrize(
    "rename",
    ["ALTER TABLE users RENAME TO people", "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME age TO z"],
)
def test_columns_are_followed_under_another_table_name(rename: str) -> None:
    world = deploy(f"ALTER TABLE users ADD x int; {rename}", "ALTER TABLE people DROP note")
    last = world.statements[-1]
    assert added_here(world, "people", "x", last) == (world.statements[0], world.statements[0].changes[0])
    assert isinstance(world.statements[0].changes[0], c.AddColumn)
    known = column_at_start(world, "people", "z" if "TO z" in rename else "age", last)
    assert known is not None
    assert (known.name, known.nullable) == ("age", True)
    assert column_at_start(world, "people", "x", last) is None
