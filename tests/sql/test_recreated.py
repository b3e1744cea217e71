"""SQLite's recreate, told as what it changes."""

from __future__ import annotations

import pytest

from gate.facts.changes import (
    AddColumn,
    AddConstraint,
    AlterColumnType,
    Change,
    ColumnSpec,
    ConstraintSpec,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropNotNull,
    Harmless,
    RecreateTable,
    RenameColumn,
    SetDefault,
    SetNotNull,
)
from gate.sql.recreated import STEP
from tests.rules._deploy import deploy
from tests.rules._recreate import by_hand, recreate

BEFORE = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(9) NOT NULL, b INTEGER DEFAULT 3, c TEXT, "
    "CONSTRAINT uq UNIQUE (a), CONSTRAINT ck CHECK (b > 0))"
)
KEPT = "CONSTRAINT uq UNIQUE (a), CONSTRAINT ck CHECK (b > 0)"


def meant(columns: str, select: str) -> tuple[Change, ...]:
    """The changes of a recreate of ``t``."""
    names = ", ".join(part.split(" AS ")[-1].removeprefix("t.") for part in select.split(", "))
    world = deploy(
        f"CREATE TABLE _alembic_tmp_t ({columns}); INSERT INTO _alembic_tmp_t ({names}) SELECT {select} FROM t; "
        "DROP TABLE t; ALTER TABLE _alembic_tmp_t RENAME TO t",
        dialect="sqlite",
        earlier=BEFORE,
    )
    made, copy, *others = world.statements
    assert [one.changes for one in (made, *others)] == [(STEP,)] * 3
    assert copy.changes[0] == RecreateTable("t", "_alembic_tmp_t", (1, 2, 3, 4))
    return copy.changes[1:]


@pytest.mark.parametrize(
    ("columns", "select", "changes"),
    [
        (f"id INTEGER PRIMARY KEY, a VARCHAR(9) NOT NULL, b INTEGER DEFAULT '3', c TEXT, {KEPT}", "id, a, b, c", ()),
        (
            f"id INTEGER PRIMARY KEY, a TEXT, b INTEGER NOT NULL DEFAULT 4, {KEPT}",
            "id, a, b",
            (
                AlterColumnType("t", "a", "TEXT"),
                DropNotNull("t", "a"),
                SetNotNull("t", "b"),
                SetDefault("t", "b", "4"),
                DropColumn("t", "c"),
            ),
        ),
        (
            f"id INTEGER PRIMARY KEY, a VARCHAR(9) NOT NULL, b INTEGER, remark TEXT, d INTEGER, {KEPT}",
            "t.id, t.a, t.b, t.c AS remark",
            (
                DropDefault("t", "b"),
                RenameColumn("t", "c", "remark"),
                AddColumn("t", ColumnSpec("d", "INTEGER")),
            ),
        ),
        (
            f"id INTEGER PRIMARY KEY, a VARCHAR(9) NOT NULL, b TEXT DEFAULT 3, c TEXT, low TEXT, {KEPT}",
            "id, a, CAST(b AS TEXT) AS b, c, lower(a) AS low",
            (AlterColumnType("t", "b", "TEXT", "CAST(b AS TEXT)"), AddColumn("t", ColumnSpec("low", "TEXT"))),
        ),
        (
            "id INTEGER PRIMARY KEY, a VARCHAR(9) NOT NULL, b INTEGER DEFAULT 3, c TEXT, CONSTRAINT uq UNIQUE (a), "
            "CONSTRAINT u2 UNIQUE (c)",
            "id, a, b, c",
            (AddConstraint("t", ConstraintSpec("unique", "u2", ("c",))), DropConstraint("t", "ck", "check")),
        ),
    ],
)
def test_what_it_amounts_to(columns, select, changes):
    """Columns by where the copy takes them from, constraints by what they say."""
    assert meant(columns, select) == changes


@pytest.mark.parametrize("way", [recreate, by_hand])
def test_an_index_that_is_put_back_is_no_new_index(way):
    """The same index on the same columns; another one under its name is new."""
    world = deploy(
        f"{way('users')}; CREATE INDEX ix_users_email ON users (email); CREATE INDEX ix_users_age ON users (age)",
        dialect="sqlite",
    )
    assert [[type(change).__name__ for change in one.changes] for one in world.statements[4:]] == [
        ["Harmless"],
        ["CreateIndex"],
    ]


def test_a_recreate_that_stops_is_told_as_far_as_it_came():
    """Alembic drops its half-made table again; that is a step too."""
    world = deploy(
        f"{recreate('users').rsplit('; ', 2)[0]}; DROP TABLE _alembic_tmp_users",
        dialect="sqlite",
        errors={2: "refused"},
    )
    assert [one.changes[0] for one in world.statements] == [
        Harmless("recreate"),
        RecreateTable("users", "_alembic_tmp_users", (1, 2, 3)),
        Harmless("recreate"),
    ]


def test_two_recreates_of_one_revision_are_kept_apart():
    """Each with its own steps."""
    world = deploy(f"{recreate('users')}; {recreate('orders')}", dialect="sqlite")
    found = [change for _, change in world.all_changes(RecreateTable)]
    assert [(one.table, one.steps) for one in found] == [("users", (1, 2, 3, 4)), ("orders", (5, 6, 7, 8))]


def test_a_copy_into_a_new_table_is_no_recreate():
    """Without the rename onto the old name, each statement means what it says."""
    world = deploy(
        "CREATE TABLE t (id INTEGER); INSERT INTO t (id) SELECT id FROM users; DROP TABLE users", dialect="sqlite"
    )
    assert [type(one.changes[0]).__name__ for one in world.statements] == ["CreateTable", "Insert", "DropTable"]
