"""Remedies in Alembic code: types, keys and index options of the user's own statement, and always valid Python."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Schema
from gate.rules._sa_types import sa_type
from gate.sql import parse
from tests.rules._deploy import deploy

ALTER = "ALTER TABLE orders ALTER COLUMN note TYPE jsonb USING note::jsonb"


def codes(id: str, world: Deploy) -> list[str]:
    """The code of every step of a rule's first finding."""
    first = next(iter(registry.rules()[id].findings(world)))
    assert first.remedy is not None
    return [step.code for step in first.remedy.steps if step.code]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("character varying(50)", "sa.String(50)"),
        ("varchar", "sa.String()"),
        ("numeric(8,1)", "sa.Numeric(8, 1)"),
        ("timestamp with time zone", "sa.DateTime(timezone=True)"),
        ("timestamp(3) without time zone", None),
        ("int4", "sa.Integer()"),
        ("text[]", None),
        ("order_state", None),
    ],
)
def test_types(text: str, code: str | None) -> None:
    """Generic names where there are some; arrays, precisions and the user's own types stay SQL."""
    assert sa_type(text) == code


def test_a_new_column_has_its_type_and_the_backfill_the_tables_key() -> None:
    """``logs`` has no primary key: rows are told apart by where they lie."""
    add, fill, *_ = codes("adding-not-nullable-column", deploy("ALTER TABLE logs ADD code2 varchar(8) NOT NULL"))
    assert add == 'op.add_column("logs", sa.Column("code2", sa.String(8), nullable=True))'
    assert "WHERE ctid IN (" in fill
    assert "SELECT ctid FROM logs WHERE code2 IS NULL LIMIT 1000" in fill


def test_a_changed_type_is_filled_by_its_own_using_and_ends() -> None:
    """Rows that would get NULL are left out: they would be found again for ever."""
    add, fill, drop = codes("changing-column-type", deploy(ALTER))
    assert add == 'op.execute("ALTER TABLE orders ADD COLUMN note_new jsonb")'
    assert "SET note_new = note::jsonb WHERE id IN (" in fill
    assert "WHERE note_new IS NULL AND (note::jsonb) IS NOT NULL LIMIT 1000" in fill
    assert drop == 'op.drop_column("orders", "note")'


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        (
            "CREATE INDEX ix ON orders (note)",
            'op.create_index("ix", "orders", ["note"], postgresql_concurrently=True)',
        ),
        (
            "CREATE INDEX IF NOT EXISTS ix ON orders USING gin (note) WHERE amount > 0",
            'op.execute("CREATE INDEX CONCURRENTLY ix ON orders USING gin (note) WHERE amount > 0")',
        ),
        (
            "CREATE INDEX ix ON public.orders (lower(note) DESC) INCLUDE (amount)",
            'op.execute("CREATE INDEX CONCURRENTLY ix ON public.orders (lower(note) DESC) INCLUDE (amount)")',
        ),
    ],
)
def test_an_index_keeps_what_its_statement_says(sql: str, code: str) -> None:
    """Method, expressions, WHERE and INCLUDE are not lost on the way to CONCURRENTLY."""
    assert codes("creating-index-non-concurrently", deploy(sql)) == [
        f"with op.get_context().autocommit_block():\n    {code}"
    ]


def test_a_unique_partial_index_keeps_its_condition() -> None:
    """After dropping what an earlier try may have left."""
    (code,) = codes("creating-unique-index", deploy("CREATE UNIQUE INDEX ux ON orders (note) WHERE amount > 0"))
    assert code.splitlines()[1:] == [
        '    op.drop_index("ux", table_name="orders", if_exists=True, postgresql_concurrently=True)',
        '    op.execute("CREATE UNIQUE INDEX CONCURRENTLY ux ON orders (note) WHERE amount > 0")',
    ]


