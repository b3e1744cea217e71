"""Remedies of SQLite's rules followed to the letter: pasted into the project, and its own Alembic run over rows."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.running import gate, git, repository, revision, write

HEAD = """\
from alembic import context
from sqlalchemy import create_engine, event, pool
from models import metadata as target_metadata

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)


"""
KEYS_ON = """\
@event.listens_for(engine, "connect")
def connected(dbapi_connection, connection_record):
    dbapi_connection.execute("PRAGMA foreign_keys=ON")


"""
BEGINS = """\
@event.listens_for(engine, "connect")
def connected(dbapi_connection, connection_record):
    dbapi_connection.isolation_level = None
    dbapi_connection.execute("PRAGMA foreign_keys=ON")


@event.listens_for(engine, "begin")
def begun(connection):
    connection.exec_driver_sql("BEGIN")


"""
RUN = """\
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=target_metadata, render_as_batch=True{options})
    with context.begin_transaction():
        context.run_migrations()
"""
TOLD = """
    print("keys", connection.connection.cursor().execute("PRAGMA foreign_keys").fetchone()[0])
"""
KINDS = {
    "driver": (KEYS_ON, ""),
    "begin": (BEGINS, ""),
    "begin_once": (BEGINS, ", transactional_ddl=True"),
}
ON_DELETE = {
    "sqlite-batch-recreate-cascade": "ON DELETE CASCADE",
    "sqlite-batch-recreate-foreign-keys": "ON DELETE RESTRICT",
}
TABLES = """
op.execute("CREATE TABLE tasks (id INTEGER PRIMARY KEY, title VARCHAR(10))")
op.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, task INTEGER REFERENCES tasks (id) {})")
"""
WIDER = 'with op.batch_alter_table("tasks") as batch_op:\n    batch_op.alter_column("title", type_=sa.String(30))'
BY_HAND = """
op.execute("CREATE TABLE new_tasks (id INTEGER PRIMARY KEY, title VARCHAR(30))")
op.execute("INSERT INTO new_tasks SELECT id, title FROM tasks")
op.execute("DROP TABLE tasks")
op.execute("ALTER TABLE new_tasks RENAME TO tasks")
"""
SCHEMA = "SELECT sql FROM sqlite_master WHERE name = '{}'"
ALTERS = {
    "foreign key of a column": (
        'op.add_column("notes", sa.Column("parent", sa.Integer(), sa.ForeignKey("tasks.id", name="fk_parent")))',
        ("notes", "CONSTRAINT fk_parent FOREIGN KEY(parent) REFERENCES tasks (id)"),
    ),
    "condition": (
        'op.add_column("tasks", sa.Column("done", sa.Boolean()), if_not_exists=True)', ("tasks", "done BOOLEAN"),
    ),
    "condition in SQL": ('op.execute("ALTER TABLE tasks ADD COLUMN IF NOT EXISTS n INTEGER")', ("tasks", "n INTEGER")),
    "unnamed": (
        'op.create_unique_constraint(\n    None, "tasks", ["title"]\n)',
        ("tasks", "CONSTRAINT uq_tasks_title UNIQUE (title)"),
    ),
    "foreign key": (
        'op.create_foreign_key("fk_other", "notes", "tasks", ["other"], ["id"], ondelete="CASCADE")',
        ("notes", "CONSTRAINT fk_other FOREIGN KEY(other) REFERENCES tasks (id) ON DELETE CASCADE"),
    ),
    "keywords": (
        'op.create_check_constraint("ck", table_name="notes", condition="other > 0")',
        ("notes", "CONSTRAINT ck CHECK (other > 0)"),
    ),
    "not null": (
        'op.alter_column("tasks", "title", existing_type=sa.String(10), nullable=False)',
        ("tasks", "title VARCHAR(10) NOT NULL"),
    ),
    "SQL": (
        'op.execute("ALTER TABLE notes ADD CONSTRAINT fk FOREIGN KEY (other) REFERENCES tasks (id)")',
        ("notes", "CONSTRAINT fk FOREIGN KEY(other) REFERENCES tasks (id)"),
    ),
}  # fmt: skip


class Project:
    """A repository with an env.py of some kind, and its database with rows."""

    def __init__(self, folder: Path, base: str, change: str, env: str) -> None:
        self.repo = repository(folder / "p", {"b1": revision("b1", None, base)})
        write(self.repo, {"migrations/env.py": env})
        git(self.repo, "commit", "--quiet", "--all", "--message", "env")
        git(self.repo, "checkout", "--quiet", "-b", "change")
        self.put({"migrations/versions/c1.py": revision("c1", "b1", change)})

    def put(self, files: dict[str, str]) -> None:
        """Files in a commit of the change."""
        write(self.repo, files)
        git(self.repo, "add", "--all")
        git(self.repo, "commit", "--quiet", "--message", "change")

    def findings(self) -> list[dict[str, Any]]:
        """What the gate says of the change."""
        done = gate(self.repo, "--base", "main", "--only", "safe-operations,split-steps,upgrade-works")
        assert done.out, done.err
        found: list[dict[str, Any]] = done.project["findings"]
        return found

    def steps(self, id: str) -> list[str]:
        """The code of the remedy of this rule's first finding."""
        (found, *_) = [one for one in self.findings() if one["id"] == id]
        return [step["code"] for step in found["remedy"]["steps"] if step["code"]]

    def upgrade(self, to: str = "head") -> subprocess.CompletedProcess[str]:
        """``alembic upgrade`` as a user runs it."""
        words = [sys.executable, "-m", "alembic", "upgrade", to]
        return subprocess.run(words, cwd=self.repo, capture_output=True, text=True, check=False)

    def ask(self, sql: str) -> list[Any]:
        """Rows of the database, or one statement on it, foreign keys off."""
        with sqlite3.connect(self.repo / "app.db") as connection:
            return connection.execute(sql).fetchall()

    def rows(self) -> dict[str, list[Any]]:
        """Tables with their rows."""
        names = self.ask("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {name: self.ask(f"SELECT * FROM {name}") for (name,) in names}


def switched(folder: Path, kind: str, id: str) -> tuple[Project, str]:
    """A project over whose rows the recreate is refused or takes them along, and the env.py of the remedy."""
    head, options = KINDS[kind]
    project = Project(folder, TABLES.format(ON_DELETE[id]), WIDER, HEAD + head + RUN.format(options=options))
    remedy = project.steps(id)[0]
    told = "render_as_batch=True"
    return project, HEAD + head + remedy.replace(told, told + options) + TOLD


@pytest.mark.parametrize("id", ON_DELETE)
@pytest.mark.parametrize("kind", KINDS)
def test_foreign_keys_are_off_while_a_table_is_made_anew(tmp_path: Path, kind: str, id: str) -> None:
    """Whoever begins the transaction: the change is there, all rows too, and the keys are on again."""
    project, env = switched(tmp_path, kind, id)
    assert project.upgrade("b1").returncode == 0
    project.ask("INSERT INTO tasks VALUES (1, 'a')")
    project.ask("INSERT INTO notes VALUES (1, 1)")
    project.put({"migrations/env.py": env})
    done = project.upgrade()
    assert (done.returncode, done.stdout.strip()) == (0, "keys 1"), done.stderr
    assert project.rows() == {"alembic_version": [("c1",)], "notes": [(1, 1)], "tasks": [(1, "a")]}
    assert "VARCHAR(30)" in project.ask("SELECT sql FROM sqlite_master WHERE name = 'tasks'")[0][0]
    assert [one["id"] for one in project.findings()] == ["sqlite-batch-recreate"]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_point_at_nothing_stop_the_upgrade(tmp_path: Path, kind: str) -> None:
    """The check finds what could be written while the keys were off."""
    project, env = switched(tmp_path, kind, "sqlite-batch-recreate-foreign-keys")
    assert project.upgrade("b1").returncode == 0
    project.ask("INSERT INTO notes VALUES (1, 7)")
    project.put({"migrations/env.py": env})
    done = project.upgrade()
    assert done.returncode == 1
    assert "rows that point at nothing" in done.stderr


def test_keys_that_a_revision_switched_off_are_on_again(tmp_path: Path) -> None:
    """The copy begins a transaction, so that the pragma after it does nothing; the remedy commits first."""
    off, on = 'op.execute("PRAGMA foreign_keys=OFF")', 'op.execute("PRAGMA foreign_keys=ON")'
    body = f"{off}\n{WIDER}\n"
    env = HEAD + KEYS_ON + RUN.format(options="") + TOLD
    project = Project(tmp_path, TABLES.format("ON DELETE CASCADE"), body + on, env)
    assert project.upgrade("b1").returncode == 0
    project.ask("INSERT INTO tasks VALUES (1, 'a')")
    project.ask("INSERT INTO notes VALUES (1, 1)")
    (said,) = [one for one in project.findings() if one["id"] == "foreign-keys-not-restored"]
    assert (said["severity"], said["revision"]) == ("warning", "c1")
    (code,) = project.steps("foreign-keys-not-restored")
    project.put({"migrations/versions/c1.py": revision("c1", "b1", body + code)})
    assert [one["id"] for one in project.findings()] == ["sqlite-batch-recreate"]
    done = project.upgrade()
    assert (done.returncode, done.stdout.strip()) == (0, "keys 1"), done.stderr
    assert project.rows() == {"alembic_version": [("c1",)], "notes": [(1, 1)], "tasks": [(1, "a")]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("id", ["sqlite-batch-recreate-foreign-keys", "sqlite-batch-recreate-dependent-view"])
def test_what_a_refused_recreate_leaves_is_told(tmp_path: Path, kind: str, id: str) -> None:
    """The driver begins a transaction at the copy: the old table comes back, the new one stays, empty."""
    head, options = KINDS[kind]
    view = id.endswith("view")
    base = TABLES.format("ON DELETE RESTRICT") + (
        'op.execute("CREATE VIEW v AS SELECT id FROM tasks")\n' if view else ""
    )
    keys = head.replace("=ON", "=OFF") if view else head
    project = Project(tmp_path, base, WIDER, HEAD + keys + RUN.format(options=options))
    assert project.upgrade("b1").returncode == 0
    project.ask("INSERT INTO tasks VALUES (1, 'a')")
    project.ask("INSERT INTO notes VALUES (1, 1)")
    assert project.upgrade().returncode == 1
    left = project.rows()
    assert left.pop("_alembic_tmp_tasks", []) == []
    assert left == {"alembic_version": [("b1",)], "notes": [(1, 1)], "tasks": [(1, "a")]}
    stays = bool(project.ask("SELECT 1 FROM sqlite_master WHERE name = '_alembic_tmp_tasks'"))
    (said,) = [one for one in project.findings() if one["id"] == id]
    assert stays == (kind == "driver") == ("makes the next run fail too" in said["message"])
    assert "stays dropped" not in said["message"]
    assert stays == (said["remedy"]["steps"][-1]["code"] == "DROP TABLE _alembic_tmp_tasks;")


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_view_is_made_again_around_the_recreate(tmp_path: Path, by_hand: bool) -> None:
    """With its own text."""
    view = 'op.execute("CREATE VIEW v AS SELECT id FROM tasks")'
    change, placeholder = WIDER, "with op.batch_alter_table(...) as batch_op:\n    ..."
    if by_hand:
        change, placeholder = BY_HAND, "...  # CREATE TABLE new_tasks and what follows, as it is"
    project = Project(tmp_path, TABLES.format("") + view, change, HEAD + RUN.format(options=""))
    code = project.steps("sqlite-batch-recreate-dependent-view")[0]
    assert placeholder in code
    project.put({"migrations/versions/c1.py": revision("c1", "b1", code.replace(placeholder, change))})
    assert project.upgrade().returncode == 0
    assert project.ask("SELECT count(*) FROM v") == [(0,)]
    assert "VARCHAR(30)" in project.ask("SELECT sql FROM sqlite_master WHERE name = 'tasks'")[0][0]


@pytest.mark.parametrize("name", ALTERS)
def test_an_alter_that_sqlite_lacks_is_given_as_it_was_meant(tmp_path: Path, name: str) -> None:
    """Pasted in its place it makes what was asked for."""
    change, (table, made) = ALTERS[name]
    base = TABLES.format("") + 'op.add_column("notes", sa.Column("other", sa.Integer()))\n'
    project = Project(tmp_path, base, change, HEAD + RUN.format(options=""))
    (said,) = [one for one in project.findings() if one["id"] == "sqlite-unsupported-alter"]
    assert said["table"] == table
    code = said["remedy"]["steps"][0]["code"]
    assert "batch_alter_table" not in code or "condition" not in name
    project.put({"migrations/versions/c1.py": revision("c1", "b1", code)})
    done = project.upgrade()
    assert done.returncode == 0, done.stderr
    assert made in project.ask(SCHEMA.format(table))[0][0]


def test_a_named_constraint_is_dropped_in_batch_mode(tmp_path: Path) -> None:
    """Alembic refuses the call before any statement is sent: the table is told all the same."""
    base = 'op.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, CONSTRAINT uq_a UNIQUE (a))")'
    change = 'op.drop_constraint("uq_a", "t", type_="unique")'
    project = Project(tmp_path, base, change, HEAD + RUN.format(options=""))
    (code,) = project.steps("sqlite-unsupported-alter")
    assert code == 'with op.batch_alter_table("t") as batch_op:\n    batch_op.drop_constraint("uq_a", type_="unique")'
    project.put({"migrations/versions/c1.py": revision("c1", "b1", code)})
    assert project.upgrade().returncode == 0
    assert "UNIQUE" not in project.ask(SCHEMA.format("t"))[0][0]


def test_the_tables_own_options_are_told_to_batch_mode(tmp_path: Path) -> None:
    """SQLAlchemy does not reflect AUTOINCREMENT: numbers of rows that are gone would be given again."""
    base = 'op.execute("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a VARCHAR(10))")'
    change = 'with op.batch_alter_table("t") as batch_op:\n    batch_op.alter_column("a", type_=sa.Text())'
    project = Project(tmp_path, base, change, HEAD + RUN.format(options=""))
    (code,) = project.steps("sqlite-batch-recreate-loses-objects")
    assert code.startswith('with op.batch_alter_table("t", table_kwargs={"sqlite_autoincrement": True}) as batch_op:')
    project.put({"migrations/versions/c1.py": revision("c1", "b1", code.replace("...", change.split("\n    ")[1]))})
    assert project.upgrade().returncode == 0
    assert "AUTOINCREMENT" in project.ask(SCHEMA.format("t"))[0][0]


KEYED = """
op.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, CONSTRAINT uq_a UNIQUE (a), CHECK (b <> ''))")
op.execute("CREATE TABLE bare (a TEXT, c TEXT)")
"""


@pytest.mark.parametrize(
    ("table", "column", "last"),
    [
        ("t", "a", 'with op.batch_alter_table("t") as batch_op:\n    batch_op.drop_column("a")'),
        ("bare", "a", 'op.drop_column("bare", "a")'),
    ],
)
def test_a_column_moves_over_in_steps_that_run(tmp_path: Path, table: str, column: str, last: str) -> None:
    """SQLite drops no column that a key names, and tells the rows of a table without one apart by their rowid."""
    change = f'op.alter_column("{table}", "{column}", new_column_name="new", existing_type=sa.Text())'
    project = Project(tmp_path, KEYED, change, HEAD + RUN.format(options=""))
    steps = project.steps("renaming-column")
    assert steps[-1] == last
    project.put(
        {f"migrations/versions/c{n}.py": revision(f"c{n}", f"c{n - 1}", code) for n, code in enumerate(steps, 2)}
    )
    project.put(
        {"migrations/versions/c1.py": revision("c1", "b1", f"op.execute(\"INSERT INTO {table} (a) VALUES ('x')\")")}
    )
    done = project.upgrade()
    assert done.returncode == 0, done.stderr
    assert project.ask(f"SELECT new FROM {table}") == [("x",)]
    assert f"{column} TEXT" not in project.ask(SCHEMA.format(table))[0][0]


DRIFTED = """
import sqlalchemy as sa

metadata = sa.MetaData()
tasks = sa.Table("tasks", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("owner", sa.Integer),
                 sa.Column("title", sa.String(30), nullable=False, unique=True))
notes = sa.Table("notes", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("more", sa.Text),
                 sa.Column("task", sa.Integer, sa.ForeignKey("tasks.id", ondelete="CASCADE")), sa.Column("at", sa.Text))
"""
PLAIN = """
op.create_table("tasks", sa.Column("id", sa.Integer, primary_key=True), sa.Column("owner", sa.Integer), sa.Column("title", sa.String(10)))
op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True), sa.Column("task", sa.Integer))
"""


@pytest.mark.parametrize("options", ["", ", render_as_batch=True"])
def test_the_code_for_a_drift_runs_on_sqlite(tmp_path: Path, options: str) -> None:
    """In batch mode where SQLite needs it, constraints named; each finding has its own part, the report the whole."""
    env = HEAD + RUN.replace(", render_as_batch=True", "").format(options=options)
    project = Project(tmp_path, PLAIN, "pass", env)
    project.put({"models.py": DRIFTED})
    words = ("--base", "main", "--only", "models-match")
    before = gate(project.repo, *words).project
    parts = [one["remedy"]["steps"][0]["code"] for one in before["findings"]]
    assert len(set(parts)) == len(parts) == 5
    assert [part.startswith("op.add_column(") for part in parts].count(True) == (0 if options else 2)
    for name, body in (("whole", before["schema_diff"]["code"]), ("parts", "\n".join(parts))):
        project.put({"migrations/versions/c1.py": revision("c1", "b1", body)})
        (project.repo / "app.db").unlink(missing_ok=True)
        done = project.upgrade()
        assert done.returncode == 0, (name, done.stderr)
        assert gate(project.repo, *words).findings() == [], name
