"""Column with a default that differs by row."""

from __future__ import annotations

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, said

ID = "adding-column-with-volatile-default"
UNSAFE = [
    (deploy("ALTER TABLE users ADD COLUMN t timestamptz DEFAULT clock_timestamp()"), ["error rewrite users.t c1"]),
    (deploy("ALTER TABLE users ADD COLUMN t uuid DEFAULT gen_random_uuid() NOT NULL"), ["error rewrite users.t c1"]),
    (
        deploy("ALTER TABLE users ADD t DATETIME DEFAULT (now())", dialect="mysql", version=(8, 4)),
        ["error rewrite users.t c1"],
    ),
    (
        deploy("ALTER TABLE users ADD t JSON DEFAULT (JSON_OBJECT())", dialect="mysql", version=(8, 4)),
        ["error rewrite users.t c1"],
    ),
    (
        deploy("ALTER TABLE users ADD t CHAR(36) DEFAULT (uuid())", dialect="mysql", version=(8, 4)),
        ["error rewrite users.t c1"],
    ),
    (
        deploy("ALTER TABLE users ADD t CHAR(36) DEFAULT uuid()", dialect="mariadb", version=(10, 11)),
        ["error rewrite users.t c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ADD t DATETIME DEFAULT CURRENT_TIMESTAMP", dialect="mysql", version=(8, 4)),
    deploy("ALTER TABLE users ADD t DATETIME DEFAULT now()", dialect="mysql", version=(8, 4)),
    deploy("ALTER TABLE users ADD t INT NOT NULL DEFAULT 5", dialect="mysql", version=(8, 4)),
    deploy("ALTER TABLE users ADD t DATETIME DEFAULT (now())", dialect="mariadb", version=(10, 11)),
    deploy("ALTER TABLE users ADD t JSON DEFAULT (json_object())", dialect="mariadb", version=(10, 11)),
    deploy("ALTER TABLE users ADD COLUMN t timestamptz DEFAULT now()"),
    deploy("ALTER TABLE users ADD COLUMN t text DEFAULT 'x'"),
    deploy("ALTER TABLE users ALTER COLUMN age SET DEFAULT random()"),
    deploy("CREATE TABLE t (id int); ALTER TABLE t ADD u uuid DEFAULT gen_random_uuid()"),
    deploy("ALTER TABLE users ADD n bigserial"),
    deploy("ALTER TABLE users ADD COLUMN t text DEFAULT my_function()", seen={1: Observation()}),
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
    ("default", "code"),
    [
        (
            "(now())",
            [
                'op.add_column("users", sa.Column("t", sa.DateTime(), nullable=True, '
                'server_default=sa.text("CURRENT_TIMESTAMP")))'
            ],
        ),
        (
            "(uuid())",
            [
                'op.add_column("users", sa.Column("t", sa.DateTime(), nullable=True))',
                'op.execute("ALTER TABLE users ALTER COLUMN t SET DEFAULT (uuid())")',
                "with op.get_context().autocommit_block():\n"
                "    while op.get_bind().execute(sa.text(\n"
                '        "UPDATE users SET t = (uuid()) WHERE t IS NULL LIMIT 1000"\n'
                "    )).rowcount:\n"
                "        pass",
            ],
        ),
    ],
)
def test_mysql_needs_no_copy(default: str, code: list[str]) -> None:
    """The remedy is a default that is one value for all rows, else batches."""
    world = deploy(f"ALTER TABLE users ADD t DATETIME DEFAULT {default}", dialect="mysql", version=(8, 4))
    remedy = next(registry.rules()[ID].findings(world)).remedy
    assert remedy is not None
    assert [step.code for step in remedy.steps] == code


@pytest.mark.parametrize(
    ("column", "plain"),
    [
        ("t datetime(6) NOT NULL DEFAULT (now(6))", "t datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)"),
        ("t timestamp(3) NULL DEFAULT (current_timestamp())", "t timestamp(3) DEFAULT CURRENT_TIMESTAMP(3)"),
        ("t date DEFAULT (now())", None),
        ("t time DEFAULT (now())", None),
        ("t varchar(30) DEFAULT (now())", None),
    ],
)
def test_a_default_is_plain_where_the_column_takes_it(column: str, plain: str | None) -> None:
    """CURRENT_TIMESTAMP of other digits, or for other types, is error 1067; those get their default afterwards."""
    world = deploy(f"ALTER TABLE users ADD {column}", dialect="mysql", version=(8, 4))
    remedy = next(registry.rules()[ID].findings(world)).remedy
    assert remedy is not None
    if plain is None:
        assert ["CURRENT_TIMESTAMP" in step.code for step in remedy.steps] == [False, False, False]
    else:
        assert [step.code for step in remedy.steps] == [f'op.execute("ALTER TABLE users ADD COLUMN {plain}")']
