"""The release still running, on the new schema, through the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.running import Outcome, gate, repository, revision

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


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", 0),
        ('REPORT = "SELECT * FROM archive_entries"', 1),
        ("class ArchiveEntry: ...", 1),
        ("archived = True", 0),
    ],
    ids=["nobody", "plain SQL", "a class", "another word"],
)
def test_a_table_without_a_model_is_used_by_whoever_names_it(tmp_path: Path, code: str, expected: int) -> None:
    """The models never knew it, nor another table that stays: the base's files tell, and its revisions are none of them."""
    base = {
        "a1": BASE["a1"],
        "a2": revision(
            "a2",
            "a1",
            'op.create_table("archive_entries", sa.Column("id", sa.Integer, primary_key=True))\n'
            'op.create_table("jobs", sa.Column("id", sa.Integer, primary_key=True))',
        ),
        "app.py": code,
    }
    change = {"b": revision("b", "a2", 'op.drop_table("archive_entries")')}
    models = MODELS.format(more=', sa.Column("email", sa.String(100))')
    done = gate(repository(tmp_path / "r", base, change, POSTGRESQL, models), "--only", "safe-operations")
    found = [category for _, category, severity, _ in done.findings() if severity == "error"]
    assert (found.count("data-loss"), found.count("backward-incompatible")) == (1, expected)


GERMAN = 'op.get_bind().connection.create_collation("german", lambda one, other: (one > other) - (one < other))\n'
SQLITE = {
    "a1": revision(
        "a1",
        None,
        GERMAN
        + """
op.execute("CREATE TABLE users (id INTEGER NOT NULL, name VARCHAR(50) NOT NULL, PRIMARY KEY (id))")
op.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, name TEXT)")
op.execute('CREATE TABLE "a.b" (id INTEGER PRIMARY KEY, name TEXT)')
op.execute("CREATE TABLE sorted (id INTEGER PRIMARY KEY, name TEXT COLLATE german)")
op.execute("CREATE TRIGGER tr_sorted AFTER UPDATE ON sorted BEGIN SELECT 1; END")
op.execute("CREATE VIEW names AS SELECT id, name FROM users")
op.execute("CREATE TRIGGER tr_log AFTER UPDATE ON users BEGIN INSERT INTO log VALUES (OLD.id, OLD.name); END")
op.execute("CREATE TRIGGER tr_kept BEFORE DELETE ON users BEGIN SELECT RAISE(ABORT, 'users are kept'); END")
""",
    )
}
AGAIN = """
op.execute("DROP VIEW names")
op.execute("DROP TABLE users")
op.execute("CREATE TABLE users ({key}, name VARCHAR(50) NOT NULL)")
"""
REQUIRED = (
    'op.execute("CREATE TRIGGER tr_name BEFORE INSERT ON users WHEN NEW.{column} IS NULL '
    "BEGIN SELECT RAISE(ABORT, '{column} is required'); END\")"
)
AFTER = (
    'op.execute("CREATE TRIGGER tr_after AFTER INSERT ON log WHEN {when} '
    "BEGIN SELECT RAISE(ABORT, 'a name is required'); END\")"
)
WORSE = {
    "view that lacks a column": (
        'op.execute("DROP VIEW names")\nop.execute("CREATE VIEW names AS SELECT id FROM users")',
        ["error names.name SELECT"],
    ),
    "table that is a view now": (
        'op.rename_table("log", "logs")\nop.execute("CREATE VIEW log AS SELECT * FROM logs")',
        ["error log INSERT, UPDATE, DELETE"],
    ),
    "trigger that counts columns": ('op.add_column("log", sa.Column("at", sa.Text))', ["error users UPDATE"]),
    "trigger that asks for a new column": (
        'op.add_column("users", sa.Column("kind", sa.Text))\n' + REQUIRED.format(column="kind"),
        ["warning users INSERT"],
    ),
    "trigger that refuses a row that is there": (AFTER.format(when="NEW.name <> ''"), ["warning log INSERT"]),
    "trigger that asks for what may be NULL": (AFTER.format(when="NEW.name IS NULL"), ["warning log INSERT"]),
    "key that is not the row's number": (AGAIN.format(key="id BIGINT NOT NULL PRIMARY KEY"), ["error users.id INSERT"]),
    "key that may be NULL": (AGAIN.format(key="id BIGINT PRIMARY KEY"), ["error users.id INSERT"]),
    "key that is none any more": (AGAIN.format(key="id INTEGER NOT NULL"), ["error users.id INSERT"]),
}
AS_BEFORE = {
    "wider view": 'op.execute("DROP VIEW names")\nop.execute("CREATE VIEW names AS SELECT name, id, 1 AS one FROM users")',
    "view that can be written to": """
op.execute("ALTER TABLE log RENAME TO logs")
op.execute("CREATE VIEW log AS SELECT * FROM logs")
op.execute("CREATE TRIGGER log_in INSTEAD OF INSERT ON log BEGIN INSERT INTO logs VALUES (NEW.id, NEW.name); END")
op.execute("CREATE TRIGGER log_up INSTEAD OF UPDATE ON log BEGIN UPDATE logs SET name = NEW.name WHERE id = OLD.id; END")
op.execute("CREATE TRIGGER log_de INSTEAD OF DELETE ON log BEGIN DELETE FROM logs WHERE id = OLD.id; END")
""",
    "trigger that old rows pass": REQUIRED.format(column="name"),
    "trigger that has nothing against them": AFTER.format(when="NEW.name = 'nobody'"),
    "trigger that counts": 'op.execute("CREATE TRIGGER tr_count AFTER INSERT ON log BEGIN '
    "UPDATE users SET name = 'x' WHERE id = NEW.id; END\")",
    "name with a dot": 'op.execute(\'ALTER TABLE "a.b" ADD COLUMN "c.d" TEXT\')',
    "collation of the application's": GERMAN + 'op.execute("CREATE INDEX ix_sorted ON sorted (name)")',
    "key that counts on": AGAIN.format(key="id INTEGER PRIMARY KEY AUTOINCREMENT"),
}


