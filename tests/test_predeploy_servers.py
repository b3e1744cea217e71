"""``predeploy`` and ``verify`` on servers as production has them: standbys, poolers, and servers that fail half-way."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.targets import HISTORY, asked, migrate, project_for, running_servers, target, url_of
from tests.test_predeploy import after_the_first_look, slow_env
from tests.topology import cluster_of, pooler, process_of, replicated, streaming_standby

WAL = "SELECT count(pg_logical_emit_message(false, 'x', repeat('x', 90000000))) FROM generate_series(1, 3)"


def details(about: dict[str, Any], kind: str) -> list[str]:
    """The blockers of one kind."""
    return [one["detail"] for one in about["blockers"] if one["kind"] == kind]


def test_a_standby_and_what_it_lags_behind(tmp_path: Path, new: Any, cache: Path) -> None:
    """No release is judged on a standby; on the primary a standby that does not replay is seen, and a slot without consumer."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    migrate(repo, database, "r3")
    with streaming_standby(database, tmp_path) as standby:
        done = asked(repo, standby.url(database), cache=cache)
        assert (done.code, "a read replica" in done.reason("target-ready")) == (3, True)
        done = asked(repo, standby.url(database), command="verify", cache=cache)
        notes = " ".join(done.project["coverage"]["notes"])
        assert (done.code, "read from a standby" in notes, "replayed everything" in notes) == (0, True, True)
        assert target(asked(repo, database, cache=cache))["blockers"] == []

        standby.execute("SELECT pg_wal_replay_pause()")
        database.execute("SELECT pg_create_physical_replication_slot('forgotten', true)")
        database.execute(WAL)
        done = asked(repo, database, cache=cache)
        (lag,), (slot,) = (details(target(done), kind) for kind in ("replication-lag", "replication-slot"))
        assert done.code == 0
        assert lag.startswith("replica standby_one is behind by ")
        assert re.search(r"27\d MB and applied nothing while the gate looked", lag)
        assert slot.startswith("replication slot forgotten has no consumer and keeps 27")
        done = asked(repo, standby.url(database), command="verify", cache=cache)
        notes = " ".join(done.project["coverage"]["notes"])
        assert re.search(r"its replay is paused, 27\d MB received and not replayed", notes)
        database.execute("SELECT pg_drop_replication_slot('forgotten')")


def test_commits_that_wait_for_a_standby_that_is_gone(tmp_path: Path, new: Any, cache: Path) -> None:
    """A synchronous standby is configured and not there: the upgrade's commit would hang, so that is an error."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    migrate(repo, database, "r2")
    name = database.parts["database"]
    database.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
    cluster = cluster_of(database)
    with psycopg.connect(host=str(cluster.socket), port=cluster.port, user="postgres", autocommit=True) as other:
        other.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby_two'")
        other.execute("SELECT pg_reload_conf()")
        try:
            done = asked(repo, database, cache=cache)
        finally:
            other.execute("ALTER SYSTEM RESET synchronous_standby_names")
            other.execute("SELECT pg_reload_conf()")
    assert (done.code, target(done)["upgrade_to"]) == (1, None)
    assert "(standby_two) and none is connected" in details(target(done), "replication-lag")[0]


def test_through_a_pooler_in_transaction_mode(tmp_path: Path, new: Any, cache: Path) -> None:
    """PgBouncer refuses startup options: every query stays in a READ ONLY transaction with limits of its own, and it is said."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    migrate(repo, database, "r1")
    data = Path(database.execute("SHOW data_directory")[0][0])
    with pooler(database, tmp_path) as url:
        database.execute("ALTER SYSTEM SET log_statement = 'all'")
        database.execute("ALTER SYSTEM SET log_line_prefix = '<%d|%a> '")
        database.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)
        done = asked(repo, url, cache=cache)
        database.execute("ALTER SYSTEM RESET ALL")
        database.execute("SELECT pg_reload_conf()")
        with psycopg.connect(url) as left:
            for name in ("statement_timeout", "lock_timeout"):
                assert left.execute(f"SHOW {name}".encode()).fetchone() == ("0",)
    assert (done.code, target(done)["state"], target(done)["upgrade_to"]) == (0, "behind", "r3")
    assert "a pooler (PgBouncer) stands before the target" in done.project["coverage"]["notes"][0]
    mine = f"<{database.parts['database']}|alembic-gate> "
    lines = (data.parent / "server.log").read_text("utf-8", "replace").splitlines()
    said = [line.partition("statement: ")[2] for line in lines if line.startswith(mine)]
    assert {one.split(None, 1)[0] for one in said if one.strip()} <= {"BEGIN", "SELECT", "ROLLBACK"}
    begins = [one for one in said if one.startswith("BEGIN")]
    assert len(begins) > 10
    assert all("READ ONLY" in one and "SET LOCAL statement_timeout" in one for one in begins)


