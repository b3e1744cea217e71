"""The rehearsal through the command: what runs, where it runs, and what it survives."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.running import gate, git, repository, revision, write

USERS = revision(
    "a1",
    None,
    """
op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50), nullable=False),
                sa.Column("email", sa.String(100)))
""",
    'op.drop_table("users")',
)
MODELS = """
import sqlalchemy as sa
metadata = sa.MetaData()
users = sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True),
                 sa.Column("name", sa.String(50), nullable=False), sa.Column("email", sa.String(100)){more})
"""
ASYNC_ENV = """
import asyncio
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine
from models import metadata

def run(connection):
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()

async def main():
    async with create_async_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
        await connection.run_sync(run)

asyncio.run(main())
"""
POSTGRESQL = "postgresql+psycopg2://app:secret@db.example.org/app"
NOT_NULL = 'op.add_column("users", sa.Column("age", sa.Integer, nullable=False))'
NULLABLE = 'op.add_column("users", sa.Column("age", sa.Integer))'
WITH_AGE = MODELS.format(more=', sa.Column("age", sa.Integer)')


@pytest.mark.parametrize("url", ["sqlite:///app.db", POSTGRESQL], ids=["sqlite", "postgresql"])
def test_a_safe_revision_passes_in_silence(tmp_path: Path, url: str) -> None:
    """A nullable column with its model: no finding at all, every check passes."""
    change = {"a2": revision("a2", "a1", NULLABLE, 'op.drop_column("users", "age")'), "models.py": WITH_AGE}
    done = gate(
        repository(tmp_path / "r", {"a1": USERS}, change, url, MODELS.format(more="")), "--skip", "image-contents"
    )
    assert (done.code, [one for one in done.findings() if one[2] != "note"], done.err) == (0, [], "")
    assert set(done.verdicts().values()) <= {"pass", "skipped"}


@pytest.mark.parametrize("url", ["sqlite:///app.db", POSTGRESQL], ids=["sqlite", "postgresql"])
def test_what_fails_on_any_row_is_told_at_its_line(tmp_path: Path, url: str) -> None:
    """It passes on an empty database and fails on rows: an error, at the revision's line."""
    change = {"a2": revision("a2", "a1", NOT_NULL, 'op.drop_column("users", "age")')}
    done = gate(
        repository(tmp_path / "r", {"a1": USERS}, change, url, MODELS.format(more="")), "--only", "upgrade-works"
    )
    finding = done.project["findings"][0]
    assert done.code == 1
    assert (finding["category"], finding["severity"], finding["revision"]) == ("fails-on-existing-rows", "error", "a2")
    assert (finding["path"], finding["line"]) == ("migrations/versions/a2.py", 10)


def test_the_workspace_stays_as_it_was(tmp_path: Path) -> None:
    """No database file, no bytecode, nothing new."""
    repo = repository(tmp_path / "r", {"a1": USERS}, {"a2": revision("a2", "a1", NULLABLE)}, models=WITH_AGE)
    gate(repo)
    assert git(repo, "status", "--porcelain", "--ignored") == ""


def test_no_base_means_one_deploy(tmp_path: Path) -> None:
    """``--base none``: every revision is new, and its tables are empty and unused."""
    done = gate(
        repository(
            tmp_path / "r",
            {"a1": USERS, "a2": revision("a2", "a1", NOT_NULL, 'op.drop_column("users", "age")')},
            models=MODELS.format(more=', sa.Column("age", sa.Integer, nullable=False)'),
        ),
        "--base",
        "none",
        "--skip",
        "image-contents",
    )
    assert (done.code, done.project["new_revisions"], done.findings()) == (0, ["a1", "a2"], [])


