"""SQLite: the whole catalogue, what only its text tells, and copies that miss nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gate.databases import open_server
from gate.errors import ServerUnavailable
from gate.facts.schema import Column, Constraint, Index, Table

from .conftest import NewDatabase

RICH = """
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- a comment, with a comma
    email VARCHAR(50) COLLATE NOCASE NOT NULL UNIQUE,
    age INT CONSTRAINT ck_age CHECK (age BETWEEN 18 AND 99) DEFAULT 18,
    twice INT GENERATED ALWAYS AS (age * 2) STORED,
    "odd, name" TEXT DEFAULT ('a, (b'),
    CONSTRAINT uq_pair UNIQUE (email, age) ON CONFLICT IGNORE,
    CHECK (email <> 'CHECK (x)')
);
CREATE TABLE posts (user_id INT NOT NULL, tag TEXT, PRIMARY KEY (user_id, tag),
    CONSTRAINT owner FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE) WITHOUT ROWID;
CREATE INDEX ix_lower ON users (lower(email)) WHERE age > 20;
CREATE TRIGGER touch AFTER INSERT ON users BEGIN SELECT 1; END;
CREATE VIEW names AS SELECT email FROM users;
"""


def test_the_whole_catalogue(new_database: NewDatabase) -> None:
    """Names of constraints, checks, collations and AUTOINCREMENT come from the text; all else from the pragmas."""
    database = new_database("sqlite")
    database.execute(RICH)
    schema = database.schema()
    pair = ("email", "age")
    assert dict(schema.tables) == {
        "names": Table(
            "names",
            "view",
            (Column("email", "VARCHAR(50)"),),
            definition="CREATE VIEW names AS SELECT email FROM users",
        ),
        "posts": Table(
            "posts",
            columns=(Column("user_id", "INT", False), Column("tag", "TEXT", False)),
            indexes=(Index("sqlite_autoindex_posts_1", ("user_id", "tag"), True),),
            constraints=(
                Constraint("posts_pkey", "primary-key", ("user_id", "tag"), "PRIMARY KEY (user_id, tag)"),
                Constraint(
                    "owner",
                    "foreign-key",
                    ("user_id",),
                    "FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
                    references="users",
                    referenced_columns=("id",),
                    on_delete="CASCADE",
                ),
            ),
            options="without rowid",
        ),
        "users": Table(
            "users",
            columns=(
                Column("id", "INTEGER", False),
                Column("email", "VARCHAR(50)", False, collation="NOCASE"),
                Column("age", "INT", True, "18"),
                Column("twice", "INT", generated="stored"),
                Column("odd, name", "TEXT", True, "'a, (b'"),
            ),
            indexes=(
                Index(
                    "ix_lower",
                    definition="CREATE INDEX ix_lower ON users (lower(email)) WHERE age > 20",
                    predicate="age > 20",
                ),
                Index("sqlite_autoindex_users_1", ("email",), True),
                Index("sqlite_autoindex_users_2", pair, True),
            ),
            constraints=(
                Constraint("users_pkey", "primary-key", ("id",), "PRIMARY KEY (id)"),
                Constraint("sqlite_autoindex_users_1", "unique", ("email",), "UNIQUE (email)"),
                Constraint("uq_pair", "unique", pair, "UNIQUE (email, age) ON CONFLICT IGNORE"),
                Constraint("ck_age", "check", ("age",), "CHECK (age BETWEEN 18 AND 99)"),
                Constraint("users_check_2", "check", (), "CHECK (email <> 'CHECK (x)')"),
            ),
            triggers=("touch",),
            trigger_texts=("CREATE TRIGGER touch AFTER INSERT ON users BEGIN SELECT 1; END",),
            options="autoincrement",
        ),
    }
    assert list(schema.routines) == ["trigger touch on users"]


def test_a_reference_without_columns_means_the_primary_key(new_database: NewDatabase) -> None:
    """As SQLite itself takes it."""
    database = new_database("sqlite")
    database.execute("CREATE TABLE a (k TEXT PRIMARY KEY); CREATE TABLE b (a_k TEXT REFERENCES a)")
    constraint = database.schema().tables["b"].constraints[0]
    assert (constraint.columns, constraint.references, constraint.referenced_columns) == (("a_k",), "a", ("k",))


def test_a_clone_holds_what_is_still_in_the_log(new_database: NewDatabase) -> None:
    """With a write-ahead log the newest rows are not in the file yet."""
    database = new_database("sqlite")
    database.execute("PRAGMA journal_mode = WAL")
    other = sqlite3.connect(database.parts["database"], isolation_level=None)
    other.execute("PRAGMA wal_autocheckpoint = 0")
    other.execute("CREATE TABLE t (id INTEGER)")
    other.execute("INSERT INTO t VALUES (7)")
    copy = database.clone()
    assert copy.execute("SELECT * FROM t") == [(7,)]
    other.close()


def test_a_script_runs_whole(new_database: NewDatabase) -> None:
    """Several statements in one text, as in an ``init-sql`` file."""
    database = new_database("sqlite")
    database.execute("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2);")
    assert database.execute("SELECT * FROM t WHERE id > ?", (1,)) == [(2,)]


def test_another_version_is_not_to_be_had(tmp_path: Path) -> None:
    """SQLite is a library of the interpreter."""
    with pytest.raises(ServerUnavailable, match=r"SQLite 2 is not on this machine, Python brings 3\.") as caught:
        open_server("sqlite", "2", None, cache_dir=tmp_path, workdir=tmp_path, progress=lambda _: None)
    assert caught.value.advice is not None


def test_what_was_read_is_read_again_only_after_a_change(new_database: NewDatabase) -> None:
    """Whoever made the change; rows are none, and a clone knows what its original knew."""
    database = new_database("sqlite")
    database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
    first = database.schema()
    database.seed("plain")
    copy = database.clone()
    assert database.schema() is first
    assert copy.schema() is first
    with sqlite3.connect(copy.parts["database"]) as connection:
        connection.execute("CREATE TABLE b (id)")
        connection.commit()
        assert "b" in copy.schema().tables
        assert database.schema() is first


VIRTUAL = """
CREATE TABLE tasks (id INTEGER PRIMARY KEY, title TEXT);
CREATE VIRTUAL TABLE "Docs" USING fts5(title, body, prefix='2');
CREATE VIRTUAL TABLE notes USING fts4(body);
CREATE VIRTUAL TABLE boxes USING rtree(id, low, high);
CREATE VIRTUAL TABLE found USING fts5(title, content='tasks', content_rowid='id');
CREATE VIRTUAL TABLE bare USING fts5(title, content='');
CREATE VIRTUAL TABLE terms USING fts5vocab('Docs', 'row');
CREATE TABLE docs_tags (id INTEGER PRIMARY KEY);
"""


def test_what_virtual_tables_keep_inside_is_no_table(new_database: NewDatabase) -> None:
    """SQLite itself calls these shadows; an index over another table's rows keeps none of its own."""
    database = new_database("sqlite")
    database.execute(VIRTUAL)
    kinds = {name: table.kind for name, table in database.schema().tables.items()}
    own = dict.fromkeys(("tasks", "Docs", "notes", "boxes", "bare", "docs_tags"), "table")
    assert kinds == {**own, "found": "foreign-table", "terms": "foreign-table"}
    if sqlite3.sqlite_version_info >= (3, 37):
        shadows = {row[1] for row in database.execute("PRAGMA table_list") if row[2] == "shadow"}
        assert (len(shadows), shadows & kinds.keys()) == (21, set())


def test_seeding_leaves_text_indexes_whole(new_database: NewDatabase) -> None:
    """Rows go in through the index, or from the table that it is over."""
    database = new_database("sqlite")
    database.execute(VIRTUAL)
    seeded = database.seed("plain")
    assert (seeded.tables, seeded.rows) == (6, 24)
    for name in ("Docs", "notes", "found"):
        database.execute(f"INSERT INTO {name} ({name}) VALUES ('integrity-check')")
    ((word,),) = database.execute("SELECT title FROM tasks WHERE id = 1")
    assert database.execute("SELECT rowid FROM found WHERE found MATCH ?", (f'"{word}"',)) == [(1,)]
