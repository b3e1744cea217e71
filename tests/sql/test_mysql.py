"""MySQL's and MariaDB's statements, as Alembic and people write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.facts.changes import (
    AddColumn,
    AddConstraint,
    AlterAlgorithm,
    AlterPartitions,
    Change,
    CodeBlock,
    ColumnSpec,
    ConstraintSpec,
    CreateIndex,
    CreateSchema,
    CreateTable,
    CreateTrigger,
    CreateView,
    Delete,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropIndex,
    DropSchema,
    DropTable,
    Harmless,
    Insert,
    LockTable,
    Maintenance,
    ModifyColumn,
    Query,
    RenameColumn,
    RenameIndex,
    RenameTable,
    SetDefault,
    SetSetting,
    SetTableOption,
    TransactionControl,
    Truncate,
    Update,
)
from gate.sql import Parsed, parse, split

READ: list[tuple[str, list[Change]]] = [
    (
        "ALTER TABLE users ADD COLUMN x INTEGER NOT NULL DEFAULT 5 COMMENT 'a, b' AFTER y",
        [AddColumn("users", ColumnSpec("x", "INTEGER", nullable=False, default="5", comment="a, b", after="y"))],
    ),
    ("ALTER TABLE `users` ADD `x` JSON FIRST", [AddColumn("users", ColumnSpec("x", "JSON", first=True))]),
    (
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS a DOUBLE PRECISION UNSIGNED",
        [AddColumn("t", ColumnSpec("a", "DOUBLE PRECISION UNSIGNED"), if_not_exists=True)],
    ),
    (
        "ALTER TABLE t ADD COLUMN (a int, b ENUM('x,y', 'z') NOT NULL)",
        [
            AddColumn("t", ColumnSpec("a", "int")),
            AddColumn("t", ColumnSpec("b", "ENUM('x,y', 'z')", nullable=False)),
        ],
    ),
    (
        "ALTER TABLE t ADD COLUMN f DOUBLE GENERATED ALWAYS AS (a*2) STORED",
        [AddColumn("t", ColumnSpec("f", "DOUBLE", generated="stored"))],
    ),
    ("ALTER TABLE t ADD f INT AS (a + 1)", [AddColumn("t", ColumnSpec("f", "INT", generated="virtual"))]),
    (
        "ALTER TABLE t ADD u CHAR(36) DEFAULT (uuid())",
        [AddColumn("t", ColumnSpec("u", "CHAR(36)", default="(uuid())"))],
    ),
    (
        "ALTER TABLE t ADD id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
        [AddColumn("t", ColumnSpec("id", "BIGINT", nullable=False, identity=True, primary_key=True))],
    ),
    (
        "ALTER TABLE t ADD at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)",
        [
            AddColumn(
                "t",
                ColumnSpec(
                    "at",
                    "TIMESTAMP(6)",
                    nullable=False,
                    default="CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)",
                ),
            )
        ],
    ),
    (
        "ALTER TABLE t ADD p INT UNIQUE CHECK (p > 0) REFERENCES parent (id) ON DELETE SET NULL",
        [AddColumn("t", ColumnSpec("p", "INT", unique=True, check="p > 0", references="parent"))],
    ),
    (
        "ALTER TABLE t MODIFY name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT 'x'",
        [ModifyColumn("t", "name", ColumnSpec("name", "VARCHAR(100)", default="'x'", collation="utf8mb4_bin"))],
    ),
    ("ALTER TABLE t CHANGE a b INT NOT NULL", [ModifyColumn("t", "a", ColumnSpec("b", "INT", nullable=False))]),
    (
        "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY(a) REFERENCES s.b (id) ON DELETE CASCADE",
        [
            AddConstraint(
                "t",
                ConstraintSpec(
                    "foreign-key", "fk", ("a",), references="s.b", referenced_columns=("id",), on_delete="CASCADE"
                ),
            )
        ],
    ),
    (
        "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES b (id)",
        [AddConstraint("t", ConstraintSpec("foreign-key", None, ("a",), references="b", referenced_columns=("id",)))],
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
        [AddConstraint("t", ConstraintSpec("check", "c", expression="a > 0"))],
    ),
    ("ALTER TABLE t ADD CONSTRAINT u UNIQUE (a, b)", [AddConstraint("t", ConstraintSpec("unique", "u", ("a", "b")))]),
    ("ALTER TABLE t ADD CONSTRAINT u UNIQUE KEY (a)", [AddConstraint("t", ConstraintSpec("unique", "u", ("a",)))]),
    ("ALTER TABLE t ADD UNIQUE INDEX u (a)", [CreateIndex("t", "u", ("a",), unique=True)]),
    ("ALTER TABLE t ADD FULLTEXT INDEX ft (body)", [CreateIndex("t", "ft", ("body",), fulltext=True)]),
    (
        "ALTER TABLE t ADD INDEX ix (body(10), b DESC), ALGORITHM=COPY, LOCK=SHARED",
        [CreateIndex("t", "ix", ("body", "b"), lengths=(10, 0)), AlterAlgorithm("t", "COPY", "SHARED")],
    ),
    (
        "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a,b)",
        [
            DropConstraint("t", "PRIMARY", "primary-key"),
            AddConstraint("t", ConstraintSpec("primary-key", None, ("a", "b"))),
        ],
    ),
    ("ALTER TABLE t DROP FOREIGN KEY fk", [DropConstraint("t", "fk", "foreign-key")]),
    ("ALTER TABLE t DROP CHECK c", [DropConstraint("t", "c", "check")]),
    ("ALTER TABLE t DROP CONSTRAINT c", [DropConstraint("t", "c")]),
    ("ALTER TABLE t DROP INDEX ix", [DropIndex("ix", "t")]),
    ("ALTER TABLE t DROP COLUMN a, DROP b", [DropColumn("t", "a"), DropColumn("t", "b")]),
    ("ALTER TABLE t DROP PARTITION p1", [Truncate("t", partitions=("p1",), drops=True)]),
    ("ALTER TABLE t DROP PARTITION IF EXISTS p1, p2", [Truncate("t", partitions=("p1", "p2"), drops=True)]),
    ("ALTER TABLE t TRUNCATE PARTITION p1, `p 2`", [Truncate("t", partitions=("p1", "p 2"))]),
    ("ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (5))", [AlterPartitions("t", "add")]),
    (
        "ALTER TABLE t ADD PARTITION (PARTITION p VALUES IN (1, 2), PARTITION q VALUES IN (3))",
        [AlterPartitions("t", "add")],
    ),
    ("ALTER TABLE t ADD PARTITION PARTITIONS 4", [AlterPartitions("t", "spread")]),
    ("ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 4", [AlterPartitions("t", "by")]),
    ("ALTER TABLE t REMOVE PARTITIONING", [AlterPartitions("t", "remove")]),
    ("ALTER TABLE t REBUILD PARTITION p1, `p 2`", [AlterPartitions("t", "rebuild", ("p1", "p 2"))]),
    (
        "ALTER TABLE t ALGORITHM=INPLACE, REBUILD PARTITION ALL",
        [AlterAlgorithm("t", "INPLACE"), AlterPartitions("t", "rebuild")],
    ),
    (
        "ALTER TABLE t REORGANIZE PARTITION p INTO (PARTITION a VALUES LESS THAN (5), PARTITION b VALUES LESS THAN (9))",
        [AlterPartitions("t", "reorganize", ("p",))],
    ),
    ("ALTER TABLE t COALESCE PARTITION 2", [AlterPartitions("t", "coalesce")]),
    (
        "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE old WITHOUT VALIDATION",
        [AlterPartitions("t", "exchange", ("p",), "old")],
    ),
    ("ALTER TABLE t ALTER COLUMN a SET DEFAULT '5'", [SetDefault("t", "a", "'5'")]),
    ("ALTER TABLE t ALTER a DROP DEFAULT", [DropDefault("t", "a")]),
    ("ALTER TABLE t RENAME TO s", [RenameTable("t", "s")]),
    ("ALTER TABLE t RENAME s", [RenameTable("t", "s")]),
    ("ALTER TABLE t RENAME COLUMN a TO b", [RenameColumn("t", "a", "b")]),
    ("ALTER TABLE t RENAME INDEX a TO b", [RenameIndex("a", "b", "t")]),
    ("ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", [SetTableOption("t", "convert-charset", "utf8mb4")]),
    (
        "ALTER TABLE t ENGINE=InnoDB ROW_FORMAT=DYNAMIC",
        [SetTableOption("t", "engine", "InnoDB"), SetTableOption("t", "row-format", "DYNAMIC")],
    ),
    ("ALTER TABLE t DEFAULT CHARACTER SET utf8mb4", [SetTableOption("t", "charset", "utf8mb4")]),
    ("ALTER TABLE t COMMENT 'it''s'", [SetTableOption("t", "comment", "it's")]),
    ("ALTER TABLE t FORCE", [Maintenance("force", "t")]),
    ("ALTER ONLINE TABLE t ADD x int", [AddColumn("t", ColumnSpec("x", "int"))]),
    ("RENAME TABLE a TO b, c TO d", [RenameTable("a", "b"), RenameTable("c", "d")]),
    ("CREATE UNIQUE INDEX ix ON t (a, b)", [CreateIndex("t", "ix", ("a", "b"), unique=True)]),
    ("CREATE INDEX ix ON t ((lower(a)))", [CreateIndex("t", "ix")]),
    ("CREATE FULLTEXT INDEX ft ON t (body)", [CreateIndex("t", "ft", ("body",), fulltext=True)]),
    ("DROP INDEX ix ON t", [DropIndex("ix", "t")]),
    (
        "CREATE TABLE t (id INTEGER NOT NULL AUTO_INCREMENT, PRIMARY KEY (id), KEY ix (id), "
        "CONSTRAINT f FOREIGN KEY(id) REFERENCES b (id))ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
        [
            CreateTable(
                "t",
                (ColumnSpec("id", "INTEGER", nullable=False, identity=True),),
                (
                    ConstraintSpec("primary-key", None, ("id",)),
                    ConstraintSpec("foreign-key", "f", ("id",), references="b", referenced_columns=("id",)),
                ),
            )
        ],
    ),
    ("CREATE TABLE t AS SELECT * FROM s", [CreateTable("t", as_query=True, reads=("s",))]),
    ("CREATE TABLE t LIKE s", [CreateTable("t")]),
    (
        "CREATE OR REPLACE TABLE t (a int)",
        [DropTable("t", if_exists=True), CreateTable("t", (ColumnSpec("a", "int"),))],
    ),
    ("DROP TABLE IF EXISTS a, b", [DropTable("a", if_exists=True), DropTable("b", if_exists=True)]),
    ("CREATE OR REPLACE VIEW v AS SELECT 1", [CreateView("v", replace=True)]),
    ("CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW SET NEW.a = 1", [CreateTrigger("t", "g")]),
    ("CREATE PROCEDURE p() BEGIN UPDATE t SET a = 1; END", [CodeBlock("create")]),
    ("CREATE DATABASE d", [CreateSchema("d")]),
    ("DROP DATABASE IF EXISTS d", [DropSchema("d")]),
    ("TRUNCATE TABLE t", [Truncate("t")]),
    ("LOCK TABLES t WRITE, s READ", [LockTable("t", "WRITE"), LockTable("s", "READ")]),
    (
        "CREATE INDEX i ON t (a, `lock`) ALGORITHM=COPY LOCK SHARED",
        [CreateIndex("t", "i", ("a", "lock")), AlterAlgorithm("t", "COPY", "SHARED")],
    ),
    ("DROP INDEX i ON t LOCK = NONE", [DropIndex("i", "t"), AlterAlgorithm("t", lock="NONE")]),
    ("FLUSH TABLES WITH READ LOCK", [LockTable(None, "READ")]),
    ("FLUSH LOCAL TABLES a, b WITH READ LOCK", [LockTable("a", "READ"), LockTable("b", "READ")]),
    ("FLUSH TABLES a FOR EXPORT", [LockTable("a", "READ")]),
    ("FLUSH TABLES", [Harmless("flush")]),
    ("FLUSH PRIVILEGES", [Harmless("flush")]),
    (
        "CREATE TABLE t AS SELECT a.id FROM a JOIN b ON a.id = b.id",
        [CreateTable("t", as_query=True, reads=("a", "b"))],
    ),
    ("OPTIMIZE TABLE t", [Maintenance("optimize", "t")]),
    (
        "SET SESSION foreign_key_checks = 0, @@sql_mode=''",
        [SetSetting("foreign_key_checks", "0"), SetSetting("sql_mode", "")],
    ),
    ("COMMIT", [TransactionControl("commit")]),
    ("GRANT SELECT ON t TO u", [Harmless("grant")]),
    ("SELECT a FROM t JOIN s ON t.id = s.id", [Query(("t", "s"))]),
    ("INSERT INTO t (a, b) VALUES (%s, %s)", [Insert("t", ("a", "b"))]),
    ("INSERT INTO t (a) SELECT b FROM s", [Insert("t", ("a",), from_query=True, reads=("s",))]),
    ("UPDATE t SET a = b", [Update("t", ("a",), always=True, read_columns=("b",))]),
    (
        "UPDATE t SET a = %s WHERE t.id = %(id_1)s",
        [Update("t", ("a",), where="t.id = ?", by_key=True, read_columns=("id",), equals=("id",))],
    ),
    (
        "UPDATE t SET a=1 WHERE a IS NULL LIMIT 1000",
        [Update("t", ("a",), where="a IS NULL", bounded=True, read_columns=("a",))],
    ),
    ("DELETE FROM t", [Delete("t", always=True)]),
    ("DELETE o FROM orders o JOIN users u ON u.id = o.user_id", [Delete("orders")]),
    (
        "DELETE FROM o USING orders AS o JOIN users AS u ON u.id = o.user_id WHERE u.age > 9",
        [Delete("orders", where="u.age > 9")],
    ),
    ("DELETE FROM t WHERE 1=1 OR a = 2", [Delete("t", where="1 = 1 OR a = 2", always=True)]),
    ("DELETE FROM t WHERE id IN (1, 2)", [Delete("t", where="id IN (1, 2)", by_key=True, equals=("id",))]),
    ("/*!40101 SET NAMES utf8 */", [Harmless("set")]),
    ("-- nothing\n", []),
]


@pytest.mark.parametrize(("sql", "changes"), READ, ids=[sql[:60] for sql, _ in READ])
@pytest.mark.parametrize("dialect", ["mysql", "mariadb"])
def test_what_a_statement_means(dialect, sql, changes):
    """Every form that Alembic emits or people write gives its changes, in order."""
    assert parse(sql, dialect) == Parsed(tuple(changes))


def test_an_unknown_clause_costs_only_itself():
    """The clauses beside it are still read, and the text is not called understood."""
    assert parse("ALTER TABLE t ADD a int, FROBNICATE b", "mysql") == Parsed(
        (AddColumn("t", ColumnSpec("a", "int")),), understood=False
    )


@pytest.mark.parametrize("sql", ["ALTER TABLE", "FROBNICATE t", "ALTER TABLE t ADD COLUMN", "CREATE", "UPDATE", "DROP"])
def test_what_cannot_be_read_is_said(sql):
    """No text that was cut short counts as understood."""
    assert parse(sql, "mysql") == Parsed(understood=False)


def test_a_script_is_cut_at_its_semicolons():
    """Semicolons in strings, comments and bodies of triggers do not part statements."""
    script = """
    INSERT INTO t VALUES ('a;b'); -- one; comment
    CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW BEGIN
      IF NEW.a THEN UPDATE t SET a = CASE WHEN 1 THEN 2 ELSE 3 END; END IF; SELECT 1;
    END;
    SELECT 2;;
    """
    parts = split(script, "mysql")
    assert [part.split()[0] for part in parts] == ["INSERT", "CREATE", "SELECT"]
    assert parts[1].endswith("END")


@given(
    st.text(max_size=80)
    | st.lists(
        st.sampled_from(
            [
                "ALTER",
                "TABLE",
                "t",
                "ADD",
                "DROP",
                "(",
                ")",
                ",",
                ";",
                "'",
                "`",
                "a",
                "INT",
                "CHECK",
                "UPDATE",
                "SET",
                "=",
                "WHERE",
            ]
        )
    ).map(" ".join)
)
@settings(max_examples=150)
def test_no_text_makes_it_raise(text):
    """Statements come from revisions: whatever they hold, the answer is a value."""
    for dialect in ("mysql", "mariadb", "sqlite"):
        assert isinstance(parse(text, dialect), Parsed)
        assert all(split(text, dialect))
