"""``predeploy`` and ``verify`` through the command, on real servers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest

from tests.running import git, revision
from tests.targets import (
    FIRST,
    HISTORY,
    SECOND,
    THIRD,
    asked,
    commit,
    migrate,
    project_for,
    running_servers,
    stamp,
    target,
    url_of,
)

KINDS = ["postgresql", "mariadb", "mysql", "sqlite"]


@pytest.mark.parametrize("kind", KINDS)
def test_behind_with_a_safe_plan(tmp_path: Path, new: Any, cache: Path, kind: str) -> None:
    """Where it is, what is pending, the one command to run; nothing else to say."""
    repo = project_for(tmp_path, kind, HISTORY)
    database = new(kind)
    migrate(repo, database, "r1")
    done = asked(repo, database, cache=cache)
    about = target(done)
    assert (done.code, done.findings()) == (0, [])
    assert (about["state"], about["current"], about["heads"]) == ("behind", ["r1"], ["r3"])
    assert [(one["revision"], one["message"], one["path"]) for one in about["pending"]] == [
        ("r2", "r2", "migrations/versions/r2.py"),
        ("r3", "r3", "migrations/versions/r3.py"),
    ]
    assert [one["command"] for one in about["advice"]] == ["alembic upgrade head"]
    assert (about["drift"], about["blockers"], about["unknowns"], about["moved"]) == ([], [], [], False)
    assert about["upgrade_to"] == "r3"
    assert [(one["name"], one["revisions"]) for one in about["phases"]] == [("before the code", ["r2", "r3"])]
    assert [row["revision"] for row in done.project["plan"]] == ["r2", "r3"]


@pytest.mark.parametrize("kind", KINDS)
def test_empty_and_up_to_date(tmp_path: Path, new: Any, cache: Path, kind: str) -> None:
    """An empty database has everything pending and no drift; after the upgrade nothing is left, and verify agrees."""
    repo = project_for(tmp_path, kind, HISTORY)
    database = new(kind)
    done = asked(repo, database, cache=cache)
    about = target(done)
    assert (done.code, about["state"], about["drift"], about["upgrade_to"]) == (0, "empty", [], "r3")
    assert [one["revision"] for one in about["pending"]] == ["r1", "r2", "r3"]
    migrate(repo, database, "head")
    for command in ("predeploy", "verify"):
        done = asked(repo, database, command=command, cache=cache)
        about = target(done)
        assert (done.code, about["state"], about["pending"], about["advice"], about["drift"]) == (
            0,
            "up-to-date",
            [],
            [],
            [],
        )


@pytest.mark.parametrize("kind", KINDS)
def test_drift_is_told_object_by_object(tmp_path: Path, new: Any, cache: Path, kind: str) -> None:
    """What breaks the upgrade or the application is an error, the rest a warning."""
    repo = project_for(tmp_path, kind, HISTORY)
    database = new(kind)
    migrate(repo, database, "r2")
    database.execute("CREATE TABLE scratchpad (x int)")
    database.execute("CREATE INDEX ix_extra ON orders (amount)")
    database.execute("ALTER TABLE orders DROP COLUMN note")
    done = asked(repo, database, cache=cache)
    rows = {(one["object"], one["kind"], one["severity"]) for one in target(done)["drift"]}
    assert done.code == 1
    assert rows == {
        ("orders.note", "missing-column", "error"),
        ("orders.ix_extra", "extra-index", "warning"),
        ("scratchpad", "extra-table", "warning"),
    }
    assert target(done)["upgrade_to"] is None


@pytest.mark.parametrize("kind", KINDS)
def test_unstamped_targets_are_recognised(tmp_path: Path, new: Any, cache: Path, kind: str) -> None:
    """Without a version row the schema itself tells the revision, also when an object drifted."""
    repo = project_for(tmp_path, kind, HISTORY)
    database = new(kind)
    migrate(repo, database, "r2")
    stamp(database)
    done = asked(repo, database, cache=cache)
    about = target(done)
    assert (done.code, about["state"], about["stamp"]["candidates"], about["stamp"]["differences"]) == (
        1,
        "unstamped",
        ["r2"],
        0,
    )
    assert [one["command"] for one in about["advice"]] == ["alembic stamp r2"]
    assert ([one["revision"] for one in about["pending"]], about["pending_after_stamp"]) == (["r3"], "r2")
    assert (about["upgrade_to"], about["unknowns"]) == (None, [])
    database.execute("DROP TABLE alembic_version")
    database.execute("CREATE INDEX ix_extra ON orders (amount)")
    about = target(asked(repo, database, cache=cache))
    assert (about["state"], about["stamp"]["candidates"], about["stamp"]["differences"]) == ("unstamped", ["r2"], 1)
    assert [(one["object"], one["kind"]) for one in about["drift"]] == [("orders.ix_extra", "extra-index")]


def test_a_schema_of_no_revision(tmp_path: Path, new: Any, cache: Path) -> None:
    """Somebody else's tables and no version row: no stamp is advised, and what is pending is unknown, not nothing."""
    repo = project_for(tmp_path, "sqlite", HISTORY)
    database = new("sqlite")
    database.execute("CREATE TABLE elsewhere (x int); CREATE TABLE nowhere (y int)")
    done = asked(repo, database, cache=cache)
    about = target(done)
    assert (done.code, about["state"], about["pending"], about["stamp"]["candidates"]) == (1, "unstamped", [], [])
    assert about["unknowns"] == ["which revisions are pending: no revision of this code has the target's schema"]


