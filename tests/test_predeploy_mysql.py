"""``predeploy`` and ``verify`` on MySQL's own server: sessions, rights, read-only proof, and a server that fails."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest

from tests.running import revision
from tests.targets import FIRST, HISTORY, asked, migrate, project_for, running_servers, target
from tests.topology import process_of


@contextmanager
def connected(database: Any) -> Iterator[Any]:
    """Another application's session."""
    parts = database.parts
    with (
        pymysql.connect(
            host=parts["host"],
            port=int(parts["port"]),
            user=parts["user"],
            password=parts["password"],
            database=parts["database"],
        ) as other,
        other.cursor() as cursor,
    ):
        yield cursor


def as_user(database: Any, name: str) -> str:
    """The target's URL for a user whose password is ``half-secret``."""
    parts = database.parts
    return f"mysql+pymysql://{name}:half-secret@{parts['host']}:{parts['port']}/{parts['database']}"


def kinds(about: dict[str, Any]) -> dict[str, str]:
    """Detail by kind of the blockers."""
    return {one["kind"]: one["detail"] for one in about["blockers"]}


def test_sessions_and_their_tables(tmp_path: Path, new: Any, cache: Path) -> None:
    """performance_schema tells which table a transaction holds: an old one on a touched table blocks, on another it does not."""
    repo = project_for(tmp_path, "mysql", HISTORY)
    database = new("mysql")
    migrate(repo, database, "r2")
    (repo / ".alembic-gate.yml").write_text("transaction-seconds: 1\nidle-seconds: 3600\n")
    with connected(database) as other, connected(database) as another:
        other.execute("SELECT count(*) FROM users")
        another.execute("SELECT count(*) FROM orders")  # which no pending revision touches
        time.sleep(1.2)
        done = asked(repo, database, cache=cache)
        found = kinds(target(done))
        assert (done.code, set(found), len(target(done)["blockers"])) == (
            1,
            {"long-transaction", "idle-in-transaction"},
            2,
        )
        assert "holds SHARED_READ on users" in found["long-transaction"]
        other.execute("ROLLBACK")
        another.execute("ROLLBACK")
        other.execute("LOCK TABLES users WRITE")
        another.execute("SELECT GET_LOCK('any name at all', 1)")
        done = asked(repo, database, cache=cache)
        found = kinds(target(done))
        assert (done.code, {"lock", "migration-running"} <= set(found)) == (1, True)
        assert "SHARED_NO_READ_WRITE on users" in found["lock"]
        assert "any name at all" in found["migration-running"]


def test_a_locked_version_table_is_a_migration(tmp_path: Path, new: Any, cache: Path) -> None:
    """Another session holds the version table: who it is, within seconds."""
    repo = project_for(tmp_path, "mysql", HISTORY)
    database = new("mysql")
    migrate(repo, database, "r2")
    with connected(database) as other:
        other.execute("LOCK TABLES alembic_version WRITE")
        done = asked(repo, database, cache=cache)
    assert (done.code, target(done)["state"]) == (1, None)
    assert "migration-running" in kinds(target(done))
    assert "which revisions are pending: the version table is locked" in target(done)["unknowns"]


def test_nothing_is_written(tmp_path: Path, new: Any, cache: Path) -> None:
    """A user with every right: the server's general log has reads and session settings alone."""
    change = revision("r4", "r3", 'op.alter_column("users", "name", existing_type=sa.String(50), nullable=False)')
    repo = project_for(tmp_path, "mysql", {**HISTORY, "r4": change})
    database = new("mysql")
    migrate(repo, database, "r3")
    database.execute("CREATE USER gatekeeper@'%' IDENTIFIED BY 'half-secret'")
    database.execute("GRANT ALL ON *.* TO gatekeeper@'%'")
    database.execute("SET GLOBAL log_output = 'TABLE'")
    database.execute("SET GLOBAL general_log = 1")
    done = asked(repo, as_user(database, "gatekeeper"), "--skip", "image-contents", cache=cache)
    database.execute("SET GLOBAL general_log = 0")
    rows = database.execute(
        "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE user_host LIKE 'gatekeeper%' AND command_type = 'Query'"
    )
    database.execute("DROP USER gatekeeper@'%'")
    said = [str(row[0]).strip() for row in rows]
    assert [one["result"] for one in target(done)["preconditions"]] == ["holds"]
    assert len(said) > 20
    assert {one.split(None, 1)[0].upper() for one in said} <= {"SELECT", "SET", "SHOW"}
    assert not [one for one in said if one.upper().startswith("SET") and "GLOBAL" in one.upper()]
    assert "SET SESSION TRANSACTION READ ONLY" in said
    assert any("max_execution_time" in one for one in said)


