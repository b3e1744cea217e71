"""SQLite's recreates through the command: what they lose, what they only look like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.running import gate, repository, revision

BASE = """\
op.execute("CREATE TABLE tags (id INTEGER NOT NULL, name VARCHAR(40), born DATE, CONSTRAINT pk_tags PRIMARY KEY (id), "
    "CONSTRAINT uq_name UNIQUE (name) ON CONFLICT IGNORE, CONSTRAINT ck_name CHECK (name <> ''))")
op.execute("CREATE UNIQUE INDEX ux_born ON tags (born)")
op.execute("CREATE INDEX ix_lower ON tags (lower(name))")
op.execute("CREATE TRIGGER touch AFTER UPDATE ON tags BEGIN SELECT 1; END")
op.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, tag_id INTEGER, FOREIGN KEY (tag_id) REFERENCES tags (id))")
"""
COLUMNS = "id INTEGER NOT NULL, name VARCHAR(80), born DATE, CONSTRAINT pk_tags PRIMARY KEY (id)"
KEPT = "CONSTRAINT uq_name UNIQUE (name) ON CONFLICT IGNORE, CONSTRAINT ck_name CHECK (name <> '')"


def findings(folder: Path, upgrade: str) -> list[dict[str, Any]]:
    """What is said of a revision over the base, without what a recreate is always told."""
    change = {"c1": revision("c1", "b1", upgrade, "raise NotImplementedError")}
    repo = repository(folder / "project", {"b1": revision("b1", None, BASE)}, change, url="sqlite:///app.db")
    done = gate(repo, "--base", "main", "--only", "safe-operations,split-steps")
    told: list[dict[str, Any]] = done.project["findings"]
    assert [one["id"] for one in told].count("sqlite-batch-recreate") == 1, done.err
    return [one for one in told if one["severity"] != "note" and one["id"] != "sqlite-batch-recreate"]


def script(*statements: str) -> str:
    """A revision's statements."""
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


def test_what_a_table_made_by_hand_forgets_is_named_with_its_sql(tmp_path: Path) -> None:
    """A named constraint, a clause, UNIQUE, a trigger: each with what the base's catalogue has of it."""
    made = script(
        f"CREATE TABLE tags_new ({COLUMNS}, CONSTRAINT uq_name UNIQUE (name))",
        "INSERT INTO tags_new SELECT id, name, born FROM tags",
        "DROP TABLE tags",
        "ALTER TABLE tags_new RENAME TO tags",
        "CREATE INDEX ux_born ON tags (born)",
        "CREATE INDEX ix_other ON tags (lower(name))",
    )
    [finding] = findings(tmp_path, made)
    assert finding["message"] == (
        "Making tags anew does not carry trigger touch, ON CONFLICT IGNORE of the unique constraint on name, the check "
        "ck_name and UNIQUE of index ux_born: gone afterwards, without an error."
    )
    assert [step["code"] for step in finding["remedy"]["steps"]] == [
        "#   UNIQUE (name) ON CONFLICT IGNORE\n#   CONSTRAINT ck_name CHECK (name <> '')",
        'op.execute("CREATE TRIGGER touch AFTER UPDATE ON tags BEGIN SELECT 1; END")\n'
        'op.execute("DROP INDEX ux_born")\n'
        'op.execute("CREATE UNIQUE INDEX ux_born ON tags (born)")',
    ]


def test_a_table_renamed_first_takes_what_points_at_it_along(tmp_path: Path) -> None:
    """Nothing is renamed or dropped for the release still running, but writes to the child fail."""
    put_back = (
        "CREATE UNIQUE INDEX ux_again ON tags (born)",
        "CREATE INDEX ix_again ON tags (lower(name))",
        "CREATE TRIGGER again AFTER UPDATE ON tags BEGIN SELECT 1; END",
    )
    made = (
        "ALTER TABLE tags RENAME TO tags_old",
        f"CREATE TABLE tags ({COLUMNS}, {KEPT})",
        "INSERT INTO tags SELECT id, name, born FROM tags_old",
        "DROP TABLE tags_old",
        *put_back,
    )
    [finding] = findings(tmp_path / "wrong", script(*made))
    assert (finding["category"], finding["table"]) == ("backward-incompatible", "notes")
    assert "no such table: main.tags_old" in finding["message"]
    legacy = script("PRAGMA foreign_keys=OFF", "PRAGMA legacy_alter_table=ON", *made, "PRAGMA legacy_alter_table=OFF")
    assert {one["id"] for one in findings(tmp_path / "right", legacy)} <= {"foreign-keys-not-restored"}


def test_a_table_made_by_a_query_loses_its_keys_and_no_column(tmp_path: Path) -> None:
    """Its values are kept; what CREATE TABLE AS SELECT does not carry is named."""
    made = script(
        "CREATE TABLE tags_new AS SELECT id, name, born FROM tags",
        "DROP TABLE tags",
        "ALTER TABLE tags_new RENAME TO tags",
    )
    [finding] = findings(tmp_path, made)
    assert finding["id"] == "sqlite-batch-recreate-loses-objects"
    assert "the PRIMARY KEY (id), the unique constraint uq_name, the check ck_name" in finding["message"]


def test_what_batch_mode_is_told_to_drop_is_not_lost(tmp_path: Path) -> None:
    """By its name, or by the one that a naming convention gives it."""
    dropped = (
        'with op.batch_alter_table("notes", naming_convention='
        '{"fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s"}) as batch_op:\n'
        '    batch_op.drop_constraint("fk_notes_tag_id_tags", type_="foreignkey")'
    )
    assert findings(tmp_path, dropped) == []


def test_a_cast_of_dates_is_a_loss(tmp_path: Path) -> None:
    """As Alembic writes it."""
    cast = (
        'with op.batch_alter_table("tags") as batch_op:\n'
        '    batch_op.alter_column("born", existing_type=sa.Date(), type_=sa.DateTime())'
    )
    told = {(one["id"], one["severity"], one["category"]) for one in findings(tmp_path, cast)}
    assert ("changing-column-type", "warning", "data-loss") in told