def test_a_false_stamp_is_told_from_drift(tmp_path: Path, new: Any, cache: Path) -> None:
    """The version table says the head, the schema is an older revision's: that one is advised."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    migrate(repo, database, "r1")
    stamp(database, "r3")
    done = asked(repo, database, cache=cache)
    about = target(done)
    assert (done.code, about["state"], about["stamp"]["candidates"]) == (1, "up-to-date", ["r1"])
    assert [one["command"] for one in about["advice"]] == ["alembic stamp r1"]


def test_a_removed_revision_is_found_in_git(tmp_path: Path, new: Any, cache: Path) -> None:
    """The commit that squashed it away, its author, and the stamp that leads on."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    migrate(repo, database, "r3")
    both = revision(
        "s1",
        "r1",
        'op.add_column("orders", sa.Column("note", sa.String(200)))\nop.add_column("users", sa.Column("nick", sa.String(20)))',
    )
    squash = commit(
        repo, "squash", {"migrations/versions/s1.py": both}, ("migrations/versions/r2.py", "migrations/versions/r3.py")
    )
    commit(
        repo,
        "next",
        {"migrations/versions/s2.py": revision("s2", "s1", 'op.add_column("users", sa.Column("age", sa.Integer))')},
    )
    done = asked(repo, database, cache=cache)
    about = target(done)
    assert (done.code, about["state"]) == (1, "unknown-revision")
    assert [
        (one["revision"], one["commit"], one["path"], one["subject"], one["successors"]) for one in about["unknown"]
    ] == [("r3", squash, "migrations/versions/r3.py", "squash", ["s1"])]
    assert about["stamp"]["candidates"] == ["s1"]
    assert [one["command"] for one in about["advice"]] == ["alembic stamp --purge s1"]
    assert "Pending once it is stamped s1" in asked(repo, database, "--format", "text", cache=cache).out
    assert ([one["revision"] for one in about["pending"]], about["pending_after_stamp"]) == (["s2"], "s1")


def test_a_revision_of_another_branch_and_a_newer_release(tmp_path: Path, new: Any, cache: Path) -> None:
    """Another branch's revision is unknown; one of the main line that this checkout is behind of means ``ahead``."""
    repo = project_for(tmp_path, "sqlite", {"r1": FIRST, "r2": SECOND})
    git(repo, "checkout", "--quiet", "-b", "feature")
    added = commit(
        repo,
        "feature",
        {"migrations/versions/f1.py": revision("f1", "r2", 'op.add_column("users", sa.Column("f", sa.Integer))')},
    )
    database = new("sqlite")
    migrate(repo, database, "f1")
    git(repo, "checkout", "--quiet", "main")
    about = target(asked(repo, database, cache=cache))
    assert (about["state"], about["unknown"][0]["commit"], about["unknown"][0]["branches"]) == (
        "unknown-revision",
        added,
        ["feature"],
    )
    released = commit(repo, "release", {"migrations/versions/r3.py": THIRD})
    stamp(database, "r3")
    git(repo, "checkout", "--quiet", "HEAD~1")
    done = asked(repo, database, cache=cache)
    about = target(done)
    assert (done.code, about["state"], about["unknown"][0]["commit"]) == (1, "ahead", released)