def test_an_index_of_a_partitioned_table_is_built_partition_by_partition() -> None:
    """A partitioned table itself takes no CONCURRENTLY."""
    assert codes("creating-index-non-concurrently", deploy("CREATE INDEX ix ON events (at)")) == [
        'op.execute("CREATE INDEX ix ON ONLY events (at)")',
        "with op.get_context().autocommit_block():\n"
        '    op.execute("CREATE INDEX CONCURRENTLY ix_events_1 ON events_1 (at)")',
        'op.execute("ALTER INDEX ix ATTACH PARTITION ix_events_1")',
    ]


def in_one_text(*statements: str) -> Deploy:
    """A deploy whose one ``op.execute`` holds several statements."""
    world, sql = deploy(statements[0]), "; ".join(statements)
    whole = replace(world.statements[0], sql=sql, changes=parse(sql, "postgresql").changes)
    return replace(world, statements=(whole,))


def test_each_index_of_one_text_gets_its_own_statement() -> None:
    """Not the first whose name begins so, nor one that only names the column."""
    world = in_one_text(
        "CREATE INDEX ix_note_lower ON orders (lower(note))",
        "CREATE INDEX ix_note ON orders (note varchar_pattern_ops)",
        "CREATE INDEX ON orders (note) WHERE amount > 0",
        "CREATE INDEX ON users (age) WHERE age > 0",
    )
    findings = list(registry.rules()["creating-index-non-concurrently"].findings(world))
    assert [one.remedy.steps[0].code.split("CONCURRENTLY ")[1] for one in findings if one.remedy] == [
        'ix_note_lower ON orders (lower(note))")',
        'ix_note ON orders (note varchar_pattern_ops)")',
        'ON orders (note) WHERE amount > 0")',
        'ON users (age) WHERE age > 0")',
    ]


def test_an_index_without_partitions_is_built_as_it_is() -> None:
    """No empty autocommit block, which would be a syntax error."""
    world = deploy("DROP TABLE events_1; CREATE INDEX ix ON events (at)")
    assert codes("creating-index-non-concurrently", world) == ['op.execute("CREATE INDEX ix ON events (at)")']


def test_a_partition_is_attached_with_its_own_bound() -> None:
    """The bound of the statement, not a place to fill."""
    world = deploy("CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (1000) TO (2000)")
    assert codes("creating-partition-of", world)[0].splitlines()[1] == (
        'op.execute("ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM (1000) TO (2000)")'
    )


@pytest.mark.parametrize(
    ("sql", "parted", "bound"),
    [
        (
            "events_2 PARTITION OF events FOR VALUES FROM ((1000)) TO ((2 * (500 + 500)))",
            "",
            "FOR VALUES FROM ((1000)) TO ((2 * (500 + 500)))",
        ),
        ("events_2 PARTITION OF events DEFAULT", "", "DEFAULT"),
        (
            "events_2 PARTITION OF events (CHECK (id > 0)) FOR VALUES FROM (1) TO (2) PARTITION BY LIST (at)",
            " PARTITION BY LIST (at)",
            "FOR VALUES FROM (1) TO (2)",
        ),
    ],
)
def test_a_partitions_bound_is_read_to_its_end(sql: str, parted: str, bound: str) -> None:
    """Parentheses in it, and what follows it."""
    code = codes("creating-partition-of", deploy(f"CREATE TABLE {sql}"))[0]
    assert code.splitlines() == [
        f'op.execute("CREATE TABLE events_2 (LIKE events INCLUDING ALL){parted}")',
        f'op.execute("ALTER TABLE events ATTACH PARTITION events_2 {bound}")',
    ]


def test_a_constrained_domain_becomes_its_base_type_and_a_check_on_the_column() -> None:
    """VALUE of the domain is the column."""
    first, _ = codes("adding-constrained-domain-column", deploy("ALTER TABLE users ADD COLUMN rank positive"))
    assert first.splitlines() == [
        'op.add_column("users", sa.Column("rank", sa.Integer(), nullable=True))',
        'op.create_check_constraint("ck_users_rank", "users", "(\\"rank\\" > 0)", postgresql_not_valid=True)',
    ]


