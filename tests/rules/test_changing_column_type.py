"""Column type changed."""

from __future__ import annotations

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy, Observation, Touched
from tests.rules._deploy import deploy, said
from tests.rules._recreate import TABLES, recreate

ID = "changing-column-type"
REWRITTEN = {1: Observation(rewrites=("users",), touched=(Touched("users", scans=1),))}
UNSAFE = [
    (
        deploy("ALTER TABLE users ALTER COLUMN age TYPE bigint"),
        ["error rewrite users.age c1", "error backward-incompatible users.age c1"],
    ),
    (
        deploy("ALTER TABLE orders ALTER COLUMN note TYPE jsonb USING note::jsonb"),
        [
            "error rewrite orders.note c1",
            "error backward-incompatible orders.note c1",
            "warning fails-on-existing-rows orders.note c1?",
        ],
    ),
    (
        deploy("ALTER TABLE orders ALTER created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC'"),
        ["error rewrite orders.created_at c1", "error backward-incompatible orders.created_at c1"],
    ),
    (
        deploy("ALTER TABLE orders ALTER created_at TYPE timestamptz", settings={"timezone": "Europe/Paris"}),
        ["error rewrite orders.created_at c1", "error backward-incompatible orders.created_at c1"],
    ),
    (
        deploy(
            "ALTER TABLE users ALTER COLUMN email TYPE varchar(200)",
            seen={1: Observation(touched=(Touched("users", scans=1),))},
        ),
        ["warning lock users.email c1"],
    ),
    (
        deploy("ALTER TABLE events ALTER at TYPE timestamp", seen={1: Observation(rewrites=("events_1",))}),
        ["error rewrite events.at c1", "error backward-incompatible events.at c1"],
    ),
    (deploy("ALTER TABLE users ADD COLUMN z int; ALTER TABLE users ALTER z TYPE bigint"), ["error rewrite users.z c1"]),
    (
        deploy("ALTER TABLE users ALTER email TYPE varchar(200), ALTER age TYPE bigint", seen=REWRITTEN),
        ["error rewrite users.age c1", "error backward-incompatible users.age c1"],
    ),
    (
        deploy("ALTER TABLE users ALTER email TYPE varchar(200), ADD z int", seen=REWRITTEN),
        ["error rewrite users.email c1", "error backward-incompatible users.email c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ALTER COLUMN email TYPE varchar(200)"),
    deploy("ALTER TABLE users ALTER COLUMN email TYPE text"),
    deploy("ALTER TABLE orders ALTER COLUMN note TYPE varchar"),
    deploy("ALTER TABLE orders ALTER COLUMN amount TYPE numeric(12,2)"),
    deploy("ALTER TABLE orders ALTER COLUMN amount TYPE numeric"),
    deploy("ALTER TABLE users ALTER COLUMN age TYPE int4"),
    deploy("ALTER TABLE orders ALTER created_at TYPE timestamptz"),
    deploy("CREATE TABLE t (a int); ALTER TABLE t ALTER a TYPE bigint"),
    deploy("ALTER TABLE users ALTER COLUMN email TYPE varchar(10)"),
    deploy("ALTER TABLE users ALTER age TYPE bigint", seen={1: Observation()}),
    deploy("ALTER TABLE users ALTER email TYPE varchar(200), ALTER name TYPE varchar(10)", seen=REWRITTEN),
    deploy("ALTER TABLE users ALTER email TYPE text, ADD z uuid DEFAULT gen_random_uuid()", seen=REWRITTEN),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []


@pytest.mark.parametrize(
    "world",
    [
        deploy(recreate("orders", TABLES["orders"].replace("note VARCHAR(80)", "note INTEGER")), dialect="sqlite"),
        deploy("ALTER TABLE users MODIFY age varchar(20)", dialect="mysql"),
        deploy("ALTER TABLE users ALTER age TYPE bigint"),
    ],
)
def test_only_postgresql_keeps_plans(world: Deploy) -> None:
    """Its error is not quoted for others."""
    told = [one.message for one in registry.rules()[ID].findings(world) if one.category == "backward-incompatible"]
    assert ["cached plan" in message for message in told] == [world.dialect == "postgresql"]


def recreated(old: str, new: str, value: str) -> Deploy:
    """SQLite's recreate of a table whose one column gets another type; ``value`` is what the copy selects."""
    return deploy(
        f"CREATE TABLE _alembic_tmp_t (id INTEGER PRIMARY KEY, v {new}); "
        f"INSERT INTO _alembic_tmp_t (id, v) SELECT t.id, {value} FROM t; "
        "DROP TABLE t; ALTER TABLE _alembic_tmp_t RENAME TO t",
        dialect="sqlite",
        earlier=f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {old})",
    )


OLD_CODE, LOSS = "error backward-incompatible t.v c1", "warning data-loss t.v c1"


@pytest.mark.parametrize(
    ("old", "new", "value", "expected"),
    [
        ("DATE", "DATETIME", "CAST(t.v AS DATETIME) AS v", [OLD_CODE, LOSS]),
        ("DATETIME", "DATE", "CAST(t.v AS DATE) AS v", [OLD_CODE, LOSS]),
        ("TEXT", "DATETIME", 'CAST("v" AS DATETIME)', [OLD_CODE, LOSS]),
        ("VARCHAR(9)", "INTEGER", "CAST(t.v AS INTEGER) AS v", [OLD_CODE, LOSS]),
        ("VARCHAR(9)", "INTEGER", "v", [OLD_CODE, LOSS]),
        ("JSON", "INTEGER", "CAST(t.v AS INTEGER) AS v", [OLD_CODE, LOSS]),
        ("FLOAT", "INTEGER", "CAST(t.v AS INTEGER) AS v", [LOSS]),
        ("NUMERIC(10, 2)", "BIGINT", "CAST(t.v AS BIGINT) AS v", [LOSS]),
        ("INTEGER", "TEXT", "CAST(t.v AS TEXT) AS v", [OLD_CODE]),
        ("TEXT", "JSON", "v", []),
        ("JSON", "TEXT", "v", []),
        ("DATE", "DATETIME", "v", []),
        ("DATE", "NUM", "v", []),
        ("DATE", "TEXT", "CAST(t.v AS TEXT) AS v", []),
        ("DATE", "DATETIME", "datetime(t.v) AS v", []),
        ("FLOAT", "INTEGER", "v", []),
        ("FLOAT", "INTEGER", "CAST(round(t.v * 100) AS INTEGER) AS v", []),
        ("INTEGER", "BOOLEAN", "CAST(t.v AS BOOLEAN) AS v", []),
        ("BOOLEAN", "INTEGER", "CAST(t.v AS INTEGER) AS v", []),
        ("INTEGER", "FLOAT", "CAST(t.v AS FLOAT) AS v", []),
        ("VARCHAR(9)", "TEXT", "v", []),
    ],
)
def test_a_recreate_is_judged_by_what_its_copy_does(old: str, new: str, value: str, expected: list[str]) -> None:
    """A CAST cuts, a plain copy keeps; what the author's own expression makes is meant."""
    assert said(ID, recreated(old, new, value)) == expected


def test_what_a_cast_leaves_of_a_date_is_told() -> None:
    """With the conversion that keeps it in the remedy."""
    found = registry.rules()[ID].findings(recreated("DATE", "DATETIME", "CAST(t.v AS DATETIME) AS v"))
    [loss] = [one for one in found if one.category == "data-loss"]
    assert loss.message == (
        "The copy casts t.v to DATETIME: of each text only the number that it begins with is kept (2024-05-06 becomes "
        "2024), or 0 where there is none. There is no error, and a downgrade does not bring the values back."
    )
    assert loss.remedy is not None
    assert "SET v_new = datetime(v)" in loss.remedy.steps[1].code


def test_a_text_that_becomes_json() -> None:
    """NULL and valid JSON pass, so the rows decide; on MariaDB and MySQL only, and not for what is JSON already."""
    expected = [
        "error rewrite orders.note c1",
        "warning fails-on-existing-rows orders.note c1?",
        "warning backward-incompatible orders.note c1",
    ]
    for dialect in ("mysql", "mariadb"):
        assert said(ID, deploy("ALTER TABLE orders MODIFY note JSON", dialect=dialect, version=(10, 11))) == expected
    json = "ALTER TABLE orders ADD attrs json"
    assert said(ID, deploy("ALTER TABLE orders MODIFY attrs JSON COMMENT 'a'", dialect="mysql", earlier=json)) == []
    longer = deploy("ALTER TABLE orders MODIFY note longtext", dialect="mysql")
    assert said(ID, longer) == ["error rewrite orders.note c1"]


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("MODIFY name varchar(50) CHARACTER SET latin1 NOT NULL", "Changing users.name to the character set latin1 "),
        ("MODIFY name varchar(50) COLLATE utf8mb4_bin NOT NULL", "Changing users.name to the collation utf8mb4_bin "),
        ("MODIFY name varchar(90) NOT NULL", "Changing users.name from varchar(50) to varchar(90) copies"),
    ],
)
def test_a_collation_is_named(sql: str, what: str) -> None:
    """The type is the same, and saying it twice would explain nothing."""
    world = deploy(f"ALTER TABLE users {sql}", dialect="mysql", version=(8, 0), seen={1: Observation(algorithm="COPY")})
    told = [one.message for one in registry.rules()[ID].findings(world)]
    assert any(one.startswith(what) for one in told), told


def test_a_domain_with_a_check_becomes_a_check() -> None:
    """A new column of the domain would write the whole table too."""
    for column, code in (
        ("age", 'op.create_check_constraint("ck_users_age", "users", "(age > 0)", postgresql_not_valid=True)'),
        ("email", 'op.add_column("users", sa.Column("email_new", sa.Integer(), nullable=True))'),
    ):
        world = deploy(f"ALTER TABLE users ALTER COLUMN {column} TYPE positive USING {column}::int")
        remedy = next(registry.rules()[ID].findings(world)).remedy
        assert remedy is not None
        assert remedy.steps[0].code == code