def test_several_heads(tmp_path: Path, new: Any, cache: Path) -> None:
    """Two applied heads that nothing unites; with a pending merge they are merely behind."""
    other = revision("x3", "r2", 'op.add_column("orders", sa.Column("x", sa.Integer))')
    repo = project_for(tmp_path, "sqlite", {**HISTORY, "x3": other})
    database = new("sqlite")
    migrate(repo, database, "heads")
    done = asked(repo, database, cache=cache)
    assert (done.code, target(done)["state"], target(done)["current"]) == (1, "several-heads", ["r3", "x3"])
    assert asked(repo, database, "--heads", "2", cache=cache).code == 0
    commit(
        repo,
        "merge",
        {
            "migrations/versions/m4.py": revision("m4", None).replace(
                "down_revision = None", 'down_revision = ("r3", "x3")'
            )
        },
    )
    done = asked(repo, database, cache=cache)
    assert (done.code, target(done)["state"], [one["revision"] for one in target(done)["pending"]]) == (
        0,
        "behind",
        ["m4"],
    )


def test_expand_and_contract_released_together_are_staged(tmp_path: Path, new: Any, cache: Path) -> None:
    """The furthest safe revision is an output; what needs the new code first comes after it. The plan says it in that order."""
    index = revision(
        "r4",
        "r3",
        'with op.get_context().autocommit_block():\n    op.create_index("ix_user", "orders", ["user_id"], postgresql_concurrently=True)',
        'op.drop_index("ix_user")',
    )
    drop = revision(
        "r5", "r4", 'op.drop_column("users", "name")', 'op.add_column("users", sa.Column("name", sa.String(50)))'
    )
    repo = project_for(tmp_path, "postgresql", {**HISTORY, "r4": index, "r5": drop})
    database = new("postgresql")
    migrate(repo, database, "r2")
    database.execute("INSERT INTO orders (user_id) SELECT g FROM generate_series(1, 1000) g")
    database.execute("ANALYZE")
    plan = tmp_path / "plan.md"
    done = asked(repo, database, "--skip", "image-contents", "--write", f"plan={plan}", cache=cache)
    about = target(done)
    assert (done.code, about["upgrade_to"]) == (1, "r4")
    assert [(one["name"], one["revisions"]) for one in about["phases"]] == [
        ("before the code", ["r3", "r4"]),
        ("after the code", ["r5"]),
    ]
    assert ("dropping-column", "backward-incompatible", "error", "r5") in done.findings()
    assert [one["command"] for one in about["advice"]] == ["alembic upgrade r4"]
    assert about["phases"][1]["why"].startswith("safe once the new code runs everywhere. r5: ")
    told = plan.read_text()
    order = ["Go only up to `r4`: 2 of the 3 pending revisions may run now.", "alembic upgrade r4", "after the code"]
    order += [
        "**3 pending revisions.**",
        "twice reads orders,",
        "and waits for every transaction that was open before it",
    ]
    order += [
        "```sql\nALTER TABLE users DROP COLUMN name",
        "### Risks",
        "Safe way: Take users.name out of the code first",
    ]
    assert [told.index(one) for one in order] == sorted(told.index(one) for one in order)
    assert told.count("Safe way: Take users.name out of the code first") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_preconditions_of_tables_with_reserved_names(tmp_path: Path, new: Any, cache: Path, kind: str) -> None:
    """``user`` is a function without quotes on PostgreSQL, ``order`` and ``key`` are errors everywhere."""
    made = "".join(
        f'op.create_table("{name}", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("key", sa.String(20)))\n'
        for name in ("user", "order")
    )
    change = "".join(
        f'with op.batch_alter_table("{name}") as batch:\n'
        '    batch.alter_column("key", existing_type=sa.String(20), nullable=False)\n'
        for name in ("user", "order")
    )
    repo = project_for(tmp_path, kind, {"r1": revision("r1", None, made), "r2": revision("r2", "r1", change)})
    database = new(kind)
    migrate(repo, database, "r1")
    tick = '"' if kind in ("postgresql", "sqlite") else "`"
    database.execute(f"INSERT INTO {tick}user{tick} VALUES (1, NULL), (2, 'a')")
    about = target(asked(repo, database, "--only", "target-ready,safe-operations", cache=cache))
    answers = {(one["table"], one["result"], one["count"]) for one in about["preconditions"] if one["column"] == "key"}
    assert answers == {("user", "violated", 1), ("order", "holds", 0)}


