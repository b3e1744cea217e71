"""What the deploy loses, through the command: with and without a statement that tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.running import ENV, gate, git, repository, revision, write

BASE = {
    "a": revision(
        "a",
        None,
        """
op.execute("CREATE TABLE tags (id INTEGER PRIMARY KEY, name VARCHAR(40), color VARCHAR(10), weight INTEGER)")
op.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, tag_id INTEGER REFERENCES tags (id), body VARCHAR(40))")
""",
    )
}
POSTGRESQL = "postgresql+psycopg2://app@db.example.org/app"
UNSEEN = {
    "sqlite:///app.db": "op.get_bind().connection.driver_connection.executescript({!r})",
    POSTGRESQL: (
        "import psycopg2.extensions\n"
        "raw = op.get_bind().connection.driver_connection\n"
        "raw.cursor(cursor_factory=psycopg2.extensions.cursor).execute({!r})"
    ),
}
OTHER = 'op.add_column("notes", sa.Column("kind", sa.String(20)))'
ONLY = ("--only", "upgrade-works,safe-operations,old-release-works")


def judge(
    path: Path, *changes: str, url: str = "sqlite:///app.db", base: dict[str, str] = BASE
) -> list[dict[str, Any]]:
    """The findings of a deploy of these bodies of upgrade(), as revisions c1, c2 ..."""
    names = ["a", *(f"c{number}" for number in range(1, len(changes) + 1))]
    files = {name: revision(name, below, body) for below, name, body in zip(names, names[1:], changes, strict=False)}
    findings: list[dict[str, Any]] = gate(repository(path / "r", base, files, url), *ONLY).project["findings"]
    return findings


def losses(findings: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Those about data, in short."""
    keys = ("id", "severity", "revision", "table", "column")
    return [tuple(one[key] for key in keys) for one in findings if one["category"] == "data-loss"]


@pytest.mark.parametrize("url", UNSEEN)
@pytest.mark.parametrize(
    ("sql", "column"), [("ALTER TABLE tags DROP COLUMN color", "color"), ("DROP TABLE notes", None)]
)
def test_what_goes_on_the_drivers_own_connection_is_told(
    tmp_path: Path, url: str, sql: str, column: str | None
) -> None:
    """No statement was observed; the schemas before and after show it, also where others were observed after it."""
    table = "tags" if column else "notes"
    more = "" if column else '\nop.add_column("tags", sa.Column("icon", sa.String(20)))'
    found = judge(tmp_path, UNSEEN[url].format(sql) + more, url=url)
    assert losses(found) == [("upgrade-works", "error", "c1", table, column)]
    broken = [one for one in found if one["category"] == "backward-incompatible"]
    assert [(one["revision"], one["table"], one["column"]) for one in broken] == [("c1", table, column)]
    lost = next(one for one in found if one["category"] == "data-loss")
    assert ("No statement of this was seen" in lost["message"], lost["line"]) == (True, 9)


@pytest.mark.parametrize("url", UNSEEN)
@pytest.mark.parametrize(
    ("sql", "table", "column"),
    [
        ("ALTER TABLE tags DROP COLUMN color", "tags", "color"),
        ("DROP TABLE tags CASCADE", "tags", None),
        ("DELETE FROM notes", "notes", None),
    ],
)
def test_of_several_revisions_the_guilty_one_is_named(
    tmp_path: Path, url: str, sql: str, table: str, column: str | None
) -> None:
    """The next revision's first statement finds the catalogue changed, and did nothing of that."""
    body = UNSEEN[url].format(sql if url == POSTGRESQL else sql.replace(" CASCADE", ""))
    found = judge(tmp_path, OTHER, body, 'op.add_column("notes", sa.Column("more", sa.Integer))', url=url)
    assert losses(found) == [("upgrade-works", "error", "c2", table, column)]
    assert {one["revision"] for one in found if one["category"] == "backward-incompatible"} <= {"c2"}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('op.drop_column("tags", "color")', "dropping-column"),
        ('op.drop_table("notes")', "dropping-table"),
        ('with op.batch_alter_table("tags") as batch_op:\n    batch_op.drop_column("color")', "dropping-column"),
    ],
)
def test_what_a_statement_takes_is_told_by_its_rule_alone(tmp_path: Path, body: str, rule: str) -> None:
    assert [one[0] for one in losses(judge(tmp_path, body))] == [rule]


@pytest.mark.parametrize(
    "body",
    [
        'op.rename_table("tags", "labels")',
        'op.alter_column("tags", "color", new_column_name="hue")',
        'with op.batch_alter_table("tags") as batch_op:\n    batch_op.alter_column("color", new_column_name="hue")',
        UNSEEN["sqlite:///app.db"].format("ALTER TABLE tags RENAME TO labels"),
    ],
)
def test_what_got_another_name_is_not_lost(tmp_path: Path, body: str) -> None:
    assert losses(judge(tmp_path, body)) == []


def test_what_a_virtual_table_keeps_goes_with_it(tmp_path: Path) -> None:
    """Its shadow tables are nobody's loss; the drop itself is told by its rule."""
    base = {"a": revision("a", None, 'op.execute("CREATE VIRTUAL TABLE docs USING fts5(body)")')}
    found = judge(tmp_path, 'op.execute("DROP TABLE docs")', base=base)
    assert [one[0] for one in losses(found)] == ["dropping-table"]


KEYS_ON = ENV.replace("{options}", ", render_as_batch=True").replace(
    "with engine.connect() as connection:\n",
    'with engine.connect() as connection:\n    connection.exec_driver_sql("PRAGMA foreign_keys=ON")\n    connection.commit()\n',
)
BATCH = 'with op.batch_alter_table("tags") as batch_op:\n    batch_op.alter_column("name", type_=sa.Text())'


@pytest.mark.parametrize("bodies", [(BATCH,), (OTHER, BATCH, 'op.add_column("notes", sa.Column("x", sa.Integer))')])
def test_what_the_commit_refuses_is_the_revisions_and_told_once(tmp_path: Path, bodies: tuple[str, ...]) -> None:
    """A deferred key is looked at when the transaction ends, after the last revision."""
    base = {"a": BASE["a"].replace("REFERENCES tags (id)", "REFERENCES tags (id) DEFERRABLE INITIALLY DEFERRED")}
    names = ["a", "c1", "c2", "c3"]
    files = {name: revision(name, below, body) for below, name, body in zip(names, names[1:], bodies, strict=False)}
    repo = repository(tmp_path / "r", base, files)
    git(repo, "checkout", "--quiet", "main")
    write(repo, {"migrations/env.py": KEYS_ON})
    git(repo, "commit", "--quiet", "--all", "--message", "env")
    git(repo, "checkout", "--quiet", "change")
    git(repo, "rebase", "--quiet", "main")
    found = gate(repo, "--base", "main", *ONLY).project["findings"]
    failing = [one for one in found if one["category"] == "fails-on-existing-rows"]
    guilty = f"c{bodies.index(BATCH) + 1}"
    assert [(one["id"], one["revision"]) for one in failing] == [("sqlite-batch-recreate-foreign-keys", guilty)]