HANG = "import time\ntime.sleep(600)"
TRAPS = {
    "hangs": (
        HANG,
        "took longer than 3 s and was ended: revision a2 at migrations/versions/a2.py:11, time.sleep(600)",
        3,
    ),
    "os-exit": ("import os\nos._exit(7)", "ended by itself with exit code 7", 3),
    "killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "was killed by SIGKILL", 3),
    "sys-exit": ("import sys\nsys.exit(0)", "fails on any database", 1),
    "prompt": ('input("really? ")', "fails on any database", 1),
}


@pytest.mark.parametrize("name", TRAPS)
def test_a_revision_that_misbehaves_ends_in_one_sentence(tmp_path: Path, name: str) -> None:
    """It hangs, exits, kills itself or asks questions: the verdict is right and there is no traceback."""
    body, sentence, code = TRAPS[name]
    repo = repository(tmp_path / "r", {"a1": USERS}, {"a2": revision("a2", "a1", body)}, models=MODELS.format(more=""))
    (repo / "s.yml").write_text("timeout: 3\n" if name == "hangs" else "")
    done = gate(repo, "--only", "upgrade-works", "--settings", "s.yml")
    said = done.reason("upgrade-works") if code == 3 else done.project["findings"][0]["message"]
    assert (done.code, sentence in said) == (code, True), said
    assert "Traceback" not in done.err


def test_a_statement_that_takes_too_long_is_named_with_its_revision_and_line(tmp_path: Path) -> None:
    """The server says what it was busy with, the interpreter where it was; nothing of that dump reaches the report."""
    body = 'op.execute("SELECT count(*) FROM users, pg_sleep(600)")'
    change = {"a2": revision("a2", "a1", body)}
    repo = repository(tmp_path / "r", {"a1": USERS}, change, POSTGRESQL, MODELS.format(more=""))
    done = gate(repo, "--only", "upgrade-works", "--timeout", "15")
    said = done.reason("upgrade-works")
    assert (done.code, done.verdicts()) == (3, {"upgrade-works": "undecided"})
    assert f"revision a2 at migrations/versions/a2.py:10, {body}" in said
    assert "the server was running: SELECT count(*) FROM users, pg_sleep(600)" in said
    assert "most recent call first" not in said


def test_a_revision_that_waits_for_itself_is_told_at_its_line(tmp_path: Path) -> None:
    """Two connections of one revision: found in seconds, long before the step's time is over."""
    body = """
op.execute("ALTER TABLE users ADD COLUMN age int")
with sa.create_engine(op.get_bind().engine.url).begin() as other:
    other.execute(sa.text("UPDATE users SET name = 'x'"))
"""
    change = {"a2": revision("a2", "a1", body)}
    repo = repository(tmp_path / "r", {"a1": USERS}, change, POSTGRESQL, MODELS.format(more=""))
    done = gate(repo, "--only", "upgrade-works", seconds=120)
    finding = done.project["findings"][0]
    assert (done.code, finding["category"], finding["revision"]) == (1, "broken", "a2")
    assert (finding["path"], finding["line"]) == ("migrations/versions/a2.py", 12)
    assert "deadlock with itself: it waits for RowExclusiveLock on users" in finding["message"]


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg", "pg8000", "asyncpg", "psycopg_async"])
def test_statements_on_the_drivers_own_cursor_are_seen(tmp_path: Path, driver: str) -> None:
    """Past SQLAlchemy's events: told at their line all the same, once each, those of a failing one too."""
    body = """
cursor = op.get_bind().connection.cursor()
cursor.execute("CREATE INDEX ix_users_email ON users (email)")
cursor.execute("ALTER TABLE users DROP COLUMN email")
cursor.execute("ALTER TABLE nowhere ADD COLUMN x int")
"""
    url = POSTGRESQL.replace("psycopg2", driver)
    base = {"a1": USERS, **({"migrations/env.py": ASYNC_ENV} if driver in ("asyncpg", "psycopg_async") else {})}
    repo = repository(tmp_path / "r", base, {"a2": revision("a2", "a1", body)}, url, MODELS.format(more=""))
    done = gate(repo, "--only", "safe-operations")
    errors = {(one["id"], one["line"]) for one in done.project["findings"] if one["severity"] == "error"}
    assert errors == {("creating-index-non-concurrently", 11), ("dropping-column", 12), ("migration-fails", 13)}
    assert [row["sql"].count("CREATE INDEX") for row in done.project["plan"]] == [1]