def test_a_role_that_may_only_select(tmp_path: Path, new: Any, cache: Path) -> None:
    """Keys and checks are seen all the same; triggers, views' text and procedures are unknown, with the GRANT."""
    made = revision(
        "r2",
        "r1",
        'op.create_foreign_key("fk_user", "orders", "users", ["user_id"], ["id"], ondelete="CASCADE")\n'
        'op.create_check_constraint("ck_amount", "orders", "amount >= 0")\n'
        'op.create_unique_constraint("uq_email", "users", ["email"])\n'
        'op.execute("CREATE TRIGGER stamp_note BEFORE INSERT ON orders FOR EACH ROW SET NEW.amount = 1")\n'
        'op.execute("CREATE VIEW rich AS SELECT id FROM orders WHERE amount > 10")\n'
        'op.execute("CREATE PROCEDURE nothing_much() SELECT 1")',
    )
    repo = project_for(tmp_path, "mysql", {"r1": FIRST, "r2": made})
    database = new("mysql")
    migrate(repo, database, "r2")
    assert target(asked(repo, database, cache=cache))["drift"] == []
    name = database.parts["database"]
    database.execute("CREATE USER onlooker@'%' IDENTIFIED BY 'half-secret'")
    database.execute(f"GRANT SELECT ON {name}.* TO onlooker@'%'")
    done = asked(repo, as_user(database, "onlooker"), cache=cache)
    database.execute("DROP USER onlooker@'%'")
    said = " ".join(target(done)["unknowns"])
    assert (done.code, target(done)["drift"]) == (0, [])
    for right in (f"TRIGGER ON {name}.*", f"SHOW VIEW ON {name}.*", "SHOW_ROUTINE ON *.*", "PROCESS ON *.*"):
        assert f"GRANT {right} TO 'onlooker'@'%'" in said
    assert "half-secret" not in done.out + done.err


def test_a_read_only_server_a_wrong_password_and_tls(tmp_path: Path, new: Any, cache: Path) -> None:
    """Each a sentence and exit 3."""
    repo = project_for(tmp_path, "mysql", HISTORY)
    database = new("mysql")
    database.execute("SET GLOBAL super_read_only = 1")
    done = asked(repo, database, cache=cache)
    database.execute("SET GLOBAL super_read_only = 0")
    database.execute("SET GLOBAL read_only = 0")
    assert (done.code, "@@read_only" in done.reason("target-ready")) == (3, True)
    done = asked(repo, as_user(database, "root"), cache=cache)
    assert (done.code, "Access denied" in done.reason("target-ready")) == (3, True)
    parts = database.parts
    url = f"mysql+pymysql://{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}/{parts['database']}"
    done = asked(repo, f"{url}?ssl_mode=VERIFY_IDENTITY&ssl_ca=/etc/ssl/certs/ca-certificates.crt", cache=cache)
    assert (done.code, "certificate" in done.out, "Traceback" in done.err) == (3, True, False)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_server_that_dies_or_freezes(tmp_path: Path, cache: Path, how: signal.Signals) -> None:
    """A sentence within seconds, and no traceback."""
    repo = project_for(tmp_path, "mysql", HISTORY)
    with running_servers(tmp_path / "own") as own:
        database = own("mysql")
        pid = process_of(database)
        os.kill(pid, how)
        begun = time.monotonic()
        try:
            done = asked(repo, database, cache=cache)
        finally:
            if how is signal.SIGSTOP:
                os.kill(pid, signal.SIGCONT)
        assert (done.code, "Traceback" in done.err) == (3, False)
        said = done.reason("target-ready")
        assert ("timed out" if how is signal.SIGSTOP else "refused") in said, said
        assert time.monotonic() - begun < 40


@pytest.mark.parametrize("kind", ["mysql", "mariadb"])
def test_a_precondition_over_reserved_names(tmp_path: Path, new: Any, cache: Path, kind: str) -> None:
    """The query as printed is right in a session of the user's own, where double quotes make a text that is never NULL."""
    made = "op.execute('CREATE TABLE `order` (`key` int PRIMARY KEY, `group` varchar(9))')"
    change = "op.execute('ALTER TABLE `order` MODIFY `group` varchar(9) NOT NULL')"
    repo = project_for(tmp_path, kind, {"r1": revision("r1", None, made), "r2": revision("r2", "r1", change)})
    database = new(kind)
    migrate(repo, database, "r1")
    database.execute("INSERT INTO `order` VALUES (1, NULL), (2, 'a'), (3, NULL)")
    done = asked(repo, database, "--only", "target-ready,safe-operations", cache=cache)
    (asked_for,) = [one for one in target(done)["preconditions"] if one["rule"] == "setting-not-null"]
    assert (asked_for["result"], asked_for["count"]) == ("violated", 2)
    with connected(database) as other:
        other.execute(asked_for["sql"])
        assert other.fetchall() == ((2,),)
