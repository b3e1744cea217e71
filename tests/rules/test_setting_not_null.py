"""SET NOT NULL on a column that is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy, Observation, RowsRun, Touched
from gate.rule import Dialect
from tests.rules._deploy import deploy, failed, passed, said

ID = "setting-not-null"
READ = Observation(touched=(Touched("users", scans=1),))
PROVEN = Observation(
    notices=('existing constraints on column "users.age" are sufficient to prove that it does not contain nulls',)
)
UNSAFE = [
    (
        deploy("ALTER TABLE users ALTER name DROP NOT NULL", "ALTER TABLE users ALTER name SET NOT NULL"),
        ["error lock users.name c2", "error fails-on-existing-rows users.name c2?"],
    ),
    (
        deploy("ALTER TABLE users ALTER COLUMN age SET NOT NULL"),
        [
            "error lock users.age c1",
            "error fails-on-existing-rows users.age c1?",
            "error backward-incompatible users.age c1",
        ],
    ),
    (
        deploy("ALTER TABLE users ALTER COLUMN age SET NOT NULL", runs=(RowsRun("plain"), failed("hostile", 1))),
        [
            "error lock users.age c1",
            "warning fails-on-existing-rows users.age c1?",
            "error backward-incompatible users.age c1",
        ],
    ),
    (
        deploy("ALTER TABLE users ALTER COLUMN age SET NOT NULL", runs=(failed("plain", 1),)),
        [
            "error lock users.age c1",
            "error fails-on-existing-rows users.age c1",
            "error backward-incompatible users.age c1",
        ],
    ),
    (
        deploy("ALTER TABLE users ALTER COLUMN age SET NOT NULL", runs=passed()),
        ["error lock users.age c1", "error backward-incompatible users.age c1"],
    ),
    (
        deploy(
            "ALTER TABLE users ALTER COLUMN age SET NOT NULL",
            earlier="ALTER TABLE users ADD CONSTRAINT ck CHECK (age IS NOT NULL) NOT VALID",
        ),
        [
            "error lock users.age c1",
            "error fails-on-existing-rows users.age c1?",
            "error backward-incompatible users.age c1",
        ],
    ),
    (
        deploy(
            "ALTER TABLE users ALTER COLUMN age SET NOT NULL",
            earlier="ALTER TABLE users ADD CONSTRAINT ck CHECK (age IS NOT NULL)",
            version=(11,),
        ),
        [
            "error lock users.age c1",
            "error fails-on-existing-rows users.age c1?",
            "error backward-incompatible users.age c1",
        ],
    ),
    (
        deploy("ALTER TABLE users ADD COLUMN z int; ALTER TABLE users ALTER z SET NOT NULL", runs=passed()),
        ["error lock users.z c1", "error backward-incompatible users.z c1"],
    ),
    (
        deploy(
            "ALTER TABLE users ALTER COLUMN age SET NOT NULL, DROP CONSTRAINT ck",
            earlier="ALTER TABLE users ADD CONSTRAINT ck CHECK (age IS NOT NULL)",
            seen={1: READ},
        ),
        ["error lock users.age c1"],
    ),
    (
        deploy(
            "ALTER TABLE users ALTER COLUMN age SET NOT NULL",
            earlier="ALTER TABLE users ADD user_age int, ADD CONSTRAINT ck CHECK (user_age IS NOT NULL)",
            runs=passed(),
        ),
        ["error lock users.age c1", "error backward-incompatible users.age c1"],
    ),
    (
        deploy("ALTER TABLE users ADD z int DEFAULT 1, ALTER z SET NOT NULL", runs=passed()),
        ["error lock users.z c1"],
    ),
]
SAFE = [
    deploy(
        "ALTER TABLE users ALTER COLUMN age SET NOT NULL; ALTER TABLE users DROP CONSTRAINT ck",
        earlier="ALTER TABLE users ADD CONSTRAINT ck CHECK (age IS NOT NULL)",
        seen={1: PROVEN},
    ),
    deploy("ALTER TABLE users ALTER COLUMN name SET NOT NULL"),
    deploy(
        "ALTER TABLE users ALTER COLUMN age SET NOT NULL",
        earlier="ALTER TABLE users ADD CONSTRAINT ck CHECK (age IS NOT NULL)",
    ),
    deploy(
        "ALTER TABLE users ALTER COLUMN age SET NOT NULL",
        seen={1: PROVEN},
    ),
    deploy("CREATE TABLE t (a int); ALTER TABLE t ALTER a SET NOT NULL"),
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
    ("dialect", "sql", "line"),
    [
        (
            "mysql",
            "ALTER TABLE users MODIFY email VARCHAR(100) NOT NULL",
            'op.execute("ALTER TABLE users MODIFY email varchar(100) NOT NULL")',
        ),
        (
            "sqlite",
            "CREATE TABLE _alembic_tmp_users (id integer PRIMARY KEY, email varchar(100) NOT NULL);"
            "INSERT INTO _alembic_tmp_users (id, email) SELECT id, email FROM users;"
            "DROP TABLE users; ALTER TABLE _alembic_tmp_users RENAME TO users",
            'with op.batch_alter_table("users") as batch_op:\n    batch_op.alter_column("email", nullable=False)',
        ),
    ],
)
def test_the_last_step_can_be_pasted(dialect: Dialect, sql: str, line: str) -> None:
    """MySQL is told the whole column, batch mode copies what is there."""
    remedy = next(registry.rules()[ID].findings(deploy(sql, dialect=dialect))).remedy
    assert remedy is not None
    assert remedy.steps[-1].code == line


@pytest.mark.parametrize(("mode", "expected"), [("NO_ENGINE_SUBSTITUTION", True), ("STRICT_TRANS_TABLES", False)])
def test_without_strict_mode_nulls_become_zeros(mode: str, expected: bool) -> None:
    """The mode as the server tells it beside the ALTER: it may come from the driver's own arguments."""
    world = deploy("ALTER TABLE users MODIFY age INT NOT NULL", dialect="mysql", runs=passed())
    seen = Observation(facts={"sql_mode": mode, "foreign_key_checks": "1"})
    world = replace(world, statements=(replace(world.statements[0], observed=seen),))
    assert ("error data-loss users.age c1" in said(ID, world)) == expected


def test_a_name_of_our_own_is_one_that_the_server_takes() -> None:
    """SQLAlchemy refuses to send a longer one than PostgreSQL's 63 bytes."""
    table, column = "customer_subscription_billing_addresses", "preferred_invoice_delivery_channel"
    world = deploy(f"ALTER TABLE {table} ALTER {column} SET NOT NULL", earlier=f"CREATE TABLE {table} ({column} text)")
    remedy = next(registry.rules()[ID].findings(world)).remedy
    assert remedy is not None
    name = remedy.steps[1].code.split('"')[1]
    assert len(name) == 63
    assert all(name in step.code for step in remedy.steps[2:])