@pytest.mark.parametrize("url", ["sqlite:///app.db", "mysql+pymysql://app:secret@db.example.org/app"])
def test_so_are_those_of_other_databases(tmp_path: Path, url: str) -> None:
    """sqlite3 is written in C, and on MariaDB the observer runs the statement itself, by way of the ladder."""
    body = """
cursor = op.get_bind().connection.cursor()
cursor.execute("ALTER TABLE users DROP COLUMN email")
cursor.execute("CREATE INDEX ix_users_name ON users (name)")
"""
    repo = repository(tmp_path / "r", {"a1": USERS}, {"a2": revision("a2", "a1", body)}, url, MODELS.format(more=""))
    words = () if url.startswith("sqlite") else ("--database", "mariadb")
    done = gate(repo, "--only", "safe-operations", *words)
    errors = {(one["id"], one["line"]) for one in done.project["findings"] if one["severity"] == "error"}
    assert errors == {("dropping-column", 11)}
    assert [row["sql"] for row in done.project["plan"]] == [
        "ALTER TABLE users DROP COLUMN email;\nCREATE INDEX ix_users_name ON users (name);"
    ]


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (POSTGRESQL, 'cursor.executemany("ALTER TABLE users DROP COLUMN email", [()])'),
        ("sqlite:///app.db", 'cursor.executescript("ALTER TABLE users DROP COLUMN email;")'),
        ("sqlite:///app.db", 'op.get_bind().connection.execute("ALTER TABLE users DROP COLUMN email")'),
    ],
)
def test_whatever_method_runs_them(tmp_path: Path, url: str, body: str) -> None:
    """Many at once, a script, and the short cut on sqlite3's connection."""
    text = f"cursor = op.get_bind().connection.cursor()\n{body}"
    repo = repository(tmp_path / "r", {"a1": USERS}, {"a2": revision("a2", "a1", text)}, url, MODELS.format(more=""))
    done = gate(repo, "--only", "safe-operations")
    errors = {(one["id"], one["line"]) for one in done.project["findings"] if one["severity"] == "error"}
    assert errors == {("dropping-column", 11)}


def test_a_second_database_is_watched_as_the_first(tmp_path: Path) -> None:
    """The questions go to it too, and end no transaction there."""
    body = """
other = sa.create_engine(op.get_bind().engine.url.set(database="second"))
with other.begin() as connection:
    connection.execute(sa.text("CREATE TABLE o (id int)"))
    connection.execute(sa.text("INSERT INTO o VALUES (1)"))
"""
    repo = repository(
        tmp_path / "r", {"a1": USERS}, {"a2": revision("a2", "a1", body)}, POSTGRESQL, MODELS.format(more="")
    )
    done = gate(repo, "--only", "upgrade-works,safe-operations")
    assert ([one for one in done.findings() if one[2] != "note"], done.verdicts()["upgrade-works"]) == ([], "pass")


def test_sessions_in_turn_are_told_apart(tmp_path: Path) -> None:
    """What the first one rewrote is no news when it goes on after the second has said something."""
    body = """
op.execute("CREATE TABLE fresh (id int)")
op.alter_column("users", "id", type_=sa.BigInteger)
with sa.create_engine(op.get_bind().engine.url).connect() as other:
    other.execute(sa.text("SELECT 1"))
op.execute("ALTER TABLE fresh ADD COLUMN x int")
"""
    repo = repository(
        tmp_path / "r", {"a1": USERS}, {"a2": revision("a2", "a1", body)}, POSTGRESQL, MODELS.format(more="")
    )
    done = gate(repo, "--only", "safe-operations")
    assert {(one["id"], one["line"]) for one in done.project["findings"] if one["severity"] == "error"} == {
        ("changing-column-type", 11)
    }


