"""The release still running, on the new schema, through the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import gate, repository, revision

BASE = {
    "a1": revision(
        "a1",
        None,
        """
op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50), nullable=False),
                sa.Column("email", sa.String(100)))
""",
        'op.drop_table("users")',
    )
}
POSTGRESQL = "postgresql+psycopg2://app@db.example.org/app"
BREAKING = {
    "dropped column": ('op.drop_column("users", "email")', "users", "email"),
    "renamed table": ('op.rename_table("users", "people")', "users", None),
    "renamed column": ('op.alter_column("users", "email", new_column_name="mail")', "users", "email"),
    "required column": (
        'op.add_column("users", sa.Column("age", sa.Integer))\nop.execute("UPDATE users SET age = 1")\n'
        'op.alter_column("users", "age", nullable=False)',
        "users",
        "age",
    ),
}


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_the_running_release_is_found(tmp_path: Path, name: str) -> None:
    """An error of category backward-incompatible on the revision that did it."""
    body, table, column = BREAKING[name]
    repo = repository(tmp_path / "r", BASE, {"b": revision("b", "a1", body)}, POSTGRESQL)
    done = gate(repo, "--only", "old-release-works")
    assert [
        (one["category"], one["severity"], one["revision"], one["table"], one["column"])
        for one in done.project["findings"]
    ] == [("backward-incompatible", "error", "b", table, column)]
    [first, _] = done.project["findings"][0]["remedy"]["steps"]
    assert ("keep a default" in first["title"]) == (name == "required column")  # no code stops using what it never did


@pytest.mark.parametrize(
    "body",
    [
        'op.add_column("users", sa.Column("age", sa.Integer))',
        'op.add_column("users", sa.Column("age", sa.Integer, nullable=False, server_default="0"))',
        'op.create_table("more", sa.Column("id", sa.Integer, primary_key=True))\nop.drop_table("more")',
    ],
)
def test_what_it_does_not_notice_is_silent(tmp_path: Path, body: str) -> None:
    """Near misses: new nullable columns, defaults, tables made in the same deploy."""
    done = gate(
        repository(tmp_path / "r", BASE, {"b": revision("b", "a1", body)}, POSTGRESQL), "--only", "old-release-works"
    )
    assert (done.code, done.findings()) == (0, [])


def test_a_maintenance_window_is_another_world(tmp_path: Path) -> None:
    """The settings say that nobody runs meanwhile: skipped, and said so."""
    files = {
        "b": revision("b", "a1", 'op.drop_column("users", "email")'),
        ".alembic-gate.yml": "world:\n  maintenance-window: true\n",
    }
    done = gate(repository(tmp_path / "r", BASE, files, POSTGRESQL), "--only", "old-release-works")
    assert (done.code, done.verdicts()) == (0, {"old-release-works": "skipped"})


MODELS = """
import sqlalchemy as sa
metadata = sa.MetaData()
users = sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50), nullable=False){more})
"""


@pytest.mark.parametrize(
    ("more", "expected"), [(', sa.Column("email", sa.String(100))', 1), ("", 0)], ids=["still mapped", "let go before"]
)
def test_the_second_of_two_deploys_breaks_nobody(tmp_path: Path, more: str, expected: int) -> None:
    """Dropping a column that the base's models no longer map: its data is still lost, but no query names it."""
    repo = repository(
        tmp_path / "r",
        BASE,
        {"b": revision("b", "a1", 'op.drop_column("users", "email")')},
        POSTGRESQL,
        MODELS.format(more=more),
    )
    done = gate(repo, "--only", "old-release-works,safe-operations")
    found = [category for _, category, severity, _ in done.findings() if severity == "error"]
    assert (found.count("data-loss"), found.count("backward-incompatible")) == (1, expected)
