"""What a server lacks, from the errors that real servers give."""

from __future__ import annotations

import pytest

from gate.databases import DatabaseRefused
from gate.databases.lacking import Lack, lacking

from .conftest import NewDatabase


@pytest.mark.parametrize(
    ("kind", "sql", "lack"),
    [
        ("postgresql:18", "CREATE EXTENSION postgis", ("extension", "postgis")),
        ("postgresql:15", "CREATE EXTENSION vector", ("extension", "vector")),
        ("postgresql:15", "CREATE TABLE t (v vector(3))", ("extension", "vector")),
        ("postgresql:15", "CREATE TABLE t (id uuid DEFAULT uuid_generate_v4())", ("extension", "uuid-ossp")),
        (
            "postgresql:15",
            "CREATE TABLE t (a text); CREATE INDEX ON t USING gin (a gin_trgm_ops)",
            ("extension", "pg_trgm"),
        ),
        ("postgresql:15", "SELECT crypt('a', 'b')", ("extension", "pgcrypto")),
        ("postgresql:15", "CREATE TABLE t (a text); ALTER TABLE t OWNER TO deployer", ("role", "deployer")),
        ("postgresql:15", 'CREATE TABLE t (a text COLLATE "xx_XX")', ("collation", "xx_XX")),
        ("postgresql:15", "CREATE TABLE t (a text) TABLESPACE fast", ("tablespace", "fast")),
        ("postgresql:15", "CREATE FUNCTION f() RETURNS int LANGUAGE plv8 AS ''", ("language", "plv8")),
        ("mariadb", "CREATE TABLE t (a TEXT) COLLATE utf8mb4_0900_ai_ci", ("collation", "utf8mb4_0900_ai_ci")),
        ("mariadb", "CREATE TABLE t (a INT) ENGINE=RocksDB", ("engine", "RocksDB")),
        ("mysql", "CREATE TABLE t (a INT); GRANT SELECT ON t TO 'app'@'%'", ("user", "that the statement names")),
        ("mariadb", "CREATE TABLE t (a INT); GRANT SELECT ON t TO 'app'@'%'", ("user", "that the statement names")),
        ("mysql", "CREATE TABLE t (a INT); REVOKE DELETE ON t FROM 'app'@'%'", ("user", "app")),
        ("mariadb", "CREATE TABLE t (a INT); REVOKE DELETE ON t FROM 'app'@'%'", ("user", "app")),
        (
            "mariadb",
            "CREATE TABLE t (a INT); CREATE DEFINER='app'@'%' TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1; "
            "INSERT INTO t VALUES (2)",
            ("user", "app"),
        ),
        ("sqlite", "CREATE VIRTUAL TABLE t USING nosuch(a)", ("library", "nosuch")),
        ("sqlite", "CREATE TABLE t (a TEXT COLLATE unicode); CREATE INDEX i ON t (a)", ("collation", "unicode")),
    ],
)
def test_a_lack_is_told_from_a_broken_migration(
    kind: str, sql: str, lack: tuple[str, str], new_database: NewDatabase
) -> None:
    """Whatever production may have and the scratch server has not, with an advice."""
    with pytest.raises(DatabaseRefused) as caught:
        new_database(kind).execute(sql)
    found = lacking(str(caught.value))
    assert found is not None, str(caught.value)
    assert (found.kind, found.name) == lack
    assert found.advice


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        ("postgresql:15", "SELECT nope FROM pg_class"),
        ("postgresql:15", "SELECT * FROM nope"),
        ("postgresql:15", "SELECT nope()"),
        ("postgresql:15", "CREATE TABLE t (a nope)"),
        ("postgresql:15", "CREATE TABLE t (a int, a int)"),
        ("mariadb", "CREATE TABLE t (a NOPE)"),
        ("mariadb", "SELECT nope FROM information_schema.TABLES"),
        ("sqlite", "SELECT nope()"),
        ("sqlite", "DROP TABLE nope"),
    ],
)
def test_a_broken_migration_is_no_lack(kind: str, sql: str, new_database: NewDatabase) -> None:
    """A mistake of the author's stays one."""
    with pytest.raises(DatabaseRefused) as caught:
        new_database(kind).execute(sql)
    assert lacking(str(caught.value)) is None


def test_a_lack_reads_as_a_sentence() -> None:
    """For the report's reason."""
    assert str(Lack("extension", "postgis", "")) == "the scratch server has no extension postgis"
