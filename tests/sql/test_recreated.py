"""SQLite's recreate, told as what it changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.facts.changes import (
    AddColumn,
    AddConstraint,
    AlterColumnType,
    Change,
    ColumnSpec,
    ConstraintSpec,
    CreateTable,
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
from gate.facts.schema import Column, Index, Table
from gate.sql import parse
from gate.sql.recreated import STEP
from gate.sql.resolve import resolved
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


def renamed_first(columns: str, select: str, last: str = "; DROP TABLE t_old") -> str:
    """A recreate that renames the old table, and makes the new one under its name."""
    return f"ALTER TABLE t RENAME TO t_old; CREATE TABLE t ({columns}); INSERT INTO t SELECT {select} FROM t_old{last}"


@pytest.mark.parametrize("last", ["; DROP TABLE t_old", ""])
def test_a_table_that_is_renamed_first_is_made_anew_too(last):
    """The copy lists no columns, so their order counts; what the copy changes is told of the old table."""
    columns = f"id INTEGER PRIMARY KEY, a VARCHAR(9) NOT NULL, b TEXT DEFAULT 3, c TEXT, {KEPT}"
    world = deploy(renamed_first(columns, "id, a, CAST(b AS TEXT), c", last), dialect="sqlite", earlier=BEFORE)
    steps = tuple(range(1, 5 if last else 4))
    assert [one.changes for one in world.statements if one.number != 3] == [(STEP,)] * (len(steps) - 1)
    assert world.statements[2].changes == (
        RecreateTable("t", "t", steps, aside="t_old"),
        AlterColumnType("t", "b", "TEXT", "CAST(b AS TEXT)"),
    )
    assert world.statements[2].before == world.baseline


def test_a_table_that_gets_another_tables_rows_is_not_made_anew():
    """Nor one that gets none: the rows of the old one are elsewhere, and go with it."""
    for filled in ("INSERT INTO t (id) SELECT id FROM users", "SELECT 1"):
        text = f"ALTER TABLE t RENAME TO t_old; CREATE TABLE t (id INTEGER); {filled}; DROP TABLE t_old"
        world = deploy(text, dialect="sqlite", earlier=BEFORE)
        assert not list(world.all_changes(RecreateTable))
        assert type(world.statements[3].changes[0]).__name__ == "DropTable"


def test_a_table_made_by_a_query_keeps_the_columns_that_it_selects():
    """Its columns stand in the catalogue alone; what they do not carry is for a rule of its own."""
    text = "CREATE TABLE t_new AS SELECT id, a, b FROM t; DROP TABLE t; ALTER TABLE t_new RENAME TO t"
    world = deploy(text, dialect="sqlite", earlier=BEFORE)
    assert world.statements[0].changes == (RecreateTable("t", "t_new", (1, 2, 3)),)
    made = Table("t_new", columns=(Column("id", "INT"), Column("a", "TEXT"), Column("b", "INT")))
    first = world.statements[0]
    told = replace(
        first,
        changes=(CreateTable("t_new", as_query=True),),
        after=replace(first.after, tables={**first.after.tables, "t_new": made}),
    )
    others = (parse(one.sql, "sqlite").changes for one in world.statements[1:])
    rest = (replace(one, changes=changes) for one, changes in zip(world.statements[1:], others, strict=True))
    [copy, *_] = resolved(replace(world, statements=(told, *rest))).statements
    assert copy.changes == (
        RecreateTable("t", "t_new", (1, 2, 3)),
        AlterColumnType("t", "a", "TEXT"),
        DropColumn("t", "c"),
    )


def test_an_index_put_back_under_another_name_is_no_new_index():
    """Over the same columns, as unique as before, with the same WHERE; else it is one."""
    ways = (
        ("CREATE INDEX ix_again ON users (email)", "Harmless"),
        ("CREATE UNIQUE INDEX ix_again ON users (email)", "CreateIndex"),
        ("CREATE INDEX ix_again ON users (email) WHERE age > 3", "CreateIndex"),
    )
    for text, kind in ways:
        world = deploy(f"{recreate('users')}; {text}", dialect="sqlite")
        assert type(world.statements[-1].changes[0]).__name__ == kind


@pytest.mark.parametrize(
    ("index", "kind"),
    [
        ("CREATE UNIQUE INDEX ux ON t (mail) WHERE mail <> ''", "Harmless"),
        ("CREATE UNIQUE INDEX ux ON t (mail)", "CreateIndex"),
        ("CREATE UNIQUE INDEX ux ON t (n) WHERE mail <> ''", "CreateIndex"),
    ],
)
def test_an_index_over_a_column_with_a_new_name_is_put_back(index, kind):
    """Batch mode makes it again, in the new words."""
    world = deploy(
        "CREATE TABLE _alembic_tmp_t (id INTEGER, mail TEXT, n INTEGER); "
        "INSERT INTO _alembic_tmp_t (id, mail, n) SELECT t.id, t.email AS mail, t.n FROM t; "
        f"DROP TABLE t; ALTER TABLE _alembic_tmp_t RENAME TO t; {index}",
        dialect="sqlite",
        earlier="CREATE TABLE t (id INTEGER, email TEXT, n INTEGER)",
    )
    known = Index("ux", ("email",), True, definition="CREATE UNIQUE INDEX ux ON t (email) WHERE email <> ''", predicate="email <> ''")  # fmt: skip
    table = replace(world.baseline.tables["t"], indexes=(known,))
    schema = replace(world.baseline, tables={**world.baseline.tables, "t": table})
    first, *rest = (replace(one, changes=parse(one.sql, "sqlite").changes) for one in world.statements)
    again = resolved(replace(world, statements=(replace(first, before=schema), *rest)))
    assert type(again.statements[-1].changes[0]).__name__ == kind
