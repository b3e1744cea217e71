"""Does the deploy run: always, on rows, on difficult rows; and what cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.checks.upgrade_works import ask
from gate.facts.history import History, NewRevisions, Revision
from gate.facts.rehearsal import Failure, Rehearsal, RowsRun, Server
from gate.facts.schema import Schema
from gate.model import Location
from tests.running import gate, repository, revision

HISTORY = History((Revision("a", "a.py"), Revision("b", "b.py", ("a",))))
NEW = NewRevisions(("b",), ("a",))
SERVER = Server("postgresql", (17, 0), "17.0", "binaries")
NULLS = Failure(
    'null value in column "x" violates not-null constraint',
    "NotNullViolation",
    "b",
    Location("b.py", 4),
    "ALTER ...",
    1,
    "23502",
)
SYNTAX = Failure('syntax error at or near "MODIFY"', "SyntaxError", "b", Location("b.py", 4), "ALTER ...", 1, "42601")


def answer(*runs: RowsRun, rows: tuple[str, ...] = ("b",), baseline: Failure | None = None):
    return ask(
        Rehearsal(SERVER, Schema(), Schema(), runs=runs, version_rows=rows, baseline_failure=baseline), HISTORY, NEW
    )


def test_a_clean_run_passes() -> None:
    assert answer(RowsRun("plain"), RowsRun("hostile")).findings == ()


def test_failing_on_an_empty_database_is_broken() -> None:
    (finding,) = answer(RowsRun("plain", SYNTAX), RowsRun("empty", SYNTAX)).findings
    assert (finding.category, finding.severity, finding.message) == (
        "broken",
        "error",
        'revision b fails on any database: syntax error at or near "MODIFY"',
    )


def test_failing_on_plain_rows_is_an_error() -> None:
    (finding,) = answer(RowsRun("plain", NULLS), RowsRun("empty")).findings
    assert (finding.category, finding.severity, finding.depends_on_data) == ("fails-on-existing-rows", "error", False)


@pytest.mark.parametrize(
    ("kind", "severity"),
    [("JSONDecodeError", "warning"), ("ValueError", "warning"), ("TypeError", "error"), ("KeyError", "error")],
)
def test_a_value_that_the_revisions_own_code_cannot_read_is_a_guess(kind: str, severity: str) -> None:
    """The rows are made up; what is wrong with the code itself is wrong with every row."""
    (finding,) = answer(RowsRun("plain", Failure("Expecting value", kind, "b")), RowsRun("empty")).findings
    assert (finding.category, finding.severity) == ("fails-on-existing-rows", severity)
    assert finding.depends_on_data == (severity == "warning")


def test_what_comes_after_a_row_that_could_not_be_read_is_judged(tmp_path: Path) -> None:
    """The run without rows goes on: it sees more lines, though the one with rows saw more statements."""
    base = 'op.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, n INTEGER)")'
    reads = (
        "import json\nbind = op.get_bind()\n"
        'for id_, a in bind.execute(sa.text("SELECT id, a FROM t")).fetchall():\n'
        '    bind.execute(sa.text("UPDATE t SET n = 1 WHERE id = :i"), {"i": id_})\n'
        "    n = json.loads(a) if id_ > 2 else 0\n"
        'op.create_index("ix_n", "t", ["n"])'
    )
    change = {"b": revision("b", "a", reads), "c": revision("c", "b", 'op.drop_column("t", "a")')}
    repo = repository(tmp_path / "r", {"a": revision("a", None, base)}, change, url="sqlite:///app.db")
    found = gate(repo, "--only", "upgrade-works,safe-operations").findings()
    assert ("upgrade-works", "fails-on-existing-rows", "warning", "b") in found
    assert ("dropping-column", "data-loss", "error", "c") in found


OWN_ROWS = {
    "a": revision(
        "a",
        None,
        'op.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(20), b VARCHAR(20))")\n'
        "op.execute(\"INSERT INTO t VALUES (1, 'x', 'y'), (2, 'x', 'z'), (3, NULL, 'w')\")",
    )
}
REQUIRED = 'with op.batch_alter_table("t") as b:\n    b.alter_column("a", existing_type=sa.String(20), nullable=False)'


@pytest.mark.parametrize(
    ("change", "rule", "severity"),
    [
        ('op.create_index("ux", "t", ["a"], unique=True)', "creating-unique-index", "error"),
        ('op.create_index("ux", "t", ["b"], unique=True)', "creating-unique-index", "warning"),
        (REQUIRED, "setting-not-null", "error"),
    ],
)
def test_rows_that_earlier_revisions_wrote_are_existing_rows(
    tmp_path: Path, change: str, rule: str, severity: str
) -> None:
    """What they refuse, the target refuses; that the few of them fit says nothing of those that came since."""
    repo = repository(tmp_path / "r", OWN_ROWS, {"b": revision("b", "a", change)}, url="sqlite:///app.db")
    found = gate(repo, "--only", "upgrade-works,safe-operations").findings()
    assert (rule, "fails-on-existing-rows", severity, "b") in found
    assert {"broken", "transaction"}.isdisjoint(one[1] for one in found if one[2] == "error")


def test_failing_on_difficult_rows_depends_on_the_data() -> None:
    (finding,) = answer(RowsRun("plain"), RowsRun("hostile", NULLS)).findings
    assert (finding.category, finding.severity, finding.depends_on_data) == ("fails-on-existing-rows", "warning", True)


def test_a_backfill_that_chokes_on_a_nonsense_value_is_no_finding() -> None:
    nonsense = Failure("invalid input syntax for type json", "InvalidTextRepresentation", "b", sqlstate="22P02")
    assert answer(RowsRun("plain"), RowsRun("hostile", nonsense)).findings == ()


@pytest.mark.parametrize(
    ("error", "sqlstate", "any_row"),
    [
        ("cannot store TEXT value in INTEGER column t.n", None, False),
        ('invalid input syntax for type integer: "x"', "22P02", False),
        ("(1366, \"Incorrect integer value: 'x' for column 'n' at row 1\")", None, False),
        ("value too long for type character varying(3)", "22001", True),
        ("NOT NULL constraint failed: t.n", None, True),
    ],
)
def test_a_value_that_is_refused_for_what_it_is_says_nothing_of_every_row(
    error: str, sqlstate: str | None, any_row: bool
) -> None:
    """An error in the rehearsal all the same; whether the target's rows are refused depends on what they hold."""
    (finding,) = answer(RowsRun("plain", Failure(error, "IntegrityError", "b", sqlstate=sqlstate))).findings
    assert (finding.category, finding.severity) == ("fails-on-existing-rows", "error")
    assert ("fails on any row" in finding.message) == any_row


