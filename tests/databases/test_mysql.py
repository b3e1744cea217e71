"""MySQL's protocol by URL: the server says what it is, and nothing but our own databases is touched."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gate.databases import ScratchDatabase, open_server
from gate.databases._catalog_mysql import read_schema
from gate.errors import ServerUnavailable
from gate.facts.schema import Column

from .conftest import NewDatabase

ROOT = Path(__file__).parents[2]


RICH = """
CREATE TABLE users (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'unique',
    mood ENUM('sad', 'ok') DEFAULT 'ok',
    age INT DEFAULT 18, tags JSON DEFAULT (JSON_ARRAY()), hidden INT INVISIBLE,
    twice INT GENERATED ALWAYS AS (age * 2) STORED,
    made TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    UNIQUE uq (email), INDEX ix (mood, email(5) DESC), INDEX low ((lower(email))), INDEX gone (age) INVISIBLE,
    CONSTRAINT adult CHECK (age >= 18), CONSTRAINT wish CHECK (age < 200) NOT ENFORCED
) COMMENT 'people';
CREATE TABLE posts (id INT PRIMARY KEY, user_id INT UNSIGNED,
    CONSTRAINT owner FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE);
CREATE VIEW emails AS SELECT email FROM users;
CREATE TRIGGER touch BEFORE INSERT ON posts FOR EACH ROW SET NEW.id = NEW.id + 1;
CREATE FUNCTION three() RETURNS INT NO SQL RETURN 3
"""


def databases_of(database: ScratchDatabase) -> list[str]:
    """What databases the server has."""
    return [row[0] for row in database.execute("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY 1")]


def test_without_a_url_and_a_program_there_is_no_mysql(tmp_path: Path) -> None:
    """The advice names every way on."""
    with pytest.raises(ServerUnavailable, match=r"MySQL 3(\.23)? ") as caught:
        open_server("mysql", "3", None, cache_dir=tmp_path, workdir=tmp_path, progress=lambda _: None)
    assert "--database-url" in str(caught.value.advice)
    assert "--database mariadb" in str(caught.value.advice)


def test_a_mysql_of_our_own_is_mysql(new_database: NewDatabase) -> None:
    """Initialised, started and given one user, it says itself that it is no MariaDB; copies are whole."""
    database = new_database("mysql")
    assert (database.server.dialect, database.server.source) == ("mysql", "binaries")
    database.execute("CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL CHECK (n > 0), INDEX (n))")
    copy = database.clone()
    assert copy.schema() == database.schema()
    assert database.execute("SELECT USER() LIKE 'root@127.0.0.1', @@version_comment LIKE '%MariaDB%'") == [(1, 0)]
    assert database.execute("SELECT @@event_scheduler") == [("OFF",)]


def test_a_clone_has_every_kind_of_object(new_database: NewDatabase) -> None:
    """Expression defaults and indexes, invisible columns and indexes, constraints that are not enforced."""
    database = new_database("mysql")
    database.execute(RICH + "; CREATE VIEW a_first AS SELECT * FROM emails; INSERT INTO users (email) VALUES ('x')")
    database.execute("INSERT INTO posts VALUES (1, 1); INSERT INTO users (id, email, hidden) VALUES (70, '100%', 5)")
    copy = database.clone()
    assert copy.schema() == database.schema()
    assert copy.digest() == database.digest()
    modes = "SELECT SQL_MODE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()"
    assert copy.execute(modes) == database.execute(modes)
    assert copy.execute("SELECT email, three() FROM a_first ORDER BY 1") == [("100%", 3), ("x", 3)]
    assert copy.execute("SELECT max(hidden), max(id) FROM users") == [(5, 70)]
    copy.execute("INSERT INTO users (email) VALUES ('next')")
    assert copy.execute("SELECT max(id) FROM users") == [(71,)]


def test_the_whole_catalogue(new_database: NewDatabase) -> None:
    """In the server's words."""
    database = new_database("mysql")
    database.execute(RICH)
    schema = database.schema()
    users = schema.tables["users"]
    assert {one.name: (one.type, one.default, one.generated) for one in users.columns} == {
        "id": ("int unsigned", None, None),
        "email": ("varchar(50)", None, None),
        "mood": ("enum('sad','ok')", "'ok'", None),
        "age": ("int", "18", None),
        "tags": ("json", "json_array()", None),
        "hidden": ("int", None, None),
        "twice": ("int", "(`age` * 2)", "stored"),
        "made": ("timestamp", "CURRENT_TIMESTAMP on update current_timestamp", None),
    }
    assert {one.name: one.definition.partition(" USING ")[2] for one in users.indexes} == {
        "PRIMARY": "btree (id)",
        "gone": "btree (age) INVISIBLE",
        "ix": "btree (mood, email(5) DESC)",
        "low": "btree ((lower(`email`)))",
        "uq": "btree (email)",
    }
    assert {one.name: one.definition for one in users.constraints} == {
        "PRIMARY": "PRIMARY KEY (id)",
        "adult": "CHECK ((`age` >= 18))",
        "uq": "UNIQUE (email)",
        "wish": "CHECK ((`age` < 200)) NOT ENFORCED",
    }
    assert users.comment == "people"
    assert schema.tables["posts"].triggers == ("touch",)
    assert list(schema.routines) == ["function three", "trigger touch on posts"]


