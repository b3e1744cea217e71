"""An ALTER that SQLite does not have."""

from __future__ import annotations

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, failed, said

ID = "sqlite-unsupported-alter"
UNSAFE = [
    (deploy("ALTER TABLE users ALTER COLUMN name DROP NOT NULL", dialect="sqlite"), ["error transaction users c1"]),
    (
        deploy(
            "ALTER TABLE users ADD CONSTRAINT u UNIQUE (age)",
            dialect="sqlite",
            errors={1: 'near "CONSTRAINT": syntax error'},
        ),
        ["error transaction users c1"],
    ),
    (
        deploy(
            "SELECT 1",
            dialect="sqlite",
            runs=[failed("plain", None, "No support for ALTER of constraints in SQLite dialect.", "")],
        ),
        ["error transaction - None"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users RENAME COLUMN age TO years", dialect="sqlite"),
    deploy("ALTER TABLE users DROP COLUMN age", dialect="sqlite"),
    deploy("ALTER TABLE users ADD COLUMN a INT", dialect="sqlite", errors={1: "duplicate column name: a"}),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("ALTER TABLE users ALTER age TYPE bigint", 'batch_op.alter_column("age", type_=sa.BigInteger())'),
        ("ALTER TABLE users ALTER age SET NOT NULL", 'batch_op.alter_column("age", nullable=False)'),
        ("ALTER TABLE users DROP CONSTRAINT u", 'batch_op.drop_constraint("u")'),
        ("ALTER TABLE users ADD UNIQUE (age)", 'batch_op.create_unique_constraint("uq_users_age", ["age"])'),
        ("ALTER TABLE users FROBNICATE", "..."),
    ],
)
def test_sql_is_told_as_the_operation_that_was_meant(sql: str, code: str) -> None:
    """A gap where it is not plain; never another operation."""
    (found,) = registry.rules()[ID].findings(deploy(sql, dialect="sqlite"))
    assert found.remedy is not None
    assert found.remedy.steps[0].code == f'with op.batch_alter_table("users") as batch_op:\n    {code}'


def test_a_condition_is_left_out() -> None:
    """IF NOT EXISTS is what SQLite does not know; batch mode would be beside the point."""
    world = deploy(
        "ALTER TABLE users ADD COLUMN IF NOT EXISTS a INT", dialect="sqlite", errors={1: 'near "EXISTS": syntax error'}
    )
    (found,) = registry.rules()[ID].findings(world)
    assert found.message.startswith("SQLite has no IF NOT EXISTS in ALTER TABLE")
    assert found.remedy is not None
    assert found.remedy.steps[0].code == 'op.execute("ALTER TABLE users ADD COLUMN a INT")'