@pytest.mark.parametrize("kind", ["postgresql", "mariadb", "mysql"])
def test_preconditions_meet_a_million_rows(tmp_path: Path, new: Any, cache: Path, kind: str) -> None:
    """NULLs, and rows beyond the first of each key, are counted; what they violate is an error with the number."""
    change = revision(
        "r4",
        "r3",
        'op.alter_column("users", "name", existing_type=sa.String(50), nullable=False)\n'
        'op.create_unique_constraint("uq_users_email", "users", ["email"])',
    )
    repo = project_for(tmp_path, kind, {**HISTORY, "r4": change})
    database = new(kind)
    migrate(repo, database, "r3")
    if kind == "postgresql":
        database.execute(
            "INSERT INTO users (email, name) SELECT 'u' || g % 999990, CASE WHEN g % 1000 > 0 THEN 'n' END "
            "FROM generate_series(1, 1000000) g"
        )
    else:
        tens = "(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 "
        tens += "UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
        million = " + ".join(f"{10**place} * t{place}.d" for place in range(6))
        every = ", ".join(f"{tens} t{place}" for place in range(6))
        database.execute(
            "INSERT INTO users (email, name) SELECT CONCAT('u', seq % 999990), IF(seq % 1000, 'n', NULL) "
            f"FROM (SELECT 1 + {million} AS seq FROM {every}) numbers"
        )
    done = asked(repo, database, "--only", "target-ready,safe-operations", cache=cache)
    about = target(done)
    answers = {(one["rule"], one["column"]): (one["result"], one["count"]) for one in about["preconditions"]}
    assert answers[("setting-not-null", "name")] == ("violated", 1000), done.err
    assert answers[("adding-unique-constraint", "email")] == ("violated", 10)
    size = next(one for one in about["tables"] if one["name"] == "users")
    assert 900_000 < size["rows"] < 1_100_000
    assert size["bytes"] > 30_000_000
    raised = [
        one
        for one in done.project["findings"]
        if one["category"] == "fails-on-existing-rows" and one["revision"] == "r4"
    ]
    assert {one["severity"] for one in raised} == {"error"}
    assert any(e["kind"] == "measured" and "1,000 rows" in e["detail"] for one in raised for e in one["evidence"])


def test_open_transactions_and_locks_block(tmp_path: Path, new: Any, cache: Path) -> None:
    """A young session is no blocker; an old one on a touched table is, and so is a migration that runs."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    migrate(repo, database, "r2")
    settings = tmp_path / "project/.alembic-gate.yml"
    settings.write_text("transaction-seconds: 1\n")
    plain = url_of(database).replace("+psycopg2", "")
    with psycopg.connect(plain) as other:
        other.execute("SELECT count(*) FROM users")
        time.sleep(1.2)
        done = asked(repo, database, cache=cache)
        kinds = {one["kind"] for one in target(done)["blockers"]}
        assert (done.code, kinds, target(done)["upgrade_to"]) == (1, {"long-transaction", "idle-in-transaction"}, None)
        other.rollback()
        other.execute("SELECT pg_advisory_lock(42)")
        other.commit()
        assert [one["kind"] for one in target(asked(repo, database, cache=cache))["blockers"]] == ["migration-running"]
        other.execute("SELECT pg_advisory_unlock_all()")
        other.execute("LOCK TABLE orders IN SHARE MODE")
        assert target(asked(repo, database, cache=cache))["blockers"] == []  # no pending revision touches orders


def test_what_a_failed_build_left_behind(tmp_path: Path, new: Any, cache: Path) -> None:
    """Invalid indexes and constraints that nobody validated: told before the deploy, errors after it."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    migrate(repo, database, "r3")
    database.execute("CREATE INDEX ix_name ON users (name)")
    database.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_name'::regclass")
    database.execute("ALTER TABLE orders ADD CONSTRAINT fk_user FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID")
    before, after = asked(repo, database, cache=cache), asked(repo, database, command="verify", cache=cache)
    assert {one["kind"] for one in target(before)["blockers"]} == {"invalid-index", "unvalidated-constraint"}
    assert (before.code, after.code) == (0, 1)


