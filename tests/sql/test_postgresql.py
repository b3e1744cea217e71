"""What PostgreSQL statements mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.facts import changes as c
from gate.sql import Parsed, parse, split


def read(sql: str) -> tuple[c.Change, ...]:
    parsed = parse(sql, "postgresql")
    assert parsed.understood
    return parsed.changes


def test_one_alter_gives_every_sub_command_in_order() -> None:
    changes = read(
        "ALTER TABLE audit.orders ADD COLUMN x varchar(20) DEFAULT now() NOT NULL,"
        " ALTER COLUMN y TYPE numeric(10,2) USING y::numeric, ADD CONSTRAINT c CHECK (x > 0) NOT VALID, DROP z CASCADE"
    )
    assert changes == (
        c.AddColumn("audit.orders", c.ColumnSpec("x", "character varying(20)", nullable=False, default="now()")),
        c.AlterColumnType("audit.orders", "y", "numeric(10,2)", "y::numeric"),
        c.AddConstraint("audit.orders", c.ConstraintSpec("check", "c", ("x",), expression="x > 0", not_valid=True)),
        c.DropColumn("audit.orders", "z", cascade=True),
    )


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("varchar(20)", "character varying(20)"),
        ("varchar", "character varying"),
        ("char(3)", "character(3)"),
        ("int8", "bigint"),
        ("decimal(8, 2)", "numeric(8,2)"),
        ("timestamp(3)", "timestamp(3) without time zone"),
        ("timestamptz", "timestamp with time zone"),
        ("double precision", "double precision"),
        ("text[]", "text[]"),
        ("app.state", "app.state"),
        ("public.state", "state"),
        ("interval(3)", "interval(3)"),
        ("bigserial", "bigint"),
    ],
)
def test_types_are_spelt_as_the_catalogue_spells_them(written: str, spelt: str) -> None:
    (change,) = read(f"ALTER TABLE t ADD COLUMN a {written}")
    assert isinstance(change, c.AddColumn)
    assert change.column.type == spelt


@pytest.mark.parametrize(
    ("default", "volatile"),
    [
        ("0", False),
        ("'{}'::jsonb", False),
        ("now()", False),
        ("CURRENT_DATE", False),
        ("(now() at time zone 'utc')", False),
        ("clock_timestamp()", True),
        ("gen_random_uuid()", True),
        ("nextval('s')", True),
        ("md5(random()::text)", True),
        ("my_function()", True),
    ],
)
def test_a_default_that_may_differ_by_row_is_volatile(default: str, volatile: bool) -> None:
    (change,) = read(f"ALTER TABLE t ADD COLUMN a text DEFAULT {default}")
    assert isinstance(change, c.AddColumn)
    assert change.column.volatile is volatile


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("", {"always": True}),
        (" WHERE 1 = 1", {"always": True}),
        (" WHERE true OR id = 3", {"always": True}),
        (" WHERE a IS NULL OR a IS NOT NULL", {"always": True}),
        (" WHERE NOT false", {"always": True}),
        (" WHERE a = 1", {"equals": ("a",)}),
        (" WHERE id = %(id)s", {"by_key": True, "equals": ("id",)}),
        (" WHERE id IN (1, 2)", {"by_key": True, "equals": ("id",)}),
        (" WHERE id = ANY($1)", {"by_key": True, "equals": ("id",)}),
        (" WHERE id BETWEEN 1 AND 100", {"bounded": True}),
        (" WHERE id > 5 AND id <= %s", {"bounded": True}),
        (" WHERE id > 5", {}),
        (" WHERE id IN (SELECT id FROM t WHERE a IS NULL LIMIT 100)", {"bounded": True}),
        (" WHERE a = b", {}),
    ],
)
@pytest.mark.parametrize("verb", ["UPDATE t SET a = 2", "DELETE FROM t"])
def test_how_many_rows_a_write_takes(verb: str, where: str, told: dict[str, object]) -> None:
    (change,) = read(verb + where)
    assert isinstance(change, (c.Update, c.Delete))
    seen = {name: getattr(change, name) for name in ("always", "by_key", "bounded", "equals")}
    assert seen == {"always": False, "by_key": False, "bounded": False, "equals": (), **told}


def test_writes_inside_with_are_seen() -> None:
    changes = read("WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone")
    assert [type(one) for one in changes] == [c.Delete, c.Insert]


def test_a_batch_named_in_a_cte_is_bounded_and_not_a_table_read() -> None:
    (change,) = read("WITH batch AS (SELECT id FROM t LIMIT 10) UPDATE t SET a = 1 FROM batch WHERE batch.id = t.id")
    assert isinstance(change, c.Update)
    assert (change.bounded, change.reads) == (True, ())


@pytest.mark.parametrize(
    ("sql", "change"),
    [
        ("ALTER TABLE t RENAME a TO b", c.RenameColumn("t", "a", "b")),
        ("ALTER TABLE s.t RENAME TO u", c.RenameTable("s.t", "s.u")),
        ("ALTER TABLE t SET SCHEMA s", c.MoveTable("t", "s")),
        ("DROP INDEX CONCURRENTLY IF EXISTS s.i", c.DropIndex("s.i", concurrently=True, if_exists=True)),
        ("ALTER TYPE s.e ADD VALUE 'x' AFTER 'y'", c.AddEnumValue("s.e", "x")),
        ("ALTER TYPE e RENAME VALUE 'a' TO 'b'", c.RenameEnumValue("e", "a", "b")),
        ("VACUUM (FULL, ANALYZE) t", c.Maintenance("vacuum-full", "t")),
        ("VACUUM", c.Maintenance("vacuum")),
        ("REINDEX (CONCURRENTLY) INDEX i", c.Reindex("index", "i", concurrently=True)),
        ("LOCK TABLE t", c.LockTable("t", "ACCESS EXCLUSIVE")),
        ("COMMIT", c.TransactionControl("commit")),
        ("SET LOCAL lock_timeout = '5s'", c.SetSetting("lock_timeout", "5s", local=True)),
        ("SELECT set_config('lock_timeout', '5s', false)", c.SetSetting("lock_timeout", "5s")),
        ("TRUNCATE ONLY t CASCADE", c.Truncate("t", cascade=True)),
        ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", c.DetachPartition("t", "p", concurrently=True)),
        ("CREATE TABLE p PARTITION OF t DEFAULT", c.CreateTable("p", partition_of="t")),
        (
            "CREATE TABLE p PARTITION OF t (a DEFAULT 3) DEFAULT",
            c.CreateTable("p", (c.ColumnSpec("a", "", default="3"),), partition_of="t"),
        ),
        ("ALTER TABLE t SET UNLOGGED", c.SetTableOption("t", "unlogged")),
        ("DROP TRIGGER x ON s.t", c.DropTrigger("s.t", "x")),
        (
            "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i",
            c.AddConstraint("t", c.ConstraintSpec("unique", "u", using_index="i")),
        ),
        (
            'ALTER TABLE "Weird Name" ADD FOREIGN KEY ("A") REFERENCES u (id) ON DELETE CASCADE NOT VALID',
            c.AddConstraint(
                "Weird Name",
                c.ConstraintSpec(
                    "foreign-key",
                    None,
                    ("A",),
                    references="u",
                    referenced_columns=("id",),
                    on_delete="CASCADE",
                    not_valid=True,
                ),
            ),
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY i ON t USING gin (lower(a), b) WHERE c IS NULL",
            c.CreateIndex("t", "i", ("b",), unique=True, concurrently=True, where="c IS NULL", method="gin"),
        ),
    ],
)
def test_statements(sql: str, change: c.Change) -> None:
    assert read(sql) == (change,)


def test_a_do_block_gives_the_statements_written_in_it() -> None:
    parsed = parse("DO $$ BEGIN IF true THEN DROP TABLE a; END IF; EXECUTE 'DROP TABLE b'; END $$", "postgresql")
    assert parsed == Parsed((c.CodeBlock("do"), c.DropTable("a"), c.DropTable("b")))


def test_text_made_at_run_time_is_not_understood() -> None:
    parsed = parse("DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'a'); END $$", "postgresql")
    assert parsed == Parsed((c.CodeBlock("do"),), understood=False)


def test_what_cannot_be_parsed_is_not_understood() -> None:
    assert parse("GARBAGE HERE", "postgresql") == Parsed((), understood=False)


@pytest.mark.parametrize("sql", ["", "  ;; ", "-- only a comment", "/* nothing */"])
def test_nothing_is_understood_as_nothing(sql: str) -> None:
    assert parse(sql, "postgresql") == Parsed()


def test_placeholders_of_every_driver_are_read_and_strings_left_alone() -> None:
    for hole in ("%(a)s", "%s", "$1", "%(a)s::VARCHAR", ":a"):
        (change,) = read(f"UPDATE t SET a = {hole}, b = '100%% :x %s' WHERE id = {hole}")
        assert isinstance(change, c.Update)
        assert change.by_key


def test_scripts_are_split_where_statements_end() -> None:
    script = "SELECT ';'; ;\nDO $$ BEGIN NULL; END $$; -- last\nSELECT 2"
    assert split(script, "postgresql") == ("SELECT ';'", "DO $$ BEGIN NULL; END $$", "SELECT 2")


@settings(max_examples=60)
@given(st.text())
def test_no_text_makes_the_reader_fail(text: str) -> None:
    parse(text, "postgresql")
    split(text, "postgresql")


_NAME = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12)


@settings(max_examples=60)
@given(_NAME, _NAME)
def test_quoted_names_come_back_as_they_are(table: str, column: str) -> None:
    quoted = [name.replace('"', '""') for name in (table, column)]
    assert read('ALTER TABLE "{}" DROP COLUMN "{}"'.format(*quoted)) == (c.DropColumn(table, column),)


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["SELECT 1", "DROP TABLE a", "UPDATE t SET a = ';'", "SELECT 2 -- x\n"]), max_size=5))
def test_splitting_loses_no_statement(statements: list[str]) -> None:
    assert list(split(";".join(statements), "postgresql")) == [one.strip() for one in statements]


def test_a_statement_nested_deeper_than_its_reader_is_not_understood() -> None:
    """The parser takes it, protobuf does not: a statement that nobody understood, no crash."""
    assert parse("SELECT " + "1+" * 20_000 + "1", "postgresql").understood is False
    assert split("SELECT " + "1+" * 20_000 + "1", "postgresql")