@pytest.mark.parametrize(
    ("sql", "error", "told"),
    [
        ("DELETE FROM t WHERE old", "FOREIGN KEY constraint failed", True),
        ("WITH o AS (SELECT 1)\ndelete from t", 'violates foreign key constraint "f" on table "u"', True),
        ("INSERT INTO u VALUES (1)", "FOREIGN KEY constraint failed", False),
        ("DELETE FROM t", "CHECK constraint failed", False),
    ],
)
def test_rows_that_others_point_at_are_named_as_what_stops_a_delete(sql: str, error: str, told: bool) -> None:
    """Splitting it helps nobody: the other rows are what stands in the way."""
    (finding,) = answer(RowsRun("plain", Failure(error, "IntegrityError", "b", sql=sql))).findings
    assert (finding.category, finding.severity) == ("fails-on-existing-rows", "error")
    assert ("where other rows point at one that it deletes" in finding.message) is told


def test_a_lost_version_row_is_told() -> None:
    (finding,) = answer(RowsRun("plain"), rows=("a",)).findings
    assert (finding.category, finding.message) == (
        "broken",
        "the upgrade ends without an error, and the version table says a instead of b: the next run repeats it",
    )


def test_a_base_that_cannot_be_rebuilt_is_undecided() -> None:
    found = answer(baseline=Failure("no such table: users", "OperationalError", "a"))
    assert (found.findings, found.undecided) == ((), "the base cannot be rebuilt at revision a: no such table: users")
    assert "`bootstrap:` (base-ref, a .sql file, or a command)" in (found.advice or "")


@pytest.mark.parametrize(
    "error",
    [
        "column lists.user_id does not exist\nLINE 1: ...lists.user_id\n           ^\n",
        'column "user_id" of relation "lists" does not exist',
        "no such column: lists.user_id",
        "(1054, \"Unknown column 'lists.user_id' in 'field list'\")",
    ],
)
def test_a_base_that_reads_the_models_of_today_is_told_why(error: str) -> None:
    """The commonest reason for a column that is missing below: the revision imports models that have moved on."""
    found = answer(baseline=Failure(error, "ProgrammingError", "a"))
    assert found.undecided == f"the base cannot be rebuilt at revision a: {error.splitlines()[0]}"
    assert "imports the project's models" in (found.advice or "")


def test_an_extension_that_the_server_lacks_is_undecided() -> None:
    lack = Failure(
        'extension "postgis" is not available',
        "FeatureNotSupported",
        "b",
        lacks=("the scratch server has no extension postgis", "give one"),
    )
    found = answer(RowsRun("plain", lack), RowsRun("empty", lack))
    assert (found.findings, found.undecided, found.advice) == (
        (),
        "revision b cannot be judged here: the scratch server has no extension postgis",
        "give one",
    )