def test_a_mariadb_behind_a_mysql_url_is_called_mariadb(new_database: NewDatabase, tmp_path: Path) -> None:
    """And only our own databases come and go."""
    theirs = new_database("mariadb")
    theirs.execute("CREATE TABLE precious (id INT)")
    before = databases_of(theirs)
    url = theirs.url("pymysql")
    assert url.startswith("mysql+pymysql://")
    with open_server("mysql", None, url, cache_dir=tmp_path, workdir=tmp_path, progress=lambda _: None) as server:
        assert server.server.dialect == "mariadb"
        assert server.server.source == "url"
        database = server.create("my app")
        database.execute("CREATE TABLE t (id INT)")
        copy = database.clone()
        assert list(copy.schema().tables) == ["t"]
        assert len(databases_of(theirs)) == len(before) + 2
    assert databases_of(theirs) == before
    assert list(theirs.schema().tables) == ["precious"]


def test_a_killed_gate_leaves_no_database_on_a_given_server(new_database: NewDatabase) -> None:
    """The janitor drops what the gate could not."""
    theirs = new_database("mariadb")
    before = databases_of(theirs)
    script = f"""
import sys, time
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from gate.databases import open_server
where = Path("/nowhere")
server = open_server("mysql", None, {theirs.url()!r}, cache_dir=where, workdir=where, progress=print)
server.create("orphan")
print("ready", flush=True)
time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "ready\n"
    assert len(databases_of(theirs)) == len(before) + 1
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    deadline = time.monotonic() + 5
    while databases_of(theirs) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert databases_of(theirs) == before


def test_an_unreachable_server_is_an_expected_error(tmp_path: Path) -> None:
    """Host and port are in the message, the password is not."""
    with pytest.raises(ServerUnavailable) as caught:
        open_server(
            "mysql", None, "mysql://u:secret@127.0.0.1:1/", cache_dir=tmp_path, workdir=tmp_path, progress=print
        )
    assert str(caught.value).startswith("mysql at 127.0.0.1:1: cannot connect: ")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "default"),
    [
        ({"COLUMN_DEFAULT": "new", "COLUMN_TYPE": "varchar(9)", "EXTRA": ""}, "'new'"),
        ({"COLUMN_DEFAULT": "it's", "COLUMN_TYPE": "varchar(9)", "EXTRA": ""}, "'it''s'"),
        ({"COLUMN_DEFAULT": "0", "COLUMN_TYPE": "int", "EXTRA": ""}, "0"),
        ({"COLUMN_DEFAULT": "1.50", "COLUMN_TYPE": "decimal(4,2)", "EXTRA": ""}, "1.50"),
        ({"COLUMN_DEFAULT": None, "COLUMN_TYPE": "int", "EXTRA": ""}, None),
        ({"COLUMN_DEFAULT": "uuid()", "COLUMN_TYPE": "char(36)", "EXTRA": "DEFAULT_GENERATED"}, "uuid()"),
        (
            {
                "COLUMN_DEFAULT": "CURRENT_TIMESTAMP",
                "COLUMN_TYPE": "timestamp",
                "EXTRA": "DEFAULT_GENERATED on update CURRENT_TIMESTAMP",
            },
            "CURRENT_TIMESTAMP on update current_timestamp",
        ),
        (
            {"COLUMN_DEFAULT": None, "COLUMN_TYPE": "timestamp", "EXTRA": "on update CURRENT_TIMESTAMP"},
            "NULL on update current_timestamp",
        ),
    ],
)
def test_defaults_as_mysql_8_writes_them(row: dict[str, str | None], default: str | None) -> None:
    """A literal's bare text, and DEFAULT_GENERATED for expressions: rows as MySQL's manual shows them."""
    column = {"TABLE_NAME": "t", "COLUMN_NAME": "c", "IS_NULLABLE": "YES", **row}

    def ask(text: str) -> list[dict[str, object]]:
        if "FROM information_schema.TABLES" in text:
            return [
                {
                    "TABLE_NAME": "t",
                    "TABLE_TYPE": "BASE TABLE",
                    "TABLE_COLLATION": "x",
                    "ENGINE": "InnoDB",
                    "TABLE_COMMENT": "",
                }
            ]
        return [dict(column)] if "FROM information_schema.COLUMNS" in text else []

    schema = read_schema(ask, "d", frozenset(), mariadb=False)
    assert schema.tables["t"].columns == (Column("c", str(row["COLUMN_TYPE"]), True, default),)
