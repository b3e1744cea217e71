"""A project with two databases, through the command: what a revision does to the second is judged like the first."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import gate, git, repository, revision, write

URLS = {
    "sqlite": ("sqlite:///app.db", "sqlite:///logs.db"),
    "postgresql": ("postgresql+psycopg2://app@db.example.org/app", "postgresql+psycopg2://app@db.example.org/logs"),
}
ENV = """\
from alembic import context
from sqlalchemy import create_engine, pool

for name, url in (("app", {!r}), ("logs", {!r})):
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, upgrade_token=name, downgrade_token=name)
        with context.begin_transaction():
            context.run_migrations(engine_name=name)
"""
USERS = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))'
LINES = 'op.create_table("lines", sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String(20)))'
ONLY = ("--only", "safe-operations,upgrade-works,downgrade-works")


def both(id: str, down: str | None, app: str, logs: str, back: tuple[str, str] = ("pass", "pass")) -> str:
    """A revision of Alembic's multidb template, in short."""
    bodies = [f'if engine_name == "app":\n    {one}\nelse:\n    {other}' for one, other in ((app, logs), back)]
    return revision(id, down, *bodies).replace("grade():", "grade(engine_name):")


def project(path: Path, kind: str, change: str) -> Path:
    urls = URLS[kind]
    base = {"a": both("a", None, USERS, LINES, ('op.drop_table("users")', 'op.drop_table("lines")'))}
    repo = repository(path / "r", base, None, urls[0])
    write(repo, {"migrations/env.py": ENV.format(*urls)})
    git(repo, "commit", "--quiet", "--all", "--message", "two databases")
    git(repo, "checkout", "--quiet", "-b", "change")
    write(repo, {"migrations/versions/b.py": change})
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "change")
    return repo


DROP = ('op.drop_column("lines", "text")', 'op.add_column("lines", sa.Column("text", sa.String(20)))')
ADD = ('op.add_column("lines", sa.Column("kind", sa.String(20)))', 'op.drop_column("lines", "kind")')


@pytest.mark.parametrize("kind", URLS)
def test_what_happens_to_the_second_database_is_judged(tmp_path: Path, kind: str) -> None:
    """Twice: the first run keeps no snapshot of one database alone, from which the other would look new."""
    repo = project(tmp_path, kind, both("b", "a", "pass", DROP[0], ("pass", DROP[1])))
    for _ in range(2):
        found = gate(repo, *ONLY, environ={"ALEMBIC_GATE_CACHE": str(tmp_path / "cache")}).project["findings"]
        told = [(one["category"], one["severity"], one["revision"], one["table"], one["column"]) for one in found]
        errors = sorted(one for one in told if one[1] == "error")
        assert errors == [
            ("backward-incompatible", "error", "b", "lines", "text"),
            ("data-loss", "error", "b", "lines", "text"),
        ]


@pytest.mark.parametrize("kind", URLS)
def test_a_harmless_change_of_both_databases_is_silent(tmp_path: Path, kind: str) -> None:
    more = ('op.add_column("users", sa.Column("age", sa.Integer))', 'op.drop_column("users", "age")')
    done = gate(project(tmp_path, kind, both("b", "a", more[0], ADD[0], (more[1], ADD[1]))), *ONLY)
    assert [one for one in done.findings() if one[2] != "note"] == []
    assert (done.code, set(done.verdicts().values())) == (0, {"pass"})