def test_a_column_with_a_check_becomes_two_steps() -> None:
    """The bare column, then NOT VALID and VALIDATE."""
    world = deploy("ALTER TABLE users ADD COLUMN rank int CHECK (rank > 0)")
    assert codes("adding-column-with-inline-constraint", world) == [
        'op.add_column("users", sa.Column("rank", sa.Integer(), nullable=True))',
        'op.execute("ALTER TABLE users ADD CONSTRAINT users_rank_check CHECK (rank > 0) NOT VALID")',
        'op.execute("ALTER TABLE users VALIDATE CONSTRAINT users_rank_check")',
    ]


RESERVED = """
CREATE TABLE "user" (id int PRIMARY KEY, name text, "group" text);
CREATE TABLE "order" ("user" int, "key" int, "desc" text, PRIMARY KEY ("user", "key"));
CREATE SEQUENCE "all";
CREATE TYPE "check" AS ENUM ('a');
"""


def test_reserved_words_are_quoted() -> None:
    """``FROM user`` would be the name of who is connected; plain names stay plain."""
    required = deploy('ALTER TABLE "user" ALTER COLUMN "group" SET NOT NULL', earlier=RESERVED)
    fill, forbid, prove, last = codes("setting-not-null", required)
    assert '"UPDATE \\"user\\" SET \\"group\\" = ... WHERE id IN ("' in fill
    assert '"SELECT id FROM \\"user\\" WHERE \\"group\\" IS NULL LIMIT 1000)"' in fill
    assert '"ck_user_group_not_null", "user", "\\"group\\" IS NOT NULL"' in forbid
    assert prove == 'op.execute("ALTER TABLE \\"user\\" VALIDATE CONSTRAINT ck_user_group_not_null")'
    assert last.startswith('op.alter_column("user", "group", nullable=False)')
    first = next(iter(registry.rules()["setting-not-null"].findings(required)))
    assert first.precondition_sql is None or 'FROM "user" WHERE "group" IS NULL' in first.precondition_sql


def test_a_colon_before_a_word_is_no_parameter() -> None:
    """``op.execute`` would ask for the value of ``:new``."""
    world = deploy("ALTER TABLE users ADD COLUMN tag text CHECK (tag <> ':new' AND tag::text <> 'a:b')")
    assert codes("adding-column-with-inline-constraint", world)[1] == (
        "op.execute(\"ALTER TABLE users ADD CONSTRAINT users_tag_check CHECK (tag <> '\\\\:new' AND tag::text <> 'a:b') "
        'NOT VALID")'
    )


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "ALTER TABLE orders ADD COLUMN o int DEFAULT 1 CONSTRAINT fk_o REFERENCES users (id) ON DELETE SET NULL",
            [
                "ADD COLUMN o integer DEFAULT 1",
                "ADD CONSTRAINT fk_o FOREIGN KEY (o) REFERENCES users (id) ON DELETE SET NULL NOT VALID",
                "VALIDATE CONSTRAINT fk_o",
            ],
        ),
        (
            "ALTER TABLE orders ADD COLUMN sku text UNIQUE CHECK (length(sku) > 2)",
            [
                "ADD CONSTRAINT orders_sku_key UNIQUE USING INDEX orders_sku_key_idx",
                "ADD CONSTRAINT orders_sku_check CHECK (length(sku) > 2) NOT VALID",
                "VALIDATE CONSTRAINT orders_sku_check",
            ],
        ),
    ],
)
def test_every_constraint_of_a_column_is_made(sql: str, expected: list[str]) -> None:
    """Though the statement was only read: none is lost, nor its name, action or default."""
    told = codes("adding-column-with-inline-constraint", deploy(sql))
    found = [one.removeprefix('op.execute("ALTER TABLE orders ').removesuffix('")') for one in told]
    assert [one for one in found if not one.startswith(("op.", "with "))] == expected


