"""Down and up again, through the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import gate, repository, revision

BASE = {
    "a1": revision(
        "a1",
        None,
        'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))',
        'op.drop_table("users")',
    )
}
POSTGRESQL = "postgresql+psycopg2://app@db.example.org/app"
MERGE = revision("mc", None).replace("down_revision = None", 'down_revision = ("m", "c")')
ADD = 'op.add_column("users", sa.Column("age", sa.Integer))'


def judge(tmp_path: Path, upgrade: str, downgrade: str):
    repo = repository(tmp_path / "r", BASE, {"b": revision("b", "a1", upgrade, downgrade)}, POSTGRESQL)
    return gate(repo, "--only", "downgrade-works")


def test_a_way_back_that_works_is_silent(tmp_path: Path) -> None:
    done = judge(tmp_path, ADD, 'op.drop_column("users", "age")')
    assert (done.code, done.findings(), done.verdicts()) == (0, [], {"downgrade-works": "pass"})


def test_the_way_back_over_a_merge_takes_the_new_side_of_it_back_too(tmp_path: Path) -> None:
    """Alembic's own `downgrade m` from the merge of m and c leaves c where it is."""
    base = {**BASE, "m": revision("m", "a1", 'op.execute("SELECT 1")', 'op.execute("SELECT 1")')}
    change = {"c": revision("c", "a1", ADD, 'op.drop_column("users", "age")'), "mc": MERGE}
    done = gate(repository(tmp_path / "r", base, change), "--only", "downgrade-works")
    assert (done.code, done.findings(), done.verdicts()) == (0, [], {"downgrade-works": "pass"})


def test_the_way_back_over_a_merge_says_what_its_new_side_leaves(tmp_path: Path) -> None:
    base = {**BASE, "m": revision("m", "a1")}
    change = {"c": revision("c", "a1", ADD, 'op.execute("SELECT 1")'), "mc": MERGE}
    done = gate(repository(tmp_path / "r", base, change), "--only", "downgrade-works")
    assert done.findings() == [("downgrade-works", "irreversible", "error", "c")]


def test_a_downgrade_that_fails_is_irreversible(tmp_path: Path) -> None:
    done = judge(tmp_path, ADD, 'op.drop_column("users", "agee")')
    assert [(category, revision) for _, category, _, revision in done.findings()] == [("irreversible", "b")]


def test_a_downgrade_that_leaves_something_behind_is_irreversible(tmp_path: Path) -> None:
    done = judge(tmp_path, ADD + '\nop.create_index("ix", "users", ["name"])', 'op.drop_column("users", "age")')
    assert [(category, revision) for _, category, _, revision in done.findings()] == [("irreversible", "b")]


def test_a_missing_way_back_is_told_once(tmp_path: Path) -> None:
    done = judge(tmp_path, ADD, "raise NotImplementedError")
    assert [(id, category, severity) for id, category, severity, _ in done.findings()] == [
        ("missing-downgrade", "irreversible", "warning")
    ]
    assert done.code == 0


def test_a_data_only_revision_needs_no_way_back(tmp_path: Path) -> None:
    done = judge(tmp_path, "op.execute(\"UPDATE users SET name = 'x' WHERE id < 0\")", "pass")
    assert (done.code, done.findings()) == (0, [])


def test_an_upgrade_that_stops_leaves_the_way_back_unknown(tmp_path: Path) -> None:
    """What the files alone say is told; that nothing could be tried is no pass."""
    done = judge(tmp_path, ADD + '\nop.drop_table("nothing")', "pass")
    assert [(id, severity) for id, _, severity, _ in done.findings()] == [("missing-downgrade", "warning")]
    assert (done.code, done.verdicts()) == (3, {"downgrade-works": "undecided"})


def test_an_enum_label_that_stays_says_nothing_against_the_way_back(tmp_path: Path) -> None:
    """PostgreSQL takes no label away: the rest of downgrade() is right as it is."""
    base = {
        "a1": revision("a1", None, "op.execute(\"CREATE TYPE mood AS ENUM ('ok')\")", 'op.execute("DROP TYPE mood")')
    }
    upgrade = "op.execute(\"ALTER TYPE mood ADD VALUE 'bad'\")\nop.create_table('t', sa.Column('id', sa.Integer))"
    change = {"b": revision("b", "a1", upgrade, 'op.drop_table("t")')}
    done = gate(repository(tmp_path / "r", base, change, POSTGRESQL), "--only", "downgrade-works")
    assert ([one for one in done.findings() if one[2] != "note"], done.verdicts()) == ([], {"downgrade-works": "pass"})


