"""Helpers for tests of predeploy and verify: real servers as targets, migrated by the project's own Alembic."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gate.databases.base import ScratchDatabase, open_server
from gate.errors import ServerUnavailable
from tests.running import Outcome, gate, git, repository, revision, write

DRIVERS = {"postgresql": "psycopg2", "mariadb": "pymysql", "mysql": "pymysql", "sqlite": "pysqlite"}
FIRST = revision(
    "r1",
    None,
    """
op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("email", sa.String(90)), sa.Column("name", sa.String(50)))
op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True), sa.Column("user_id", sa.Integer), sa.Column("amount", sa.Integer))
""",
    'op.drop_table("orders")\nop.drop_table("users")',
)
SECOND = revision(
    "r2", "r1", 'op.add_column("orders", sa.Column("note", sa.String(200)))', 'op.drop_column("orders", "note")'
)
THIRD = revision(
    "r3", "r2", 'op.add_column("users", sa.Column("nick", sa.String(20)))', 'op.drop_column("users", "nick")'
)
HISTORY = {"r1": FIRST, "r2": SECOND, "r3": THIRD}


@contextmanager
def running_servers(folder: Path) -> Iterator[Any]:
    """A function that gives a new empty database of a kind; servers end with the context."""
    with ExitStack() as stack:
        opened: dict[str, Any] = {}

        def new(kind: str, version: str | None = None) -> ScratchDatabase:
            key = f"{kind} {version}"
            if key not in opened:
                places = {"cache_dir": folder / "cache", "workdir": folder / "work", "progress": lambda _: None}
                try:
                    opened[key] = stack.enter_context(open_server(kind, version, None, **places))
                except ServerUnavailable as error:
                    pytest.skip(f"{kind}: {error}")
            return opened[key].create("target")  # type: ignore[no-any-return]  # a dictionary of servers

        yield new


def url_of(database: ScratchDatabase) -> str:
    """The target's SQLAlchemy URL."""
    return database.url(DRIVERS[database.server.dialect])


def project_for(tmp_path: Path, kind: str, history: dict[str, str]) -> Path:
    """A repository whose one commit has these revisions."""
    places = {
        "postgresql": "postgresql+psycopg2://app@db/app",
        "mariadb": "mysql+pymysql://app@db/app",
        "mysql": "mysql+pymysql://app@db/app",
        "sqlite": "sqlite:///app.db",
    }
    return repository(tmp_path / "project", history, url=places[kind])


def commit(repo: Path, message: str, files: dict[str, str] | None = None, removed: tuple[str, ...] = ()) -> str:
    """Files written and removed in one commit; gives its id."""
    write(repo, files or {})
    for name in removed:
        (repo / name).unlink()
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(repo, "rev-parse", "HEAD")


def migrate(repo: Path, database: ScratchDatabase, revision: str) -> None:
    """``alembic upgrade`` of the target by the project itself, as a release pipeline would."""
    code = (
        "import sys; from alembic.config import Config; from alembic import command; c = Config('alembic.ini'); "
        "c.set_main_option('sqlalchemy.url', sys.argv[1].replace('%', '%%')); command.upgrade(c, sys.argv[2])"
    )
    subprocess.run(
        [sys.executable, "-c", code, url_of(database), revision],
        cwd=repo,
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def stamp(database: ScratchDatabase, *rows: str) -> None:
    """Write these rows, and no others, into the version table."""
    database.execute("DELETE FROM alembic_version")
    for row in rows:
        database.execute(f"INSERT INTO alembic_version VALUES ('{row}')")


# Starting one takes seconds: their runs make their scratch databases on the target's own server, beside the target.
_SLOW = ("mysql", "mariadb")
_CHOSEN = {"--database", "--database-url"}


def asked(
    repo: Path, database: ScratchDatabase | str, *words: str, command: str = "predeploy", cache: Path | None = None
) -> Outcome:
    """One run of predeploy or verify against a target, by default of the target's check alone."""
    url = database if isinstance(database, str) else url_of(database)
    if not isinstance(database, str) and database.server.dialect in _SLOW and not {*words} & _CHOSEN:
        words = (*words, "--database-url", url)
    narrow = () if "--only" in words or "--skip" in words else ("--only", "target-ready")
    return gate(repo, command, "--target-url", url, *(("--cache-dir", str(cache)) if cache else ()), *narrow, *words)


def target(done: Outcome) -> dict[str, Any]:
    """The report's ``target``; the run's stderr when there is none."""
    assert done.out, done.err
    found: dict[str, Any] = done.project["target"]
    return found