def harms(done: Outcome) -> list[str]:
    """Severity, place and verbs of each finding."""
    return [
        f"{one['severity']} {one['table']}{'.' + one['column'] if one['column'] else ''} "
        + ", ".join(dict.fromkeys(row["detail"].split()[0] for row in one["evidence"]))
        for one in done.project["findings"]
        if one["revision"] == "b"
    ]


NAMES = """
import sqlalchemy as sa
metadata = sa.MetaData()
for table in ("users", "log", "names", "a.b", "sorted"):
    sa.Table(table, metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
"""


@pytest.mark.parametrize("name", WORSE)
def test_what_breaks_it_on_sqlite_is_found(tmp_path: Path, name: str) -> None:
    """Triggers run with its rows, its views are read by name, and its keys are given by SQLite."""
    body, expected = WORSE[name]
    repo = repository(tmp_path / "r", SQLITE, {"b": revision("b", "a1", body)}, models=NAMES)
    done = gate(repo, "--only", "old-release-works")
    assert [one for one in harms(done) if one != "error names SELECT"] == expected


@pytest.mark.parametrize("name", AS_BEFORE)
def test_what_it_meets_as_before_on_sqlite_is_silent(tmp_path: Path, name: str) -> None:
    """Near misses; what a trigger refused before the deploy is nothing new."""
    repo = repository(tmp_path / "r", SQLITE, {"b": revision("b", "a1", AS_BEFORE[name])}, models=NAMES)
    assert [one for one in harms(gate(repo, "--only", "old-release-works")) if one != "error names SELECT"] == []


def test_a_view_that_nobody_maps_may_be_read_all_the_same(tmp_path: Path) -> None:
    """By a query in plain SQL: a warning."""
    body = WORSE["view that lacks a column"][0]
    models = NAMES.replace(', "names"', "")
    repo = repository(tmp_path / "r", SQLITE, {"b": revision("b", "a1", body)}, models=models)
    assert harms(gate(repo, "--only", "old-release-works")) == ["warning names.name SELECT"]


