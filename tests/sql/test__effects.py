"""What statements did, told by the catalogue and by counted rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.facts import changes as c
from gate.facts.rehearsal import Lock, Observation, Statement, Touched
from gate.facts.schema import Schema
from gate.model import Location
from gate.sql import parse
from gate.sql._differences import differences
from gate.sql._effects import effective, revealed
from gate.sql.schema_after import schema_after

BEFORE = schema_after(
    Schema(),
    parse(
        "CREATE TABLE users (id int PRIMARY KEY, age int); CREATE TABLE audit.events (id int, what text);"
        "CREATE TYPE mood AS ENUM ('sad')",
        "postgresql",
    ).changes,
)


def ran(sql: str, did: str = "", seen: Observation | None = None) -> tuple[c.Change, ...]:
    """The changes of a statement that, whatever it says, did what ``did`` says."""
    parsed = parse(sql, "postgresql")
    after = schema_after(BEFORE, parse(did, "postgresql").changes)
    statement = Statement(
        1, "c1", Location("c1.py"), sql, parsed.changes, parsed.understood, observed=seen or Observation(),
        before=BEFORE, after=after,
    )  # fmt: skip
    (one,) = effective((statement,))
    return one.changes


DYNAMIC = "DO $$ BEGIN EXECUTE format('x', 1); END $$"


@pytest.mark.parametrize(
    "did",
    [
        "ALTER TABLE users DROP COLUMN age",
        "ALTER TABLE users ALTER COLUMN age SET NOT NULL",
        "ALTER TABLE users ALTER COLUMN age TYPE bigint",
        "ALTER TABLE users ALTER COLUMN age SET DEFAULT 1",
        "ALTER TABLE users RENAME COLUMN age TO years",
        "ALTER TABLE users RENAME TO people",
        "DROP TABLE users",
        "CREATE INDEX ix ON users (age)",
        "ALTER TABLE users ADD COLUMN x integer",
        "ALTER TYPE mood ADD VALUE 'happy'",
        "DROP TYPE mood",
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
        "ALTER TABLE users SET SCHEMA audit",
        "ALTER TABLE audit.events SET SCHEMA public",
    ],
)
def test_what_a_block_did_is_read_from_the_catalogue(did: str) -> None:
    block, change = ran(DYNAMIC, did)
    (expected,) = parse(did, "postgresql").changes
    assert block == c.CodeBlock("do")
    assert type(change) is type(expected)
    assert getattr(change, "table", "") == getattr(expected, "table", "")


def test_a_branch_that_did_not_run_did_nothing() -> None:
    block = "DO $$ BEGIN IF false THEN ALTER TABLE users DROP COLUMN age; END IF; END $$"
    assert ran(block) == (c.CodeBlock("do"),)


def test_a_constraint_added_and_validated_by_one_block_is_added_at_once() -> None:
    block = (
        "DO $$ BEGIN ALTER TABLE users ADD CONSTRAINT k CHECK (age > 0) NOT VALID;"
        " ALTER TABLE users VALIDATE CONSTRAINT k; END $$"
    )
    (_, change) = ran(block, "ALTER TABLE users ADD CONSTRAINT k CHECK (age > 0)")
    assert isinstance(change, c.AddConstraint)
    assert not change.constraint.not_valid


def test_rows_that_a_block_wrote_are_writes() -> None:
    seen = Observation(touched=(Touched("users", updated=3, deleted=1),))
    assert ran(DYNAMIC, seen=seen) == (c.CodeBlock("do"), c.Update("users"), c.Delete("users"))


def test_a_type_that_comes_as_another_goes_was_renamed() -> None:
    after = replace(BEFORE, enums={"feeling": replace(BEFORE.enums["mood"], name="feeling")})
    assert list(differences(BEFORE, after)) == [c.RenameType("mood", "feeling")]


@pytest.mark.parametrize(
    ("block", "all_of_them"),
    [
        ("DO $$ DECLARE t text := 'users'; BEGIN EXECUTE 'DELETE FROM ' || t; END $$", True),
        ("DO $$ DECLARE t text := 'users'; BEGIN EXECUTE 'DELETE FROM ' || t || ' WHERE age > 3'; END $$", False),
        ("DO $$ BEGIN PERFORM tidy(); EXECUTE format('DELETE FROM %I', 'users_1'); END $$", False),
    ],
)
def test_a_block_that_names_no_condition_deletes_all_rows(block: str, all_of_them: bool) -> None:
    changes = ran(block, seen=Observation(touched=(Touched("users", deleted=4),)))
    assert [one.always for one in changes if isinstance(one, c.Delete)] == [all_of_them]


def test_a_materialized_view_with_a_new_file_was_refreshed() -> None:
    parsed = parse(DYNAMIC, "postgresql")
    schema = schema_after(BEFORE, parse("CREATE MATERIALIZED VIEW stats AS SELECT 1", "postgresql").changes)
    statement = Statement(
        1, "c1", Location("c1.py"), DYNAMIC, parsed.changes, observed=Observation(rewrites=("stats", "users")),
        before=schema, after=schema,
    )  # fmt: skip
    (one,) = effective((statement,))
    assert one.changes == (c.CodeBlock("do"), c.RefreshMaterializedView("stats"))


@pytest.mark.parametrize(("locks", "told"), [((), False), ((Lock("users", "RowExclusiveLock", "users"),), True)])
def test_a_write_that_met_no_row_ran_where_its_lock_was_seen(locks: tuple[Lock, ...], told: bool) -> None:
    block = "DO $$ BEGIN IF current_user = user THEN UPDATE users SET age = 0 WHERE age IS NULL; END IF; END $$"
    changes = ran(block, seen=Observation(locks=locks))
    assert any(isinstance(one, c.Update) for one in changes) is told


def test_a_column_whose_coming_wrote_the_table_anew_has_a_volatile_default() -> None:
    seen = Observation(rewrites=("users",))
    (_, change) = ran(DYNAMIC, "ALTER TABLE users ADD COLUMN x uuid DEFAULT f()", seen)
    assert isinstance(change, c.AddColumn)
    assert change.column.volatile


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE users ADD COLUMN IF NOT EXISTS age int NOT NULL",
        "CREATE TABLE IF NOT EXISTS users (id int)",
        "DROP TABLE IF EXISTS nothing_here",
        "ALTER INDEX IF EXISTS nothing_here RENAME TO nothing_there",
    ],
)
def test_what_was_there_already_changes_nothing(sql: str) -> None:
    assert ran(sql) == ()


def test_a_bare_name_is_the_table_that_the_server_locked() -> None:
    lock = Lock("audit.events", "AccessExclusiveLock", "audit.events")
    assert ran("ALTER TABLE events DROP what", seen=Observation(locks=(lock,))) == (
        c.DropColumn("audit.events", "what"),
    )


def test_what_nobody_watched_stays_as_it_was_read() -> None:
    parsed = parse("DO $$ BEGIN DROP TABLE users; END $$", "postgresql")
    statement = Statement(1, "c1", Location("c1.py"), "", parsed.changes, parsed.understood, before=BEFORE)
    assert effective((statement,)) == (statement,)


def test_a_failed_statement_stays_as_it_was_read() -> None:
    parsed = parse("DO $$ BEGIN DROP TABLE users; END $$", "postgresql")
    statement = Statement(
        1, "c1", Location("c1.py"), "", parsed.changes, observed=Observation(), error="no", before=BEFORE
    )
    assert effective((statement,)) == (replace(statement),)


@pytest.mark.parametrize(
    ("sql", "changes"),
    [
        ("CALL p()", (c.CodeBlock("call"), c.AlterColumnType("users", "age", "bigint"))),
        ("EXECUTE st", (c.CodeBlock("execute"), c.AlterColumnType("users", "age", "bigint"))),
        ("ALTER TABLE users COMMENT = 'x'", (c.SetTableOption("users", "comment", "x"),)),
    ],
)
def test_mysql_calls_are_told_by_the_catalogue(sql: str, changes: tuple[c.Change, ...]) -> None:
    """What a procedure or a prepared text did to the schema; plain statements speak for themselves."""
    before = schema_after(Schema(), parse("CREATE TABLE users (id int PRIMARY KEY, age int)", "mysql").changes)
    after = schema_after(Schema(), parse("CREATE TABLE users (id int PRIMARY KEY, age bigint)", "mysql").changes)
    parsed = parse(sql, "mysql")
    statement = Statement(
        1, "c1", Location("c1.py"), sql, parsed.changes, parsed.understood, observed=Observation(), before=before,
        after=after,
    )  # fmt: skip
    (one,) = revealed((statement,))
    assert one.changes == changes