PYTHON = [
    'ALTER TABLE "user" ALTER COLUMN "group" SET NOT NULL',
    'ALTER TABLE "user" RENAME COLUMN "group" TO "key"',
    'ALTER TABLE "user" RENAME TO "table"',
    'ALTER TABLE "user" SET SCHEMA audit',
    'ALTER TABLE "user" ADD COLUMN "key" bigserial',
    'ALTER TABLE "user" ADD COLUMN "select" "check"',
    'ALTER TABLE "user" ADD COLUMN "select" int REFERENCES users (id) DEFAULT 1',
    'ALTER TABLE "order" ALTER COLUMN "desc" TYPE varchar(10)',
    'ALTER TABLE "order" ADD CONSTRAINT "check" CHECK ("key" > 0)',
    'ALTER TABLE "order" ADD CONSTRAINT "unique" UNIQUE ("desc")',
    'ALTER TABLE "order" ADD CONSTRAINT "foreign" FOREIGN KEY ("key") REFERENCES "user" (id)',
    'CREATE INDEX "index" ON "order" ("desc")',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS "index" ON "order" ("desc")',
    'CREATE TABLE "to" PARTITION OF events FOR VALUES FROM (1000) TO (2000)',
    'UPDATE "order" SET "desc" = 1',
    'DROP SEQUENCE "all"',
    'REINDEX TABLE "order"',
    "ALTER TYPE \"check\" ADD VALUE 'b'; ALTER TABLE users ADD COLUMN m \"check\" DEFAULT 'b'",
    "ALTER TABLE users ADD COLUMN code uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE users ALTER COLUMN name TYPE varchar(10)",
    "ALTER TABLE users ALTER COLUMN age TYPE bigint",
    "ALTER TABLE orders ALTER COLUMN amount TYPE numeric(6,1)",
    "ALTER TABLE users ALTER COLUMN age SET NOT NULL",
    "ALTER TABLE users RENAME COLUMN name TO full_name",
    "ALTER TABLE users ADD COLUMN total numeric GENERATED ALWAYS AS (age * 2) STORED",
    "ALTER TABLE logs ADD COLUMN id bigserial",
    "ALTER TABLE users ADD COLUMN handle text UNIQUE",
    "ALTER TABLE users ADD COLUMN rank positive",
    "ALTER TABLE users ADD COLUMN rank int CHECK (rank > 0)",
    "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id)",
    "ALTER TABLE events ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES users (id)",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON orders (note) WHERE amount > 0",
    "UPDATE users SET age = 1",
    "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (1000) TO (2000)",
    "ALTER TABLE events DETACH PARTITION events_1",
    "ALTER TABLE orders ADD CONSTRAINT uq UNIQUE (note)",
    "ALTER TABLE users ADD COLUMN z int; UPDATE users SET z = age; ALTER TABLE users DROP COLUMN age",
]


@pytest.mark.parametrize("sql", PYTHON)
def test_every_step_is_python(sql: str) -> None:
    """No SQL spelling stands where Python wants a value."""
    for rule in registry.rules().values():
        for finding in rule.findings(deploy(sql, earlier=RESERVED)):
            for step in finding.remedy.steps if finding.remedy else ():
                compile(step.code, f"{rule.id}: {step.title}", "exec")
                assert ", ..., nullable" not in step.code, (rule.id, step.code)
                assert "(...)" not in step.code, (rule.id, step.code)


def test_a_primary_key_over_a_nullable_column_proves_not_null_first() -> None:
    """USING INDEX would read every row under the strongest lock; ``users.id`` needs no proof."""
    check, prove, *_, last = codes(
        "adding-primary-key", deploy("ALTER TABLE logs ADD CONSTRAINT pk PRIMARY KEY (code)")
    )
    assert "ck_logs_code_not_null" in check
    assert "VALIDATE CONSTRAINT ck_logs_code_not_null" in prove
    assert "PRIMARY KEY USING INDEX pk_idx" in last


