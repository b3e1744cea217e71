"""What every kind of scratch database does alike, on the real servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.databases import DatabaseRefused, open_server
from gate.databases._url import parse
from gate.databases.base import Seeded
from gate.errors import UsageError

from .conftest import KINDS, NewDatabase, Opened

TABLES = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parent (id), note VARCHAR(10));
CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('b2'), ('a1')
"""
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_a_server_says_what_it_is(kind: str, servers: Opened) -> None:
    """Dialect, version and source come from the server itself."""
    server = servers(kind).server
    name, _, version = kind.partition(":")
    assert server.dialect == name
    assert server.version_text.startswith(version)
    assert ".".join(map(str, server.version)) in server.version_text.replace("-", ".")
    assert server.source == {
        "postgresql:10": "binaries",
        "postgresql:15": "binaries",
        "postgresql:18": "wheel",
        "mariadb": "binaries",
        "mysql": "binaries",
    }.get(kind, "file")


@every_kind
def test_url_and_parts_name_the_same_database(kind: str, new_database: NewDatabase) -> None:
    """The URL is one that SQLAlchemy reads; the parts are the ones in it."""
    database = new_database(kind)
    url = parse(database.url("driver"))
    parts = database.parts
    if kind == "sqlite":
        assert database.url("pysqlite") == f"sqlite+pysqlite:///{parts['database']}"
    else:
        assert {"host": url.host, "port": str(url.port), "user": url.user, "password": url.password} == {
            name: parts[name] for name in ("host", "port", "user", "password")
        }
        assert url.database == parts["database"]
        assert database.url("driver").startswith(
            "mysql+driver://" if kind in ("mariadb", "mysql") else "postgresql+driver://"
        )


@every_kind
def test_the_schema_leaves_out_the_version_table(kind: str, new_database: NewDatabase) -> None:
    """Alembic's own table is no part of the schema, its rows are read as committed."""
    database = new_database(kind)
    assert database.versions() == ()
    database.execute(TABLES)
    assert list(database.schema().tables) == ["child", "parent"]
    assert database.versions() == ("a1", "b2")
    assert database.versions("no_such_table") == ()


@every_kind
def test_a_clone_is_a_copy_and_stands_alone(kind: str, new_database: NewDatabase) -> None:
    """A clone has schema, rows and versions; what happens to it leaves the original alone."""
    database = new_database(kind)
    database.execute(TABLES)
    assert database.seed("plain") == Seeded(2, 8, {})
    copy = database.clone()
    assert copy.schema() == database.schema()
    assert copy.digest() == database.digest()
    assert copy.versions() == ("a1", "b2")
    copy.execute("DELETE FROM child")
    copy.drop()
    assert database.execute("SELECT count(*) FROM child") == [(4,)]


@every_kind
def test_a_tried_query_leaves_nothing_behind(kind: str, new_database: NewDatabase) -> None:
    """A query that works gives None and no row; one that fails gives the server's words, and the next one works."""
    database = new_database(kind)
    database.execute(TABLES)
    assert database.try_query("INSERT INTO parent (id, name) VALUES (1, 'x')") is None
    error = database.try_query("SELECT nope FROM parent")
    assert error is not None
    assert "nope" in error
    assert database.try_query("SELECT 100 % 7, name FROM parent WHERE name LIKE '%x%'") is None
    assert database.execute("SELECT count(*) FROM parent") == [(0,)]


@every_kind
def test_a_refused_statement_is_an_expected_error(kind: str, new_database: NewDatabase) -> None:
    """The server's words arrive as an error of the gate's, and the database goes on working."""
    database = new_database(kind)
    with pytest.raises(DatabaseRefused, match="no_such_table"):
        database.execute("SELECT * FROM no_such_table")
    assert database.execute("SELECT 1") == [(1,)]


@every_kind
def test_a_database_dropped_behind_our_back_is_an_expected_error(kind: str, servers: Opened) -> None:
    """A revision may drop the database that it runs in: what follows says so, and dropping again is no error."""
    database = servers(kind).create("doomed")
    database.execute(TABLES)
    database.drop()
    database.drop()


def test_an_unknown_kind_is_wrong_usage(tmp_path: Path) -> None:
    """The message names what there is."""
    with pytest.raises(UsageError, match="unknown kind of database: oracle") as caught:
        open_server("oracle", None, None, cache_dir=tmp_path, workdir=tmp_path, progress=lambda _: None)
    assert caught.value.advice == "use one of mariadb, mysql, postgresql, sqlite, such as postgresql:16"