def test_a_label_that_stays_hides_nothing_else_that_is_left(tmp_path: Path) -> None:
    """The second upgrade gets past the label, so it meets the column that downgrade() forgot."""
    base = {
        "a1": revision(
            "a1",
            None,
            "op.execute(\"CREATE TYPE mood AS ENUM ('ok')\")\nop.create_table('t', sa.Column('id', sa.Integer))",
            'op.drop_table("t")\nop.execute("DROP TYPE mood")',
        )
    }
    columns = 'op.add_column("t", sa.Column("x", sa.Integer))\nop.add_column("t", sa.Column("y", sa.Integer))'
    change = {
        "b": revision("b", "a1", "op.execute(\"ALTER TYPE mood ADD VALUE 'bad'\")"),
        "c": revision("c", "b", columns, 'op.drop_column("t", "x")'),
    }
    done = gate(repository(tmp_path / "r", base, change, POSTGRESQL), "--only", "downgrade-works")
    assert [one for one in done.findings() if one[2] == "error"] == [("downgrade-works", "irreversible", "error", "c")]
    assert done.verdicts() == {"downgrade-works": "fail"}


LOOKUP = {"a1": revision("a1", None, 'op.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(50))")')}
INSERT = "op.execute(\"INSERT INTO users (id, name) VALUES (900, 'robot')\")"
OTHER = revision("c", "b", 'op.create_table("logs", sa.Column("id", sa.Integer))', 'op.drop_table("logs")')


@pytest.mark.parametrize("url", ["sqlite:///app.db", POSTGRESQL])
@pytest.mark.parametrize(
    ("downgrade", "expected"), [("DELETE FROM users", ["b"]), ("DELETE FROM users WHERE id = 900", [])]
)
def test_a_way_back_that_takes_older_rows_along_is_irreversible(
    tmp_path: Path, url: str, downgrade: str, expected: list[str]
) -> None:
    """What upgrade() inserted goes and comes again; what was there before stays gone. The revision is the one that did it."""
    change = {"b": revision("b", "a1", INSERT, f"op.execute({downgrade!r})"), "c": OTHER}
    done = gate(repository(tmp_path / "r", LOOKUP, change, url), "--only", "downgrade-works")
    assert done.findings() == [("downgrade-works", "irreversible", "warning", id) for id in expected]


def test_the_way_back_of_one_branch_leaves_the_other_where_it_is(tmp_path: Path) -> None:
    """Each revision's way back is gone by itself: the table of the other branch is not that revision's loss."""
    other = 'op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True))'
    base = {**LOOKUP, "y1": revision("y1", None, other, 'op.drop_table("orders")')}
    change = {
        "b": revision("b", "a1", INSERT, 'op.execute("DELETE FROM users")'),
        "y2": revision("y2", "y1", 'op.create_table("z", sa.Column("id", sa.Integer))', 'op.drop_table("z")'),
    }
    done = gate(repository(tmp_path / "r", base, change), "--only", "downgrade-works")
    assert [(one["revision"], one["table"]) for one in done.project["findings"]] == [("b", "users")]


def test_a_way_back_over_a_merge_leaves_the_bases_side_alone_and_names_the_guilty_one(tmp_path: Path) -> None:
    """One by one, too: the base's own way back is nobody's question here."""
    base = {**LOOKUP, "m": revision("m", "a1", 'op.execute("SELECT 1")', "raise RuntimeError")}
    change = {"c": revision("c", "a1", INSERT, 'op.execute("DELETE FROM users")'), "mc": MERGE}
    done = gate(repository(tmp_path / "r", base, change), "--only", "downgrade-works")
    assert done.findings() == [("downgrade-works", "irreversible", "warning", "c")]


@pytest.mark.parametrize(("copied", "expected"), [("id", ["name"]), ("id, name", [])])
def test_a_way_back_that_leaves_values_behind_is_irreversible(tmp_path: Path, copied: str, expected: list[str]) -> None:
    """The column is back, empty: the schema alone looks right."""
    steps = (
        "CREATE TABLE users_old (id INTEGER PRIMARY KEY, name VARCHAR(50))",
        f"INSERT INTO users_old ({copied}) SELECT {copied} FROM users",
        "DROP TABLE users",
        "ALTER TABLE users_old RENAME TO users",
    )
    change = {"b": revision("b", "a1", ADD, "\n".join(f"op.execute({one!r})" for one in steps))}
    done = gate(repository(tmp_path / "r", LOOKUP, change), "--only", "downgrade-works")
    found = [(one["category"], one["revision"], one["column"]) for one in done.project["findings"]]
    assert found == [("irreversible", "b", one) for one in expected]


def test_rows_that_the_upgrade_takes_each_time_say_nothing_against_the_way_back(tmp_path: Path) -> None:
    """Up again it deletes one more row; downgrade() took none."""
    upgrade = ADD + '\nop.execute("DELETE FROM users WHERE id = (SELECT max(id) FROM users)")'
    change = {"b": revision("b", "a1", upgrade, 'op.drop_column("users", "age")')}
    done = gate(repository(tmp_path / "r", LOOKUP, change), "--only", "downgrade-works")
    assert (done.code, done.findings()) == (0, [])