def test_a_missing_privilege_is_unknown(tmp_path: Path, new: Any, cache: Path) -> None:
    """A role that may only read the schema: the gate says what it could not see, and never calls it clear."""
    change = revision("r4", "r3", 'op.alter_column("users", "name", existing_type=sa.String(50), nullable=False)')
    repo = project_for(tmp_path, "postgresql", {**HISTORY, "r4": change})
    database = new("postgresql")
    migrate(repo, database, "r3")
    database.execute("DROP ROLE IF EXISTS blind")
    database.execute("CREATE ROLE blind LOGIN PASSWORD 'blind-secret'")
    database.execute("GRANT SELECT ON alembic_version TO blind")
    parts = database.parts
    url = f"postgresql://blind:blind-secret@{parts['host']}:{parts['port']}/{parts['database']}"
    done = asked(repo, url, cache=cache)
    about = target(done)
    assert {one["result"] for one in about["preconditions"]} == {"unknown"}
    assert about["drift"] == []
    assert any("pg_read_all_stats" in one for one in about["unknowns"])
    assert any("may not read users" in one for one in about["unknowns"])
    assert "warning" in {one[2] for one in done.findings()}
    assert "blind-secret" not in done.out + done.err
    database.execute("REVOKE SELECT ON alembic_version FROM blind")
    done = asked(repo, url, cache=cache)
    assert (done.code, "may not be read by blind" in done.reason("target-ready")) == (3, True)
    database.execute("DROP OWNED BY blind")
    database.execute("DROP ROLE blind")


def after_the_first_look(database: Any, action: Any) -> threading.Thread:
    """Do something as soon as the gate has read the version table and left; env.py is slow, so it is before its end."""

    def wait() -> None:
        look = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'alembic-gate' "
            f"AND datname = '{database.parts['database']}'"
        )
        for wanted in (1, 0):
            while database.execute(look)[0][0] != wanted:
                time.sleep(0.01)
        action()

    started = threading.Thread(target=wait, daemon=True)
    started.start()
    return started


def slow_env(repo: Path) -> None:
    """Every run of env.py takes a second and a half longer."""
    file = repo / "migrations/env.py"
    file.write_text(file.read_text() + "\nimport time\ntime.sleep(1.5)\n")


def test_a_target_that_moves_is_said(tmp_path: Path, new: Any, cache: Path) -> None:
    """Another pipeline migrates meanwhile: nothing that was read counts, exit 3."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    migrate(repo, database, "r1")
    slow_env(repo)
    mover = after_the_first_look(database, lambda: stamp(database, "r2"))
    done = asked(repo, database, cache=cache)
    mover.join()
    assert (done.code, target(done)["moved"], "moved" in done.reason("target-ready")) == (3, True, True)


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("postgresql://app:hidden-word@127.0.0.1:1/app", 3, "refused"),
        ("mysql+pymysql://app:hidden-word@127.0.0.1:1/app", 3, "refused"),
        ("sqlite:////nowhere/at/all.db", 3, "no such file"),
        ("oracle://app:hidden-word@127.0.0.1/app", 3, "not a kind of database"),
        ("sqlite://", 2, "in memory"),
        ("hidden-word", 2, "cannot be read"),
    ],
)
def test_bad_targets_end_in_a_sentence(tmp_path: Path, url: str, code: int, said: str) -> None:
    """Exit 3 where it cannot be reached, 2 where the flag is wrong; no traceback, no password."""
    done = asked(project_for(tmp_path, "sqlite", HISTORY), url)
    assert (done.code, said in done.out + done.err, "Traceback" in done.err) == (code, True, False)
    assert "hidden-word" not in done.out + done.err
    assert (done.out == "") == (code == 2)


def test_wrong_password_wrong_kind_and_rubbish(tmp_path: Path, new: Any, cache: Path) -> None:
    """Each ends in exit 3 with a reason; nothing is shown of the password."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database, mariadb = new("postgresql"), new("mariadb")
    parts = mariadb.parts
    wrong = f"mysql://root:hidden-word@{parts['host']}:{parts['port']}/{parts['database']}"
    swapped = f"postgresql://root:hidden-word@{parts['host']}:{parts['port']}/{parts['database']}"
    for url, said in ((wrong, "Access denied"), (swapped, "PostgreSQL")):
        done = asked(repo, url, cache=cache)
        assert (done.code, said in done.out) == (3, True), done.out
        assert "hidden-word" not in done.out + done.err
    migrate(repo, database, "r1")
    stamp(database, "not a revision; drop")
    done = asked(repo, database, cache=cache)
    assert (done.code, "rubbish" in done.reason("target-ready")) == (3, True)
    database.execute("ALTER TABLE alembic_version RENAME version_num TO other")
    done = asked(repo, database, cache=cache)
    assert (done.code, "version_num" in done.reason("target-ready")) == (3, True)