def test_a_default_partition_is_proven_to_lie_outside_of_the_bounds() -> None:
    """Its rows inside of them are those that make ATTACH fail."""
    base = "CREATE TABLE rest PARTITION OF events DEFAULT"
    world = deploy("ALTER TABLE events ATTACH PARTITION old_events FOR VALUES FROM (5000) TO (6000)", earlier=base)
    world = default_of(world, "rest")
    create, validate = codes("attaching-partition-without-check", world)
    assert 'op.create_check_constraint("ck_rest_not_old_events", "rest", "NOT (...)"' in create
    assert 'op.create_check_constraint("ck_old_events_bounds", "old_events", "..."' in create
    assert validate.count("VALIDATE CONSTRAINT") == 2


def default_of(world: Deploy, name: str) -> Deploy:
    """The same with the bound of a DEFAULT partition, as the server tells it."""

    def told(schema: Schema) -> Schema:
        return replace(schema, tables={**schema.tables, name: replace(schema.tables[name], definition="DEFAULT")})

    statements = tuple(replace(one, before=told(one.before), after=told(one.after)) for one in world.statements)
    return replace(world, baseline=told(world.baseline), statements=statements)


def test_a_column_moved_to_a_new_table_has_no_column_beside_it() -> None:
    """Nothing is added to the old table."""
    moved = "CREATE TABLE n (u int); INSERT INTO n (u) SELECT age FROM users; ALTER TABLE users DROP COLUMN age"
    assert codes("not-split-expand-and-contract", deploy(moved)) == []


def test_a_foreign_key_to_its_own_table_names_it_once() -> None:
    """``both users and users`` is one table."""
    world = deploy("ALTER TABLE items ADD CONSTRAINT fk FOREIGN KEY (order_id) REFERENCES items (id)")
    assert "stops all writes to items." in next(iter(registry.rules()["adding-foreign-key"].findings(world))).message


def test_another_type_on_mysql_is_filled_in_its_own_words() -> None:
    """LIMIT belongs to the UPDATE there; a subquery on the same table with a LIMIT is refused (1093, 1235)."""
    world = deploy("ALTER TABLE orders MODIFY note INT NULL", dialect="mysql")
    found = [one for one in registry.rules()["changing-column-type"].findings(world) if one.category.value != "rewrite"]
    add, fill, drop = [step.code for step in found[0].remedy.steps if step.code] if found[0].remedy else []
    assert add == 'op.add_column("orders", sa.Column("note_new", sa.Integer(), nullable=True))'
    assert "UPDATE orders SET note_new = note WHERE note_new IS NULL AND note IS NOT NULL LIMIT 1000" in fill
    assert drop == 'op.drop_column("orders", "note")'


def test_a_smaller_type_on_mysql_needs_no_check() -> None:
    """A CHECK copies the table there, as the type does: code and rows first, then a tool."""
    world = deploy("ALTER TABLE users MODIFY name VARCHAR(5) NOT NULL", dialect="mysql")
    for one in registry.rules()["narrowing-column-type"].findings(world):
        assert one.remedy is not None
        assert "postgresql" not in "".join(step.code for step in one.remedy.steps)


def test_another_name_on_mysql_is_filled_in_its_own_words() -> None:
    """Reserved names in backticks, and LIMIT in the UPDATE itself."""
    world = deploy(
        "ALTER TABLE t RENAME COLUMN `order` TO `rank`", dialect="mysql", earlier="CREATE TABLE t (`order` INT)"
    )
    _, fill, drop = codes("renaming-column", world)
    assert "UPDATE t SET `rank` = `order` WHERE `rank` IS NULL AND `order` IS NOT NULL LIMIT 1000" in fill
    assert drop == 'op.drop_column("t", "order")'
