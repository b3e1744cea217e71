"""SQLite's statements, as Alembic and people write them."""

from __future__ import annotations

import pytest

from gate.facts.changes import (
    AddColumn,
    Change,
    ColumnSpec,
    ConstraintSpec,
    CreateIndex,
    CreateTable,
    CreateTrigger,
    Delete,
    DropColumn,
    DropIndex,
    DropTable,
    DropTrigger,
    DropView,
    Harmless,
    Insert,
    Maintenance,
    RenameColumn,
    RenameTable,
    SetSetting,
    TransactionControl,
    Update,
)
from gate.sql import Parsed, parse, split

READ: list[tuple[str, list[Change]]] = [
    ("ALTER TABLE users ADD COLUMN x VARCHAR(20)", [AddColumn("users", ColumnSpec("x", "VARCHAR(20)"))]),
    ('ALTER TABLE "User" ADD x', [AddColumn("User", ColumnSpec("x"))]),
    (
        "ALTER TABLE t ADD COLUMN at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL",
        [AddColumn("t", ColumnSpec("at", "DATETIME", nullable=False, default="(CURRENT_TIMESTAMP)"))],
    ),
    (
        "ALTER TABLE t ADD COLUMN p INTEGER DEFAULT 1 REFERENCES parent (id)",
        [AddColumn("t", ColumnSpec("p", "INTEGER", default="1", references="parent"))],
    ),
    ("/* all */ ALTER TABLE main.t ADD x", [AddColumn("t", ColumnSpec("x"))]),
    ('DROP TABLE "MAIN".t', [DropTable("t")]),
    ("DROP VIEW main.v", [DropView("v")]),
    ("CREATE INDEX main.i ON t (a)", [CreateIndex("t", "i", ("a",))]),
    ("DROP TABLE other.t", [DropTable("other.t")]),
    ("INSERT INTO main.t SELECT a FROM main.s", [Insert("t", (), True, reads=("s",))]),
    ("ALTER TABLE t RENAME TO s", [RenameTable("t", "s")]),
    ("ALTER TABLE t RENAME a TO b", [RenameColumn("t", "a", "b")]),
    ("ALTER TABLE t RENAME COLUMN [a b] TO b", [RenameColumn("t", "a b", "b")]),
    ("ALTER TABLE t DROP COLUMN a", [DropColumn("t", "a")]),
    (
        "CREATE TABLE _alembic_tmp_t (\n\tid INTEGER NOT NULL, \n\tn VARCHAR(5) COLLATE NOCASE, \n\tPRIMARY KEY (id), "
        "\n\tCONSTRAINT c CHECK (n <> ''), \n\tUNIQUE (n)\n)",
        [
            CreateTable(
                "_alembic_tmp_t",
                (ColumnSpec("id", "INTEGER", nullable=False), ColumnSpec("n", "VARCHAR(5)", collation="NOCASE")),
                (
                    ConstraintSpec("primary-key", None, ("id",)),
                    ConstraintSpec("check", "c", expression="n <> ''"),
                    ConstraintSpec("unique", None, ("n",)),
                ),
            )
        ],
    ),
    (
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        [CreateTable("t", (ColumnSpec("id", "INTEGER", identity=True, primary_key=True),))],
    ),
    (
        "INSERT INTO _alembic_tmp_t (id, n) SELECT t.id, CAST(t.n AS VARCHAR(5)) AS n FROM t",
        [Insert("_alembic_tmp_t", ("id", "n"), from_query=True, reads=("t",))],
    ),
    ("DROP TABLE t", [DropTable("t")]),
    ("DROP VIEW v", [DropView("v")]),
    ("DROP TRIGGER g", [DropTrigger("", "g")]),
    ("DROP INDEX ix", [DropIndex("ix")]),
    ("CREATE UNIQUE INDEX ix ON t (a) WHERE a > 0", [CreateIndex("t", "ix", ("a",), unique=True, where="a > 0")]),
    ("CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = 1; END", [CreateTrigger("t", "g")]),
    ("PRAGMA foreign_keys=OFF", [SetSetting("pragma foreign_keys", "OFF")]),
    ("PRAGMA main.foreign_keys(1)", [SetSetting("pragma foreign_keys", "1")]),
    ('PRAGMA main.table_info("t")', [SetSetting("pragma table_info", "t")]),
    ("PRAGMA foreign_key_check", [Harmless("pragma")]),
    ("VACUUM", [Maintenance("vacuum")]),
    ("BEGIN IMMEDIATE", [TransactionControl("begin")]),
    (
        "UPDATE t SET a = ? WHERE t.id = ?",
        [Update("t", ("a",), "t.id = ?", by_key=True, read_columns=("id",), equals=("id",))],
    ),
    ("UPDATE OR REPLACE t SET a = 1", [Update("t", ("a",), always=True)]),
    ("DELETE FROM t WHERE true", [Delete("t", "TRUE", always=True)]),
]


@pytest.mark.parametrize(("sql", "changes"), READ, ids=[sql[:60] for sql, _ in READ])
def test_what_a_statement_means(sql, changes):
    """Every form that Alembic emits or people write gives its changes, in order."""
    assert parse(sql, "sqlite") == Parsed(tuple(changes))


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE t ALTER COLUMN a TYPE TEXT",
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)",
        "ALTER TABLE t DROP CONSTRAINT u",
        "ALTER TABLE t MODIFY a TEXT",
    ],
)
def test_an_alter_that_sqlite_lacks_is_not_understood(sql):
    """SQLite knows four forms of ALTER TABLE and no other."""
    assert parse(sql, "sqlite") == Parsed(understood=False)


def test_a_trigger_is_one_statement():
    """The semicolons of its body do not part it."""
    text = "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a=1; DELETE FROM s; END; DROP TABLE s"
    assert split(text, "sqlite") == (text[: text.index("; DROP")], "DROP TABLE s")
