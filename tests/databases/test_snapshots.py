"""Databases kept between runs: all of it comes back, only for the exact key, and nothing half."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from gate.databases import open_server
from gate.databases.snapshots import Outcome, Snapshots
from gate.errors import ServerUnavailable

from .conftest import NewDatabase

KEPT = Outcome(True, "kept for the next run")
USED = Outcome(True, "everything that decides the base schema is unchanged")
NONE = Outcome(False, "there is no snapshot of this state yet")


@pytest.mark.parametrize("kind", ["postgresql:15", "postgresql:18", "mariadb", "mysql", "sqlite"])
def test_a_later_run_gets_the_same_database(kind: str, cache_dir: Path, tmp_path: Path) -> None:
    """Schema, rows and versions, under the URL that the new run's database has already."""
    name, _, version = kind.partition(":")
    store = Snapshots(tmp_path / "store")
    digests = []
    for turn in (1, 2):
        try:
            server = open_server(
                name, version or None, None, cache_dir=cache_dir, workdir=tmp_path, progress=lambda _: None
            )
        except ServerUnavailable as error:
            pytest.skip(str(error))
        with server:
            database = server.create(f"run {turn}")
            url = database.url()
            assert store.restore(server, database, "key of another state") == NONE
            assert store.restore(server, database, "key") == (USED if turn == 2 else NONE)
            if turn == 1:
                database.execute(
                    "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(9)); CREATE INDEX ix ON t (name)"
                )
                database.execute(
                    "CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ('a')"
                )
                database.seed("plain")
                assert store.save(server, database, "key") == KEPT
            digests.append((database.schema(), database.digest(), database.versions()))
            assert database.url() == url
            copy = database.clone()
            copy.execute("INSERT INTO t (id) VALUES (9)")
            assert database.execute("SELECT count(*) FROM t") == [(4,)]
            if name == "postgresql":
                with psycopg.connect(url) as connection:
                    assert connection.execute("SELECT count(*) FROM t").fetchone() == (4,)
    assert digests[0] == digests[1]


def test_roles_and_settings_come_back_on_postgresql(cache_dir: Path, tmp_path: Path) -> None:
    """A base revision may have made a role or set a database's parameter."""
    store = Snapshots(tmp_path / "store")
    for turn in (1, 2):
        with open_server(
            "postgresql", None, None, cache_dir=cache_dir, workdir=tmp_path, progress=lambda _: None
        ) as server:
            database = server.create("roles")
            if turn == 1:
                database.execute("CREATE ROLE app; CREATE TABLE t (id int); ALTER TABLE t OWNER TO app")
                name = database.parts["database"]
                database.execute(f"ALTER DATABASE {name} SET statement_timeout = '7s'")
                assert store.save(server, database, "key") == KEPT
            else:
                assert store.restore(server, database, "key") == USED
                assert database.execute("SELECT tableowner FROM pg_tables WHERE tablename = 't'") == [("app",)]
                with psycopg.connect(database.url()) as connection:
                    assert connection.execute("SHOW statement_timeout").fetchone() == ("7s",)


def test_a_server_by_url_keeps_nothing(new_database: NewDatabase, tmp_path: Path) -> None:
    """It is not ours to stop or to copy."""
    url = new_database("postgresql:15").url()
    with open_server("postgresql", None, url, cache_dir=tmp_path, workdir=tmp_path, progress=lambda _: None) as server:
        assert Snapshots(tmp_path).save(server, server.create(), "key") == Outcome(False, "the server is not ours")
    assert not list((tmp_path / "snapshots").rglob("facts.json"))


def test_with_other_databases_open_nothing_is_swapped(cache_dir: Path, tmp_path: Path) -> None:
    """The whole server's data would be replaced under them."""
    with open_server(
        "postgresql", None, None, cache_dir=cache_dir, workdir=tmp_path, progress=lambda _: None
    ) as server:
        first, second = server.create(), server.create()
        reason = Outcome(False, "other databases are open on the server")
        assert Snapshots(tmp_path).save(server, first, "key") == reason
        second.drop()
        assert Snapshots(tmp_path).save(server, first, "key") == KEPT
        server.create()
        assert Snapshots(tmp_path).restore(server, first, "key") == reason


def test_a_broken_snapshot_is_no_snapshot(tmp_path: Path) -> None:
    """It is thrown away, and the caller replays."""
    store = Snapshots(tmp_path)
    with open_server("sqlite", None, None, cache_dir=tmp_path, workdir=tmp_path, progress=lambda _: None) as server:
        database = server.create()
        assert store.save(server, database, "key") == KEPT
        facts = next(tmp_path.rglob("facts.json"))
        facts.write_text("{")
        assert not store.restore(server, database, "key").done
        assert not facts.exists()
        assert store.save(server, database, "key") == KEPT
        facts.write_text(json.dumps({"key": "other", "database": "x"}))
        assert store.restore(server, database, "key") == Outcome(False, "the snapshot is of another state")


def test_a_cache_that_cannot_be_written_is_only_a_reason(tmp_path: Path) -> None:
    """The run goes on without."""
    file = tmp_path / "file"
    file.write_text("")
    with open_server("sqlite", None, None, cache_dir=tmp_path, workdir=tmp_path, progress=lambda _: None) as server:
        outcome = Snapshots(file).save(server, server.create(), "key")
    assert not outcome.done
    assert "Not a directory" in outcome.reason


def test_old_snapshots_go(tmp_path: Path) -> None:
    """A cache does not grow without end."""
    store = Snapshots(tmp_path)
    with open_server("sqlite", None, None, cache_dir=tmp_path, workdir=tmp_path, progress=lambda _: None) as server:
        database = server.create()
        for number in range(9):
            assert store.save(server, database, f"key {number}") == KEPT
        assert len(list(tmp_path.rglob("facts.json"))) == 6
        assert store.restore(server, database, "key 8") == USED