def test_nothing_is_written_and_every_query_has_a_bound(tmp_path: Path, new: Any, cache: Path) -> None:
    """A superuser's session: the server's own log shows read-only transactions with limits, and no write."""
    change = revision("r4", "r3", 'op.alter_column("users", "name", existing_type=sa.String(50), nullable=False)')
    repo = project_for(tmp_path, "postgresql", {**HISTORY, "r4": change})
    database = new("postgresql")
    migrate(repo, database, "r3")
    data = Path(database.execute("SELECT current_setting('data_directory')")[0][0])
    counters = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
    before = database.execute(counters)
    database.execute("ALTER SYSTEM SET log_statement = 'all'")
    database.execute("ALTER SYSTEM SET log_line_prefix = '<%d|%a> '")
    database.execute("SELECT pg_reload_conf()")
    time.sleep(0.3)
    asked(repo, database, "--skip", "image-contents", cache=cache)
    database.execute("ALTER SYSTEM RESET ALL")
    database.execute("SELECT pg_reload_conf()")
    assert database.execute(counters) == before
    mine = f"<{database.parts['database']}|alembic-gate> "
    logs = [path.read_text("utf-8", "replace") for path in data.parent.rglob("*log*") if path.is_file()]
    said = [line.partition("statement: ")[2] for text in logs for line in text.splitlines() if line.startswith(mine)]
    heads = [line.split(None, 1)[0].upper() for line in said if line.strip()]
    assert len(heads) > 20
    assert set(heads) <= {"BEGIN", "SELECT", "ROLLBACK"}
    begins = [line for line in said if line.startswith("BEGIN")]
    assert all("READ ONLY" in line and "statement_timeout" in line and "lock_timeout" in line for line in begins)
    assert heads.count("BEGIN") == heads.count("ROLLBACK")


def test_a_signal_ends_the_run_at_once(tmp_path: Path, new: Any, cache: Path) -> None:
    """SIGTERM while the project hangs: 143, within seconds, and the target is as it was."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    migrate(repo, database, "r1")
    (repo / "migrations/env.py").write_text("import time\ntime.sleep(60)\n")
    command = [
        sys.executable,
        "-I",
        "-m",
        "gate",
        "predeploy",
        "--repo",
        str(repo),
        "--target-url",
        url_of(database),
        "--format",
        "json",
    ]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/")
    ending = after_the_first_look(database, started.terminate)
    assert started.wait(60) == 143
    ending.join()
    assert database.versions() == ("r1",)


def test_a_server_that_dies_half_way(tmp_path: Path, new: Any, cache: Path) -> None:
    """The connection is cut while the gate reads: a sentence and exit 3."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    migrate(repo, database, "r1")
    slow_env(repo)
    admin = new("postgresql")
    close = f'ALTER DATABASE "{database.parts["database"]}" WITH ALLOW_CONNECTIONS false'
    closing = after_the_first_look(database, lambda: admin.execute(close))
    done = asked(repo, database, cache=cache)
    closing.join()
    assert done.code == 3
    assert "not currently accepting connections" in done.reason("target-ready")


@pytest.mark.parametrize("kind", KINDS)
def test_verify_runs_the_applications_queries_and_the_plan(tmp_path: Path, new: Any, cache: Path, kind: str) -> None:
    """After the deploy: the mapped SELECTs work, and what the plan promised is there."""
    repo = project_for(tmp_path, kind, HISTORY)
    (repo / "models.py").write_text(
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"
        'sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("nick", sa.String(20)))\n'
    )
    database = new(kind)
    migrate(repo, database, "r1")
    plan = tmp_path / "plan.json"
    own = ("--database", kind)  # a server of the gate's own, which alone has snapshots
    assert asked(repo, database, *own, "--write", f"json={plan}", cache=cache).code == 0
    done = asked(repo, database, *own, "--plan", str(plan), command="verify", cache=cache)
    # The scratch server was restarted on the snapshot's data, and has to live on for the queries.
    assert done.project["snapshot"]["used"] is True
    said = " ".join(one["message"] for one in done.project["findings"])
    assert done.code == 1
    about = target(done)
    assert ([one["command"] for one in about["advice"]], about["upgrade_to"], about["phases"]) == (
        ["alembic upgrade head"],
        None,
        [],
    )
    assert "SELECT of users fails" in said
    assert "the plan has r2, r3" in said
    migrate(repo, database, "head")
    assert asked(repo, database, "--plan", str(plan), command="verify", cache=cache).code == 0