FUNCTION = '''
op.execute("""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$""")
op.execute("CREATE TRIGGER {name} BEFORE {when} ON users FOR EACH ROW EXECUTE PROCEDURE {name}()")
'''
LOGGED = {
    "a1": revision(
        "a1",
        None,
        'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))\n'
        'op.create_table("log", sa.Column("name", sa.Text), sa.Column("more", sa.Text))'
        + FUNCTION.format(name="logs", body="INSERT INTO log (name) VALUES (OLD.name);", when="UPDATE")
        + FUNCTION.format(name="keeps", body="RAISE EXCEPTION 'users are kept';", when="DELETE"),
    )
}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('op.drop_column("log", "name")', ["error log.name SELECT, INSERT, UPDATE", "error users UPDATE"]),
        (
            FUNCTION.format(name="asks", body="IF NEW.name <> 'x' THEN RAISE 'no'; END IF;", when="INSERT"),
            ["warning users INSERT"],
        ),
        ('op.execute("ALTER TABLE users ALTER COLUMN id DROP DEFAULT")', ["error users.id INSERT"]),
        (FUNCTION.format(name="stamps", body="NEW.at := now();", when="UPDATE"), ["error users UPDATE"]),
        ('op.drop_column("log", "more")', ["error log.more SELECT, INSERT, UPDATE"]),
    ],
    ids=[
        "trigger writes what is gone",
        "trigger refuses",
        "key without a sequence",
        "trigger names no column",
        "trigger writes something else",
    ],
)
def test_triggers_and_keys_on_postgresql(tmp_path: Path, body: str, expected: list[str]) -> None:
    """The same questions of a server whose functions are read only when they run."""
    repo = repository(tmp_path / "r", LOGGED, {"b": revision("b", "a1", body)}, POSTGRESQL)
    assert sorted(harms(gate(repo, "--only", "old-release-works"))) == expected


VIEWED = {
    "a1": revision(
        "a1",
        None,
        'op.execute("CREATE TABLE users (id INT NOT NULL PRIMARY KEY, name VARCHAR(50), old VARCHAR(9), more VARCHAR(9))")\n'
        'op.execute("CREATE VIEW olds AS SELECT u.id, u.old AS kept FROM users u")',
    )
}


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_a_view_outlives_the_column_that_it_reads(tmp_path: Path, new: Any, kind: str) -> None:
    """MySQL and MariaDB keep such a view and refuse every query on it (1356)."""
    bodies = {
        "b": 'op.drop_column("users", "more")',
        "c": 'op.drop_column("users", "old")',
    }
    files = {name: revision(name, down, bodies[name]) for name, down in (("b", "a1"), ("c", "b"))}
    models = MODELS.format(more="")
    repo = repository(tmp_path / "r", VIEWED, files, "mysql+pymysql://app@db/app", models)
    done = gate(repo, "--only", "old-release-works", "--database-url", new(kind).url("pymysql"))
    assert [(one["severity"], one["revision"], one["table"]) for one in done.project["findings"]] == [
        ("warning", "c", "users")
    ]
    assert "on olds because of users.old: View 'olds' references" in done.project["findings"][0]["message"]


KEYED = {
    "a1": revision(
        "a1",
        None,
        'op.execute("CREATE TABLE users (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL UNIQUE)")\n'
        'op.execute("CREATE TABLE log (name VARCHAR(50))")',
    )
}


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_a_trigger_may_not_write_the_table_that_fires_it(tmp_path: Path, new: Any, kind: str) -> None:
    """MySQL and MariaDB create such a trigger, and refuse every INSERT from then on (1442)."""
    made = "CREATE TRIGGER tr AFTER INSERT ON users FOR EACH ROW UPDATE users SET name = '-' WHERE id = NEW.id"
    change = {"b": revision("b", "a1", f"op.execute({made!r})")}
    repo = repository(tmp_path / "r", KEYED, change, "mysql+pymysql://app@db/app", MODELS.format(more=""))
    done = gate(repo, "--only", "old-release-works", "--database-url", new(kind).url("pymysql"))
    assert harms(done) == ["error users INSERT"]


@pytest.mark.parametrize(
    ("kind", "column", "expected"),
    [("mysql", "gone", ["error users INSERT"]), ("mariadb", "gone", ["error users INSERT"]), ("mariadb", "name", [])],
)
def test_a_trigger_after_insert_is_reached_by_a_row_of_its_own(
    tmp_path: Path, new: Any, kind: str, column: str, expected: list[str]
) -> None:
    """A row that repeats another stops at its key, before such a trigger; MySQL reads its names only when it runs."""
    made = f"CREATE TRIGGER tr AFTER INSERT ON users FOR EACH ROW INSERT INTO log ({column}) VALUES (NEW.name)"
    change = {"b": revision("b", "a1", f"op.execute({made!r})")}
    repo = repository(tmp_path / "r", KEYED, change, "mysql+pymysql://app@db/app", MODELS.format(more=""))
    done = gate(repo, "--only", "old-release-works", "--database-url", new(kind).url("pymysql"))
    assert harms(done) == expected