def test_poolers_that_cannot_serve(tmp_path: Path, new: Any, cache: Path) -> None:
    """Statement pooling, and a pool without a free connection: a sentence within seconds that says what to do."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    migrate(repo, database, "r1")
    with pooler(database, tmp_path, "statement") as url:
        done = asked(repo, url, cache=cache)
        assert (done.code, "statement pooling mode" in done.reason("target-ready")) == (3, True)
        assert "pool_mode = transaction" in done.out
    with pooler(database, tmp_path, default_pool_size=1) as url, psycopg.connect(url) as other:
        other.execute("SELECT 1")
        begun = time.monotonic()
        done = asked(repo, url, cache=cache)
        assert (done.code, "did not answer within 10 s" in done.reason("target-ready")) == (3, True)
        assert time.monotonic() - begun < 40


def test_a_server_that_is_killed_half_way(tmp_path: Path, cache: Path) -> None:
    """SIGKILL while the project is rehearsed: a sentence, exit 3."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    with running_servers(tmp_path / "own") as own:
        database = own("postgresql")
        migrate(repo, database, "r1")
        slow_env(repo)
        pid = process_of(database)
        killing = after_the_first_look(database, lambda: os.kill(pid, signal.SIGKILL))
        done = asked(repo, database, cache=cache)
        killing.join()
        assert (done.code, "Traceback" in done.err) == (3, False)
        assert "refused" in done.reason("target-ready") or "closed" in done.reason("target-ready"), done.out


def test_a_frozen_server(tmp_path: Path, cache: Path) -> None:
    """It takes connections and never answers: within seconds a sentence that names what may be the matter."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    with running_servers(tmp_path / "own") as own:
        database = own("postgresql")
        pid = process_of(database)
        os.kill(pid, signal.SIGSTOP)
        begun = time.monotonic()
        try:
            done = asked(repo, database, cache=cache)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert (done.code, "timeout expired" in done.reason("target-ready")) == (3, True)
        assert "frozen" in done.out
        assert time.monotonic() - begun < 40


def test_no_tls_a_wrong_password_and_no_right_to_connect(tmp_path: Path, new: Any, cache: Path) -> None:
    """Each ends at the door, with what to look at; the password is not shown."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    url = url_of(database)
    done = asked(repo, f"{url}?sslmode=require", cache=cache)
    assert (done.code, "does not support SSL" in done.reason("target-ready")) == (3, True)
    done = asked(repo, url.replace(database.parts["password"], "hidden-word"), cache=cache)
    assert (done.code, "password authentication failed" in done.reason("target-ready")) == (3, True)
    assert "hidden-word" not in done.out + done.err
    name = database.parts["database"]
    database.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    database.execute("CREATE ROLE outsider LOGIN PASSWORD 'hidden-word'")
    parts = database.parts
    done = asked(repo, f"postgresql://outsider:hidden-word@{parts['host']}:{parts['port']}/{name}", cache=cache)
    database.execute("DROP ROLE outsider")
    assert (done.code, "permission denied for database" in done.reason("target-ready")) == (3, True)
    assert ("GRANT CONNECT" in done.out, "hidden-word" in done.out + done.err) == (True, False)


def test_a_replica_that_takes_writes(tmp_path: Path, new: Any, cache: Path) -> None:
    """MariaDB: the replica that is not read-only is told from the primary, and the primary says that replicas follow it."""
    repo = project_for(tmp_path, "mariadb", HISTORY)
    with replicated(new("mariadb"), tmp_path) as (primary, replica):
        done = asked(repo, primary, cache=cache)
        assert (done.code, target(done)["state"], target(done)["blockers"]) == (0, "empty", [])
        assert "replicas that read the target's binary log: 1." in " ".join(done.project["coverage"]["notes"])
        done = asked(repo, replica, cache=cache)
        assert (done.code, target(done)["state"]) == (0, "empty")
        assert details(target(done), "replica")[0].startswith(
            "the target replicates from another server and takes writes"
        )