def test_a_locked_table_does_not_hold_the_gate_up(tmp_path: Path, new: Any, cache: Path) -> None:
    """ACCESS EXCLUSIVE on a touched table, or on the version table itself: who holds it is said, within seconds."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    database = new("postgresql")
    migrate(repo, database, "r2")
    plain = url_of(database).replace("+psycopg2", "")
    with psycopg.connect(plain, application_name="other-pipeline") as other:
        other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        done = asked(repo, database, cache=cache)
        locks = [one["detail"] for one in target(done)["blockers"] if one["kind"] == "lock"]
        assert (done.code, len(locks), "other-pipeline" in locks[0]) == (1, 1, True)
        other.rollback()
        other.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        done = asked(repo, database, cache=cache)
        kinds = {one["kind"] for one in target(done)["blockers"]}
        assert (done.code, target(done)["state"], "migration-running" in kinds) == (1, None, True)


def test_mariadb_sessions_block(tmp_path: Path, new: Any, cache: Path) -> None:
    """Where the server does not tell which table a transaction holds, an old one counts, and that is said."""
    repo = project_for(tmp_path, "mariadb", HISTORY)
    database = new("mariadb")
    migrate(repo, database, "r2")
    (repo / ".alembic-gate.yml").write_text("transaction-seconds: 1\n")
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
        cursor.execute("SELECT count(*) FROM users")
        time.sleep(1.2)
        about = target(asked(repo, database, cache=cache))
        assert {one["kind"] for one in about["blockers"]} == {"long-transaction", "idle-in-transaction"}
        other.rollback()
        cursor.execute("LOCK TABLES users WRITE")
        assert "lock" in {one["kind"] for one in target(asked(repo, database, cache=cache))["blockers"]}


def test_a_version_table_elsewhere(tmp_path: Path, new: Any, cache: Path) -> None:
    """Its name and schema come from env.py; it is no drift, and neither is another application's version table."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    env = repo / "migrations/env.py"
    env.write_text(
        env.read_text()
        .replace(
            "target_metadata=metadata",
            'target_metadata=metadata, version_table="app_version", version_table_schema="meta"',
        )
        .replace(
            "    context.configure",
            '    connection.execute(__import__("sqlalchemy").text("CREATE SCHEMA IF NOT EXISTS meta"))\n    context.configure',
        )
    )
    env.write_text(env.read_text() + "\n    connection.commit()\n")
    database = new("postgresql")
    migrate(repo, database, "r2")
    database.execute("CREATE TABLE alembic_version (version_num varchar(32))")
    database.execute("INSERT INTO alembic_version VALUES ('somebodyelses')")
    done = asked(repo, database, cache=cache)
    about = target(done)
    assert (done.code, about["state"], about["version_table"], about["drift"]) == (0, "behind", "meta.app_version", [])


def test_hidden_tables_are_not_missing(tmp_path: Path, new: Any, cache: Path) -> None:
    """MariaDB shows a role only what it has a grant on: undecided, with the grant that settles it."""
    repo = project_for(tmp_path, "mariadb", HISTORY)
    database = new("mariadb")
    migrate(repo, database, "r2")
    parts = database.parts
    database.execute("CREATE USER IF NOT EXISTS halfblind@'%' IDENTIFIED BY 'half-secret'")
    for table in ("alembic_version", "users"):
        database.execute(f"GRANT SELECT ON {parts['database']}.{table} TO halfblind@'%'")
    done = asked(
        repo, f"mysql://halfblind:half-secret@{parts['host']}:{parts['port']}/{parts['database']}", cache=cache
    )
    database.execute("DROP USER halfblind@'%'")
    assert "hidden from this role" in done.reason("target-ready")
    assert (done.code, {one[2] for one in done.findings()}, target(done)["drift"]) == (3, {"warning"}, [])
    assert len(target(done)["unknowns"]) == 2
    assert "half-secret" not in done.out + done.err