@pytest.mark.parametrize("driver", ["psycopg2", "asyncpg"])
def test_prepared_statements_may_be_dropped(tmp_path: Path, driver: str) -> None:
    """asyncpg keeps what it prepared, the gate's questions too: what follows is still watched."""
    body = """
op.execute("SET lock_timeout = '2s'")
op.alter_column("users", "id", type_=sa.BigInteger)
op.execute("DEALLOCATE ALL")
op.execute("SET lock_timeout = '2s'")
op.execute("CREATE INDEX ix_users_email ON users (email)")
"""
    base = {"a1": USERS, **({"migrations/env.py": ASYNC_ENV} if driver == "asyncpg" else {})}
    url = POSTGRESQL.replace("psycopg2", driver)
    repo = repository(tmp_path / "r", base, {"a2": revision("a2", "a1", body)}, url, MODELS.format(more=""))
    done = gate(repo, "--only", "upgrade-works,safe-operations")
    errors = {(one["id"], one["line"]) for one in done.project["findings"] if one["severity"] == "error"}
    assert errors == {("changing-column-type", 11), ("creating-index-non-concurrently", 14)}


def test_the_first_statement_of_a_transaction_comes_first(tmp_path: Path) -> None:
    """SET TRANSACTION is refused after any query, ours too."""
    options = ", transaction_per_migration=True"
    change = {
        "a2": revision("a2", "a1", NULLABLE),
        "a3": revision(
            "a3", "a2", 'op.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")\nop.execute("SELECT 1")'
        ),
    }
    repo = repository(tmp_path / "r", {"a1": USERS}, change, POSTGRESQL, WITH_AGE, options)
    done = gate(repo, "--only", "upgrade-works")
    assert (done.code, done.findings()) == (0, [])


def test_what_autocommit_refuses_at_its_end_fails(tmp_path: Path) -> None:
    """A deferred foreign key is looked at when the statement commits; the revision meets the driver's error there."""
    base = (
        "op.execute('CREATE TABLE p (id int PRIMARY KEY)')\n"
        "op.execute('CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED)')"
    )
    body = "with op.get_context().autocommit_block():\n    op.execute('INSERT INTO c VALUES (7)')"
    repo = repository(
        tmp_path / "r", {"a1": revision("a1", None, base)}, {"a2": revision("a2", "a1", body)}, POSTGRESQL
    )
    done = gate(repo, "--only", "upgrade-works")
    assert [(one[1], one[2]) for one in done.findings()] == [("broken", "error")]
    assert "violates foreign key constraint" in done.project["findings"][0]["message"]


@pytest.mark.parametrize("last", ["pass", 'op.execute("SELECT 1")'])
def test_what_fails_between_two_revisions_has_its_revision(tmp_path: Path, last: str) -> None:
    """Alembic writes down that a revision ran after its upgrade(): here it cannot, and no line of it is to blame."""
    change = {
        "a2": revision("a2", "a1", 'op.execute("DROP TABLE alembic_version")'),
        "a3": revision("a3", "a2", last),
    }
    base = {"a1": revision("a1", None, 'op.execute("CREATE TABLE t (id int)")')}
    repo = repository(tmp_path / "r", base, change, "sqlite:///app.db")
    done = gate(repo, "--only", "upgrade-works,safe-operations")
    failed = [one for one in done.project["findings"] if one["id"] in ("migration-fails", "upgrade-works")]
    assert {(one["revision"], one["path"]) for one in failed} == {("a2", "migrations/versions/a2.py")}


