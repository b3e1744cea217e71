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


def anew(
    copy: str, columns: str = "name VARCHAR(40), color VARCHAR(10)", more: str = "", name: str = "tags_new"
) -> str:
    """A table made anew by hand, with this copy and what comes after."""
    steps = [
        f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {columns}, weight INTEGER)",
        copy,
        "DROP TABLE tags",
        f"ALTER TABLE {name} RENAME TO tags",
        *([more] if more else []),
    ]
    return "\n".join(f"op.execute({one!r})" for one in steps)


EVERY = "INSERT INTO tags_new (id, name, color, weight) SELECT id, name, color, weight FROM tags"
LEFT_OUT = "INSERT INTO tags_new (id, name, weight) SELECT id, name, weight FROM tags"


@pytest.mark.parametrize(
    ("body", "column"),
    [
        (anew(LEFT_OUT), "color"),
        (anew(LEFT_OUT, "name VARCHAR(40), color VARCHAR(10) DEFAULT 'grey'"), "color"),
        (anew("INSERT INTO tags_new SELECT * FROM tags", "color VARCHAR(10), name VARCHAR(40)"), None),
        (
            anew(
                "INSERT INTO tags_new SELECT id, name, color, weight FROM tags", "color VARCHAR(10), name VARCHAR(40)"
            ),
            None,
        ),
    ],
    ids=["left-out", "left-out-with-default", "star-in-another-order", "names-in-another-order"],
)
def test_values_that_a_copy_does_not_take_over_are_told(tmp_path: Path, body: str, column: str | None) -> None:
    """The table has all its rows and columns, and other values in them; one copy is one finding, at its line."""
    found = judge(tmp_path, body)
    assert losses(found) == [("upgrade-works", "error", "c1", "tags", column)]
    lost = next(one for one in found if one["category"] == "data-loss")
    assert (lost["line"], "the copy does not put them into their place" in lost["message"]) == (11, True)


def test_rows_that_a_copy_numbers_anew_are_told(tmp_path: Path) -> None:
    """The rehearsal's rows have no gaps, so theirs come out the same."""
    copy = "INSERT INTO tags_new (name, color, weight) SELECT name, color, weight FROM tags ORDER BY id"
    found = judge(tmp_path, anew(copy))
    assert losses(found) == [("upgrade-works", "error", "c1", "tags", "id")]
    lost = next(one for one in found if one["category"] == "data-loss")
    assert (lost["line"], "the copy leaves out tags.id" in lost["message"]) == (11, True)


@pytest.mark.parametrize(
    "body",
    [
        anew(EVERY),
        anew("INSERT INTO tags_new SELECT * FROM tags"),
        anew(EVERY.replace("INTO tags_new (id,", "INTO tags_new (rowid,")),
        anew(EVERY.replace("color, weight FROM", "lower(color), weight FROM")),
        anew(LEFT_OUT, more="UPDATE tags SET color = 'blue' WHERE weight > 1"),
        anew("INSERT INTO tags_new SELECT * FROM tags", "name TEXT, color INTEGER"),
        "op.execute(\"UPDATE tags SET color = 'grey', name = 'x'\")",
    ],
    ids=[
        "all-named",
        "star-in-the-same-order",
        "key-as-rowid",
        "made-lower-case",
        "filled-afterwards",
        "other-types",
        "no-copy",
    ],
)
def test_values_that_are_changed_on_purpose_are_not_lost(tmp_path: Path, body: str) -> None:
    found = losses(judge(tmp_path, body))
    assert [one for one in found if one[0] == "upgrade-works"] == []


NOTES = "CREATE TABLE notes_new (id INTEGER PRIMARY KEY, tag_id INTEGER REFERENCES tags (id), body VARCHAR(40){})"
TAGS = 'tags = sa.table("tags", sa.column("id"), sa.column("name"), sa.column("color"))\n'


@pytest.mark.parametrize("url", ["sqlite:///app.db", POSTGRESQL])
@pytest.mark.parametrize(
    "body",
    [
        'op.execute("UPDATE tags SET color = NULL")',
        "op.execute('UPDATE tags SET \"color\" = NULL WHERE tags.color IS NOT NULL')",
        TAGS + "op.execute(tags.update().values(color=None))",
    ],
)
def test_a_column_emptied_by_an_update_is_told(tmp_path: Path, url: str, body: str) -> None:
    """Nobody can bring the values back; whether they are needed is for the reviewer to say."""
    found = judge(tmp_path, body, OTHER, url=url)
    assert losses(found) == [("upgrade-works", "warning", "c1", "tags", "color")]
    lost = next(one for one in found if one["category"] == "data-loss")
    assert "takes the values of tags.color from every row" in lost["message"]
    assert lost["line"] == 10 + body.count("\n")


@pytest.mark.parametrize(
    "body",
    [
        "op.execute('UPDATE tags SET color = NULL WHERE id = 1')",
        "op.execute(\"UPDATE tags SET color = NULL WHERE color <> 'red'\")",
        "op.execute(\"UPDATE tags SET color = nullif(color, '')\")",
        "op.execute('UPDATE tags SET name = color')\nop.execute('UPDATE tags SET color = NULL')",
        "op.execute('UPDATE tags SET name = color, color = NULL')",
        "op.execute('CREATE TABLE kept AS SELECT id, color FROM tags')\nop.execute('UPDATE tags SET color = NULL')",
        TAGS + "rows = op.get_bind().execute(sa.select(tags.c.id, tags.c.color)).fetchall()\n"
        "for one in rows:\n    op.execute(tags.update().where(tags.c.id == one.id).values(name=one.color))\n"
        "op.execute(tags.update().values(color=None))",
        'op.add_column("tags", sa.Column("hue", sa.String(9)))\nop.execute("UPDATE tags SET hue = NULL")',
        'op.execute("UPDATE notes SET tag_id = NULL WHERE tag_id NOT IN (SELECT id FROM tags)")',
    ],
)
def test_values_chosen_or_copied_before_are_not_told_as_lost(tmp_path: Path, body: str) -> None:
    """Rows that the author chose, values that something else has by now, and columns that had none."""
    assert losses(judge(tmp_path, body)) == []


SWAP = "\nop.execute('DROP TABLE notes')\nop.execute('ALTER TABLE notes_new RENAME TO notes')"


@pytest.mark.parametrize(
    ("unique", "copy", "expected"),
    [
        (", UNIQUE (body)", "INSERT OR IGNORE INTO notes_new SELECT id, tag_id, body FROM notes", 1),
        ("", "INSERT INTO notes_new SELECT n.id, n.tag_id, n.body FROM notes n JOIN tags t ON t.id = n.tag_id", 1),
        ("", "INSERT INTO notes_new SELECT id, tag_id, body FROM notes", 0),
    ],
    ids=["repeated", "null-key", "every-row"],
)
def test_rows_that_a_copy_drops_by_what_they_hold_are_a_warning(
    tmp_path: Path, unique: str, copy: str, expected: int
) -> None:
    """Ordinary rows all come over; those that repeat each other or have no key do not, and nothing says so."""
    body = f"op.execute({NOTES.format(unique)!r})\nop.execute({copy!r}){SWAP}"
    found = judge(tmp_path, body)
    assert losses(found) == [("upgrade-works", "warning", "c1", "notes", None)] * expected
    assert [one["depends_on_data"] for one in found if one["category"] == "data-loss"] == [True] * expected