def test_nothing_new_says_so() -> None:
    found = ask(Rehearsal(SERVER, Schema(), Schema()), HISTORY, NewRevisions((), ("b",)))
    assert (found.findings, found.undecided, found.reason) == ((), None, "no new revisions")


def test_rows_that_a_table_made_anew_does_not_take_over_are_told(tmp_path: Path) -> None:
    """Counted before and after: the copy by hand leaves rows behind, and with them goes what hangs on them."""
    base = """
op.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
"""
    change = """
op.execute("CREATE TABLE t_new (id INTEGER PRIMARY KEY, v TEXT)")
op.execute("INSERT INTO t_new (id, v) SELECT id, v FROM t WHERE id < 0")
op.execute("DROP TABLE t")
op.execute("ALTER TABLE t_new RENAME TO t")
"""
    repo = repository(tmp_path / "r", {"a": revision("a", None, base)}, {"b": revision("b", "a", change)})
    done = gate(repo, "--only", "upgrade-works,safe-operations")
    lost = [one for one in done.project["findings"] if one["category"] == "data-loss"]
    assert [(one["id"], one["severity"], one["revision"], one["table"], one["message"]) for one in lost] == [
        ("upgrade-works", "error", "b", "t", "t has fewer rows after the upgrade: 4 of 4 rows gone.")
    ]
    assert lost[0]["line"] == 12


def test_rows_that_a_rule_tells_of_are_told_once(tmp_path: Path) -> None:
    """DELETE has rules of its own; the count becomes their evidence."""
    base = 'op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))'
    for number, (delete, rule) in enumerate(
        [("DELETE FROM t", "deleting-all-rows"), ("DELETE FROM t WHERE id > 2", "deleting-rows")]
    ):
        change = {"b": revision("b", "a", f"op.execute({delete!r})\nop.execute('UPDATE t SET id = id WHERE id = 1')")}
        repo = repository(tmp_path / f"r{number}", {"a": revision("a", None, base)}, change)
        done = gate(repo, "--only", "upgrade-works,safe-operations")
        lost = [one for one in done.project["findings"] if one["category"] == "data-loss"]
        assert [one["id"] for one in lost] == [rule]
        assert any("rows gone" in one["detail"] for one in lost[0]["evidence"])


def test_a_partition_that_leaves_takes_its_rows_along(tmp_path: Path) -> None:
    """Detached, its rows are where they were, on any level; rows deleted beside that are still told by their rule."""
    base = """
op.execute("CREATE TABLE t (id int, at date) PARTITION BY RANGE (at)")
op.execute("CREATE TABLE old PARTITION OF t FOR VALUES FROM ('2020-01-01') TO ('2030-01-01') PARTITION BY LIST (id)")
op.execute("CREATE TABLE old_rest PARTITION OF old DEFAULT")
"""
    change = 'op.execute("ALTER TABLE old DETACH PARTITION old_rest")'
    files = {"a": revision("a", None, base)}
    repo = repository(tmp_path / "r", files, {"b": revision("b", "a", change)}, "postgresql+psycopg2://u@h/app")
    done = gate(repo, "--only", "upgrade-works,safe-operations")
    assert [one for one in done.findings() if one[1] == "data-loss"] == []


def test_what_a_truncate_takes_along_is_told_once(tmp_path: Path) -> None:
    """CASCADE empties the tables that point at it, on any level: the rule names it, at its line."""
    base = """
op.execute("CREATE TABLE t (id int PRIMARY KEY)")
op.execute("CREATE TABLE child (id int PRIMARY KEY, t int REFERENCES t)")
op.execute("CREATE TABLE grandchild (child int REFERENCES child)")
"""
    change = revision("b", "a", 'op.execute("TRUNCATE t CASCADE")')
    repo = repository(tmp_path / "r", {"a": revision("a", None, base)}, {"b": change}, "postgresql+psycopg2://u@h/app")
    done = gate(repo, "--only", "upgrade-works,safe-operations")
    assert [one[0] for one in done.findings() if one[1] == "data-loss"] == ["truncating-table"]


