"""MariaDB: the whole catalogue, and copies made from the server's own texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.databases import open_server
from gate.errors import ServerUnavailable
from gate.facts.schema import Column, Constraint, Index, Schema, Table

from .conftest import NewDatabase

RICH = """
CREATE TABLE users (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(50) COLLATE utf8mb4_bin NOT NULL COMMENT 'unique',
    mood ENUM('sad', 'ok') DEFAULT 'ok',
    age INT DEFAULT 18 CHECK (age >= 18),
    twice INT AS (age * 2) PERSISTENT,
    made TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    UNIQUE KEY uq (email),
    KEY ix (mood, email(5) DESC)
) COMMENT 'people';
CREATE TABLE posts (id INT PRIMARY KEY, user_id INT UNSIGNED,
    CONSTRAINT owner FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE);
CREATE VIEW emails AS SELECT email FROM users;
CREATE TRIGGER touch BEFORE INSERT ON posts FOR EACH ROW SET NEW.id = NEW.id + 1;
CREATE FUNCTION three() RETURNS INT RETURN 3;
CREATE SEQUENCE numbers
"""


def test_the_whole_catalogue(new_database: NewDatabase) -> None:
    """Types and defaults in the server's words, keys with their indexes."""
    database = new_database("mariadb")
    database.execute(RICH)
    schema = database.schema()
    primary = Index("PRIMARY", ("id",), True, definition="CREATE UNIQUE INDEX PRIMARY ON users USING btree (id)")
    key = Constraint("PRIMARY", "primary-key", ("id",), "PRIMARY KEY (id)")
    users, posts, view = schema.tables["users"], schema.tables["posts"], schema.tables["emails"]
    assert users == Table(
        "users",
        columns=(
            Column("id", "int(10) unsigned", False, identity=True),
            Column("email", "varchar(50)", False, comment="unique", collation="utf8mb4_bin"),
            Column("mood", "enum('sad','ok')", True, "'ok'"),
            Column("age", "int(11)", True, "18", also=("CHECK (`age` >= 18)",)),
            Column("twice", "int(11)", True, "`age` * 2", "stored"),
            Column("made", "timestamp", True, "current_timestamp() on update current_timestamp()"),
        ),
        indexes=(
            Index("ix", ("mood", "email"), definition="CREATE INDEX ix ON users USING btree (mood, email(5) DESC)"),
            primary,
            Index("uq", ("email",), True, definition="CREATE UNIQUE INDEX uq ON users USING btree (email)"),
        ),
        constraints=users.constraints,
        options="engine=InnoDB",
        comment="people",
    )
    assert set(users.constraints) == {
        key,
        Constraint("uq", "unique", ("email",), "UNIQUE (email)"),
        Constraint("age", "check", (), "CHECK (`age` >= 18)"),
    }
    owner = Constraint(
        "owner",
        "foreign-key",
        ("user_id",),
        "FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
        references="users",
        referenced_columns=("id",),
        on_delete="CASCADE",
    )
    assert set(posts.constraints) == {key, owner}
    assert posts.triggers == ("touch",)
    assert (view.kind, view.definition) == ("view", "select `users`.`email` AS `email` from `users`")
    assert schema.sequences == ("numbers",)
    assert list(schema.routines) == ["function three", "trigger touch on posts"]


def test_a_clone_has_every_kind_of_object(new_database: NewDatabase) -> None:
    """Views in their order, triggers after the rows, routines and sequences; next numbers go on."""
    database = new_database("mariadb")
    database.execute(RICH + "; CREATE VIEW a_first AS SELECT * FROM emails; INSERT INTO users (email) VALUES ('x')")
    database.execute("INSERT INTO posts VALUES (1, 1); INSERT INTO `users` (id, email) VALUES (70, '100%')")
    copy = database.clone()
    assert copy.schema() == database.schema()
    assert copy.digest() == database.digest()
    assert copy.execute("SELECT email, three() FROM a_first ORDER BY 1") == [("100%", 3), ("x", 3)]
    copy.execute("INSERT INTO users (email) VALUES ('next')")
    assert copy.execute("SELECT max(id) FROM users") == [(71,)]
    assert database.execute("SELECT count(*) FROM users") == [(2,)]


def test_sql_mode_and_checks_are_as_before_a_clone(new_database: NewDatabase) -> None:
    """Making a copy leaves our own session strict and its keys on."""
    database = new_database("mariadb")
    database.execute(RICH)
    copy = database.clone()
    mode = database.execute("SELECT @@sql_mode, @@foreign_key_checks, @@unique_checks")
    assert copy.execute("SELECT @@sql_mode, @@foreign_key_checks, @@unique_checks") == mode
    error = copy.try_query("INSERT INTO posts VALUES (1, 5)")
    assert error is not None
    assert "foreign key constraint fails" in error


def test_a_version_that_is_not_there_names_what_is(tmp_path: Path, new_database: NewDatabase) -> None:
    """With an advice."""
    new_database("mariadb")
    with pytest.raises(ServerUnavailable, match=r"MariaDB 5\.5 is not on this machine, only 1") as caught:
        open_server("mariadb", "5.5", None, cache_dir=tmp_path, workdir=tmp_path, progress=lambda _: None)
    assert "--database-url" in str(caught.value.advice)


def test_an_empty_database_has_an_empty_schema(new_database: NewDatabase) -> None:
    """Nothing of the server's own shows."""
    assert new_database("mariadb").schema() == Schema()