def test_a_connection_of_sqlite3_is_one(tmp_path: Path) -> None:
    """Projects compare its type before they switch foreign keys on."""
    models = (
        MODELS.format(more="")
        + """
import sqlite3
from sqlalchemy import event
@event.listens_for(sa.Engine, "connect")
def on(connection, record):
    assert type(connection) is sqlite3.Connection
"""
    )
    repo = repository(tmp_path / "r", {"a1": USERS}, {"a2": revision("a2", "a1", NULLABLE)}, "sqlite:///app.db", models)
    assert gate(repo, "--only", "upgrade-works").code == 0


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_what_sqlalchemy_asks_for_itself_is_no_statement_of_the_revision(tmp_path: Path, driver: str) -> None:
    """The isolation level that an autocommit block reads and sets."""
    body = """
with op.get_context().autocommit_block():
    op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
"""
    url = POSTGRESQL.replace("psycopg2", driver)
    repo = repository(tmp_path / "r", {"a1": USERS}, {"a2": revision("a2", "a1", body)}, url, MODELS.format(more=""))
    done = gate(repo, "--only", "safe-operations")
    assert [row["sql"] for row in done.project["plan"]] == [
        "CREATE INDEX CONCURRENTLY ix_users_email ON users (email);"
    ]
    assert [one for one in done.findings() if one[2] != "note"] == []


def test_a_revision_cannot_forge_a_workflow_command(tmp_path: Path) -> None:
    """What it prints reaches nobody's log as a command."""
    body = 'print("::error::forged")\nprint("##[error]forged")\nraise RuntimeError("::warning::forged")'
    repo = repository(tmp_path / "r", {"a1": USERS}, {"a2": revision("a2", "a1", body)}, models=MODELS.format(more=""))
    done = gate(repo, "--only", "upgrade-works", "--format", "annotations")
    assert [line for line in (done.out + done.err).splitlines() if "forged" in line and line.startswith("::")] == [
        line for line in done.out.splitlines() if "forged" in line and line.startswith("::error file=")
    ]
    assert "##[error]" not in done.out + done.err


def test_an_env_that_raises_is_undecided_with_an_advice(tmp_path: Path) -> None:
    """A missing dependency is not a broken migration."""
    repo = repository(tmp_path / "r", {"a1": USERS}, {"migrations/env.py": "import not_installed_anywhere\n"})
    git(repo, "checkout", "-q", "-b", "before", "main")
    write(repo, {"README": "nothing new"})
    git(repo, "add", "README")
    git(repo, "commit", "-q", "-m", "readme")
    assert gate(repo, "--only", "upgrade-works").code == 0  # leaves a snapshot of the base, which spares its replay
    git(repo, "checkout", "-q", "change")
    done = gate(repo, "--only", "upgrade-works")
    assert (done.code, done.verdicts()) == (3, {"upgrade-works": "undecided"})
    assert "not_installed_anywhere" in done.reason("upgrade-works")