INDEXED = {
    "a": revision(
        "a",
        None,
        """
op.create_table("tasks", sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", sa.Text), sa.Column("note", sa.Text))
op.execute("CREATE VIRTUAL TABLE found USING fts5(title, content='tasks', content_rowid='id')")
op.execute("CREATE TRIGGER added AFTER INSERT ON tasks BEGIN INSERT INTO found (rowid, title) VALUES (new.id, new.title); END")
op.execute("CREATE VIRTUAL TABLE docs USING fts5(body)")
""",
    )
}
REPLACED = """
op.execute("DROP TABLE found")
op.execute("CREATE VIRTUAL TABLE found USING fts5(title, note, content='tasks', content_rowid='id')")
op.execute("INSERT INTO found (found) VALUES ('rebuild')")
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("op.execute(\"INSERT INTO found (found) VALUES ('rebuild')\")", []),
        (REPLACED, []),
        ('op.execute("DELETE FROM docs")', ["deleting-all-rows data-loss docs"]),
        (
            'op.execute("DROP TABLE docs")',
            ["dropping-table data-loss docs", "dropping-table backward-incompatible docs"],
        ),
    ],
    ids=["rebuilt", "replaced by a wider one", "emptied", "dropped"],
)
def test_a_text_index_is_one_table(tmp_path: Path, body: str, expected: list[str]) -> None:
    """What SQLite keeps inside of it is seeded, counted and missed by nobody."""
    repo = repository(tmp_path / "r", INDEXED, {"b": revision("b", "a", body)})
    done = gate(repo, "--only", "upgrade-works,safe-operations,old-release-works")
    wrong = [one for one in done.project["findings"] if one["severity"] == "error"]
    assert [f"{one['id']} {one['category']} {one['table']}" for one in wrong] == expected


def test_rows_of_a_partition_are_told_once_by_its_own_name(tmp_path: Path) -> None:
    """The rows of the parent are those of its partitions: the rule names the one that the statement empties."""
    base = """
op.execute("CREATE TABLE t (id int, at date) PARTITION BY RANGE (at)")
op.execute("CREATE TABLE old PARTITION OF t FOR VALUES FROM ('2020-01-01') TO ('2030-01-01')")
"""
    files = {"a": revision("a", None, base)}
    for number, (sql, rule) in enumerate(
        [("DELETE FROM old", "deleting-all-rows"), ("TRUNCATE old", "truncating-table")]
    ):
        change = {"b": revision("b", "a", f'op.execute("{sql}")')}
        repo = repository(tmp_path / f"r{number}", files, change, "postgresql+psycopg2://u@h/app")
        done = gate(repo, "--only", "upgrade-works,safe-operations")
        lost = [one for one in done.project["findings"] if one["category"] == "data-loss"]
        assert [(one["id"], one["table"]) for one in lost] == [(rule, "old")]
        assert any("rows gone" in one["detail"] for one in lost[0]["evidence"])


def test_rows_are_read_back_through_the_types_of_the_project(tmp_path: Path) -> None:
    """SQLAlchemy's Uuid is text on SQLite, read in Python: rows made up for it are UUIDs, also where it points."""
    base = """
op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("name", sa.String(20)))
op.create_table("notes", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("user_id", sa.Uuid()))
"""
    change = """
op.add_column("users", sa.Column("slug", sa.String(20)))
users = sa.table("users", sa.column("id", sa.Uuid()), sa.column("slug", sa.String()))
notes = sa.table("notes", sa.column("id", sa.Uuid()), sa.column("user_id", sa.Uuid()))
connection = op.get_bind()
for row in connection.execute(sa.select(notes.c.id, notes.c.user_id)).all():
    connection.execute(users.update().where(users.c.id == row.user_id).values(slug="a"))
"""
    repo = repository(tmp_path / "r", {"a": revision("a", None, base)}, {"b": revision("b", "a", change)})
    done = gate(repo, "--only", "upgrade-works")
    assert (done.verdicts()["upgrade-works"], done.findings("upgrade-works")) == ("pass", [])


def test_a_base_that_is_not_committed_is_no_fault_of_the_change(tmp_path: Path) -> None:
    """A revision of the base commits by hand, so that Alembic keeps nothing after it: the index alone is there."""
    by_hand = """
op.get_bind().commit()
with op.get_context().autocommit_block():
    op.create_index("ix", "t", ["id"], postgresql_concurrently=True)
"""
    base = {
        "a": revision("a", None, 'op.create_table("t", sa.Column("id", sa.Integer(), primary_key=True))'),
        "b": revision("b", "a", by_hand),
    }
    change = {"c": revision("c", "b", 'op.add_column("t", sa.Column("x", sa.Integer()))', 'op.drop_column("t", "x")')}
    repo = repository(tmp_path / "r", base, change, "postgresql+psycopg2://u@h/app")
    for _ in range(2):  # nor is what the first run made kept for the second
        done = gate(repo, "--only", "upgrade-works,safe-operations", "--cache-dir", str(tmp_path / "cache"))
        assert done.verdicts()["upgrade-works"] == "undecided"
        assert done.reason("upgrade-works") == (
            "the base cannot be rebuilt at revision b: the upgrade ends without an error, yet the version table stands "
            "at a: what came after it was never committed"
        )
        assert [one for one in done.findings() if one[3] == "b"] == []
