"""Where the target stands, through the command."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.running import Outcome, gate, repository, revision

BASE = {
    "a": revision(
        "a", None, 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True))', 'op.drop_table("users")'
    ),
    "b": revision("b", "a", 'op.add_column("users", sa.Column("age", sa.Integer))', 'op.drop_column("users", "age")'),
}


def predeploy(tmp_path: Path, *statements: str, only: str = "target-ready") -> Outcome:
    """The gate before a deploy onto a SQLite file made by these statements."""
    with sqlite3.connect(tmp_path / "target.db") as target:
        for statement in statements:
            target.execute(statement)
    url = f"sqlite:///{tmp_path}/target.db"
    return gate(repository(tmp_path / "r", BASE), "predeploy", "--target-url", url, "--only", only)


def at(revision: str) -> tuple[str, ...]:
    """A target that stands at a revision, with two rows."""
    more = ", age integer" if revision == "b" else ""
    return (
        f"CREATE TABLE users (id integer PRIMARY KEY NOT NULL{more})",
        "INSERT INTO users (id) VALUES (1), (2)",
        "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY NOT NULL)",
        f"INSERT INTO alembic_version VALUES ('{revision}')",
    )


STATES = {
    "behind": (at("a"), "behind", ["a"], ["b"]),
    "up to date": (at("b"), "up-to-date", ["b"], []),
    "unknown": (at("gone"), "unknown-revision", ["gone"], ["b"]),  # after the stamp that its schema shows
    "empty": ((), "empty", [], ["a", "b"]),
}


@pytest.mark.parametrize("name", STATES)
def test_the_position_is_read_from_the_version_table(tmp_path: Path, name: str) -> None:
    """State, current revisions, and what is pending, parents first."""
    statements, state, current, pending = STATES[name]
    target = predeploy(tmp_path, *statements).project["target"]
    assert (target["state"], target["current"]) == (state, current)
    assert [row["revision"] for row in target["pending"]] == pending