def test_a_url_in_env_py_is_redirected(tmp_path: Path) -> None:
    """Whatever URL env.py computes, the file that it names is never made."""
    victim = tmp_path / "production.db"
    env = f"""
from alembic import context
from sqlalchemy import create_engine
from models import metadata
with create_engine("sqlite:///{victim}").connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
    repo = repository(tmp_path / "r", {"a1": USERS, "migrations/env.py": env}, models=MODELS.format(more=""))
    assert gate(repo, "--base", "none", "--skip", "image-contents").code == 0
    assert not victim.exists()


def test_another_dialect_than_asked_for_is_refused(tmp_path: Path) -> None:
    """The project opens SQLite although the rehearsal was asked for on PostgreSQL."""
    env = 'from sqlalchemy import create_engine\ncreate_engine("sqlite:///x.db").connect()\n'
    repo = repository(tmp_path / "r", {"a1": USERS, "migrations/env.py": env})
    done = gate(repo, "--only", "upgrade-works", "--base", "none", "--database", "postgresql")
    assert done.code in (1, 3)
    assert "connects to sqlite, and this rehearsal runs on postgresql" in done.out


@pytest.mark.parametrize("name", ["config", "yaml", "gate", "json_tools", "alembic_helpers"])
def test_modules_of_the_project_shadow_nothing_of_ours(tmp_path: Path, name: str) -> None:
    """A project with its own ``config.py``, ``yaml.py`` or ``gate`` package works, and gets its own."""
    files = {
        "a1": USERS,
        f"{name}.py": "MINE = 'mine'\n",
        "models.py": f"import {name}\nassert {name}.MINE == 'mine'\n" + MODELS.format(more=""),
    }
    done = gate(repository(tmp_path / "r", files), "--base", "none", "--skip", "image-contents")
    assert (done.code, done.findings()) == (0, [])


def test_the_environment_is_an_allow_list(tmp_path: Path) -> None:
    """Neither tokens nor inputs nor command files reach project code; what ``env:`` names does."""
    env = (
        "import os\nfrom pathlib import Path\nleaked = [n for n in os.environ if n.startswith(('GITHUB_', 'INPUT_', 'ACTIONS_', 'SECRET'))]\n"
        "assert not leaked, leaked\nassert os.environ['WANTED'] == 'yes'\n"
    )
    repo = repository(tmp_path / "r", {"a1": USERS}, models=MODELS.format(more=""))
    path = repo / "migrations/env.py"
    path.write_text(env + path.read_text())
    done = gate(
        repo,
        "--base",
        "none",
        "--only",
        "upgrade-works",
        "--env",
        "WANTED=yes",
        environ={"GITHUB_TOKEN": "t", "INPUT_TOKEN": "t", "ACTIONS_RUNTIME_TOKEN": "t", "SECRET_KEY": "t"},
    )
    assert (done.code, done.verdicts()) == (0, {"upgrade-works": "pass"})


def test_python_that_is_not_there(tmp_path: Path) -> None:
    """A wrong ``--python`` is wrong usage: exit 2, nothing on stdout."""
    repo = repository(tmp_path / "r", {"a1": USERS}, models=MODELS.format(more=""))
    done = gate(repo, "--python", str(tmp_path / "nowhere/python"), "--only", "upgrade-works")
    assert done.code in (2, 3)
    assert "nowhere/python" in done.err + done.out
    assert sys.executable not in done.err


def test_a_guessed_mysql_that_nobody_has_gives_way_to_what_the_project_opens(tmp_path: Path) -> None:
    """One option of MySQL's in a revision is a guess; the project's own engine is the truth."""
    first = USERS.replace("sa.String(100)))", 'sa.String(100)), mysql_charset="utf8mb4")')
    repo = repository(tmp_path / "r", {"a1": first}, {"a2": revision("a2", "a1", NULLABLE)}, "", WITH_AGE)
    text = (repo / "migrations/env.py").read_text()
    (repo / "migrations/env.py").write_text(
        text.replace('config.get_main_option("sqlalchemy.url")', "__import__('where').place()")
    )
    (repo / "where.py").write_text("def place():\n    return 'sqli' + 'te:///own.db'\n")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "its own engine")
    broken = tmp_path / "bin" / "mysqld"  # a machine may have one
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    environ = {"PATH": f"{broken.parent}:{os.environ['PATH']}"}
    done = gate(repo, "--only", "upgrade-works,models-match", environ=environ)
    assert (done.code, done.project["dialect"], done.verdicts()["models-match"]) == (0, "sqlite", "pass")
    said = "database: sqlite (no MySQL server is at hand, and the project runs without)"
    assert said in done.project["coverage"]["notes"]


def test_a_difference_names_an_expression_by_its_sql(tmp_path: Path) -> None:
    """An object's address is another one in each run, and the comment would change with it."""
    models = MODELS.format(more="") + '\nsa.Index("ix_lower", sa.func.lower(users.c.email))\n'
    done = gate(repository(tmp_path / "r", {"a1": USERS}, {}, POSTGRESQL, models), "--only", "models-match")
    (finding,) = done.project["findings"]
    assert finding["evidence"][0]["detail"] == "autogenerate: ('add_index', Index('ix_lower', lower(users.email)))"