def test_hidden_triggers_and_views_are_not_drift(tmp_path: Path, new: Any, cache: Path) -> None:
    """A role with SELECT alone sees no trigger, procedure or text of a view: unknown with the GRANT, not missing."""
    made = revision(
        "r2",
        "r1",
        'op.execute("CREATE TRIGGER stamp_note BEFORE INSERT ON orders FOR EACH ROW SET NEW.amount = 1")\n'
        'op.execute("CREATE VIEW rich AS SELECT id FROM orders WHERE amount > 10")\n'
        'op.execute("CREATE PROCEDURE nothing_much() SELECT 1")',
    )
    repo = project_for(tmp_path, "mariadb", {"r1": FIRST, "r2": made})
    database = new("mariadb")
    migrate(repo, database, "r2")
    parts = database.parts
    database.execute("CREATE USER IF NOT EXISTS onlooker@'%' IDENTIFIED BY 'half-secret'")
    database.execute(f"GRANT SELECT ON {parts['database']}.* TO onlooker@'%'")
    done = asked(repo, f"mysql://onlooker:half-secret@{parts['host']}:{parts['port']}/{parts['database']}", cache=cache)
    assert (done.code, target(done)["drift"]) == (0, [])
    said = " ".join(target(done)["unknowns"])
    for right in ("TRIGGER", "SHOW VIEW", "EXECUTE"):
        assert f"GRANT {right} ON {parts['database']}.* TO 'onlooker'@'%'" in said
    assert {one[2] for one in done.findings()} == {"warning"}
    stamp(database)
    about = target(
        asked(repo, f"mysql://onlooker:half-secret@{parts['host']}:{parts['port']}/{parts['database']}", cache=cache)
    )
    database.execute("DROP USER onlooker@'%'")
    assert (about["stamp"]["candidates"], about["stamp"]["differences"]) == (["r2"], 0)


def test_a_plan_never_goes_past_what_broke_in_the_rehearsal(tmp_path: Path, new: Any, cache: Path) -> None:
    """A revision that fails on the scratch database: the plan stops before it, although no rule knows it."""
    broken = revision("r4", "r3", 'op.execute("INSERT INTO nowhere VALUES (1)")')
    repo = project_for(tmp_path, "postgresql", {**HISTORY, "r4": broken, "r5": revision("r5", "r4")})
    database = new("postgresql")
    migrate(repo, database, "r2")
    done = asked(repo, database, "--skip", "image-contents", cache=cache)
    assert (done.code, target(done)["upgrade_to"]) == (1, "r3")
    assert [(one["name"], one["revisions"]) for one in target(done)["phases"]] == [
        ("before the code", ["r3"]),
        ("later", ["r4", "r5"]),
    ]


def certified(folder: Path, name: str) -> tuple[Path, Path]:
    """A key and a self-signed certificate of this host name."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    words += ["-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True)
    return key, certificate


def encrypt(database: Any, key: Path, certificate: Path) -> None:
    """Turn TLS on at the running server: its files stand in the data directory and belong to its user."""
    data = Path(database.execute("SHOW data_directory")[0][0])
    for source, name in ((key, "server.key"), (certificate, "server.crt")):
        shutil.copy(source, data / name)
        (data / name).chmod(0o600)
        os.chown(data / name, data.stat().st_uid, data.stat().st_gid)
    database.execute("ALTER SYSTEM SET ssl = on")
    database.execute("SELECT pg_reload_conf()")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate with")
def test_tls_as_the_url_wants_it(tmp_path: Path, cache: Path) -> None:
    """Encrypted, and with the certificate checked; refused without TLS, by another authority, for another host name."""
    repo = project_for(tmp_path, "postgresql", HISTORY)
    key, ours = certified(tmp_path, "db.example")
    _, other = certified(tmp_path, "other.example")
    with running_servers(tmp_path / "own") as own:
        database = own("postgresql")
        migrate(repo, database, "r1")
        url = url_of(database)
        plain = asked(repo, f"{url}?sslmode=require", cache=cache)
        assert (plain.code, "does not support SSL" in plain.reason("target-ready")) == (3, True)
        encrypt(database, key, ours)
        for query in ("require", f"verify-ca&sslrootcert={ours}"):
            done = asked(repo, f"{url}?sslmode={query}", cache=cache)
            assert (done.code, target(done)["state"]) == (0, "behind")
        refusals = {
            f"verify-ca&sslrootcert={other}": "certificate verify failed",
            f"verify-full&sslrootcert={ours}": 'does not match host name "127.0.0.1"',
        }
        for query, said in refusals.items():
            done = asked(repo, f"{url}?sslmode={query}", cache=cache)
            assert (done.code, said in done.reason("target-ready")) == (3, True), done.reason("target-ready")
