"""MODIFY without the attributes that the column has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy, Observation
from gate.facts.schema import Column, Schema, Table
from tests.rules._deploy import deploy, said

ID = "mysql-modify-drops-attributes"
ON = {number: Observation(facts={"foreign_keys": True}) for number in range(1, 5)}
ALEMBIC = 'op.alter_column("users", "name", type_=sa.String(60), existing_type=sa.String(50))'
ON_PURPOSE = 'op.alter_column("users", "name", nullable=True, existing_type=sa.String(50))'
UNSAFE = [
    (deploy("ALTER TABLE users MODIFY name VARCHAR(60)", dialect="mysql"), ["error data-loss users.name c1"]),
    (
        deploy("ALTER TABLE users MODIFY state VARCHAR(30) NOT NULL", dialect="mariadb"),
        ["error data-loss users.state c1", "error backward-incompatible users.state c1"],
    ),
    (
        # NULL is said, so the INSERTs of the old release pass, and give NULL where they gave the default.
        deploy("ALTER TABLE users CHANGE state status VARCHAR(20) NULL", dialect="mariadb"),
        ["error data-loss users.state c1"],
    ),
    (
        deploy("ALTER TABLE users MODIFY name VARCHAR(60) NULL", dialect="mariadb", source=ALEMBIC),
        ["error data-loss users.name c1"],
    ),
    (
        deploy(
            "ALTER TABLE t MODIFY id INT NOT NULL",
            dialect="mysql",
            earlier="CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY)",
        ),
        ["error data-loss t.id c1", "error backward-incompatible t.id c1"],
    ),
    (
        deploy("ALTER TABLE t MODIFY a INT", dialect="mysql", earlier="CREATE TABLE t (a INT COMMENT 'of the day')"),
        ["error hygiene t.a c1"],
    ),
    (
        deploy(
            "ALTER TABLE t MODIFY a DATETIME NOT NULL DEFAULT now()",
            dialect="mysql",
            earlier="CREATE TABLE t (a DATETIME NOT NULL DEFAULT now() ON UPDATE now())",
        ),
        ["error data-loss t.a c1"],
    ),
    (
        # The key and AUTO_INCREMENT can only go together: that is no accident.
        deploy(
            "ALTER TABLE t MODIFY id INT NOT NULL, DROP PRIMARY KEY",
            dialect="mysql",
            earlier="CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY)",
        ),
        ["error backward-incompatible t.id c1"],
    ),
]
COMPUTED = "CREATE TABLE t (a INT, b INT AS (a + 1) STORED COMMENT 'sum', c INT GENERATED ALWAYS AS (a + 2) VIRTUAL)"
UNSAFE += [
    (
        deploy("ALTER TABLE t MODIFY b INT NULL COMMENT 'sum'", dialect="mysql", earlier=COMPUTED),
        ["error data-loss t.b c1"],
    ),
    (
        deploy("ALTER TABLE t MODIFY b INT AS (a + 3) STORED", dialect="mariadb", earlier=COMPUTED),
        ["error hygiene t.b c1"],
    ),
    (
        deploy(
            "ALTER TABLE t MODIFY a TIMESTAMP NULL COMMENT 'last write'",
            dialect="mysql",
            earlier="CREATE TABLE t (a TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP)",
        ),
        ["error data-loss t.a c1"],
    ),
]
HIDDEN = "CREATE TABLE t (a INT NULL INVISIBLE)"
UNSAFE += [
    (
        deploy("ALTER TABLE t MODIFY a INT NULL COMMENT 'x'", dialect="mysql", earlier=HIDDEN),
        ["error data-loss t.a c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE t MODIFY a INT NULL INVISIBLE COMMENT 'x'", dialect="mysql", earlier=HIDDEN),
    deploy("ALTER TABLE t MODIFY a INT NULL VISIBLE", dialect="mariadb", earlier=HIDDEN),
    deploy("ALTER TABLE t MODIFY c INT GENERATED ALWAYS AS (a + 4) VIRTUAL", dialect="mysql", earlier=COMPUTED),
    deploy("ALTER TABLE t MODIFY b INT AS (a + 3) STORED COMMENT 'sum'", dialect="mariadb", earlier=COMPUTED),
    deploy(
        "ALTER TABLE t MODIFY a TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP COMMENT 'last write'",
        dialect="mysql",
        earlier="CREATE TABLE t (a TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP)",
    ),
    deploy("ALTER TABLE users MODIFY name VARCHAR(60) NOT NULL", dialect="mysql"),
    deploy("ALTER TABLE users MODIFY name VARCHAR(60) NULL", dialect="mysql"),
    deploy("ALTER TABLE users MODIFY name VARCHAR(50) NULL", dialect="mysql", source=ON_PURPOSE),
    deploy("ALTER TABLE users MODIFY state VARCHAR(30) NOT NULL DEFAULT 'new'", dialect="mysql"),
    deploy("CREATE TABLE t (a INT NOT NULL)", "ALTER TABLE t MODIFY a BIGINT", dialect="mysql"),
    deploy("ALTER TABLE nowhere MODIFY a BIGINT", dialect="mysql"),
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
    ("made", "sql", "line"),
    [
        (
            "CREATE TABLE t (a VARCHAR(20) NOT NULL DEFAULT 'x' COMMENT 'it''s')",
            "ALTER TABLE t MODIFY a VARCHAR(30)",
            "op.execute(\"ALTER TABLE t MODIFY a VARCHAR(30) NOT NULL DEFAULT 'x' COMMENT 'it''s'\")",
        ),
        (
            "CREATE TABLE t (a INT NOT NULL DEFAULT 1)",
            "ALTER TABLE t CHANGE a b INT NOT NULL",
            'op.execute("ALTER TABLE t CHANGE a b INT NOT NULL DEFAULT 1")',
        ),
        (
            HIDDEN,
            "ALTER TABLE t MODIFY a BIGINT NULL COMMENT 'x'",
            "op.execute(\"ALTER TABLE t MODIFY a BIGINT NULL INVISIBLE COMMENT 'x'\")",
        ),
    ],
)
def test_the_remedy_can_be_pasted(made: str, sql: str, line: str) -> None:
    """What is to change, and all the rest as it was."""
    remedy = next(registry.rules()[ID].findings(deploy(sql, dialect="mysql", earlier=made))).remedy
    assert remedy is not None
    assert [step.code for step in remedy.steps] == [line]


def test_what_a_generated_column_is_computed_by_is_no_default() -> None:
    """The catalogue keeps the expression where it keeps a default: another expression loses nothing."""
    world = deploy("ALTER TABLE t MODIFY c INT AS (a + 4) VIRTUAL", dialect="mysql", earlier=COMPUTED)
    statement = world.statements[0]
    table = statement.before.tables["t"]
    columns = tuple(replace(one, default="`a` + 2") if one.generated else one for one in table.columns)
    before = Schema({"t": replace(table, columns=columns)})
    seen = replace(world, statements=(replace(statement, before=before),), baseline=before)
    assert said(ID, seen) == []


CHECKED = Column("a", "int(11)", also=("CHECK (`a` > 0)",))
DOCUMENT = Column("a", "longtext", collation="utf8mb4_bin", also=("CHECK (json_valid(`a`))",))
TOUCHED = Column("a", "timestamp", nullable=False, also=("ON UPDATE CURRENT_TIMESTAMP",))


@pytest.mark.parametrize(
    ("was", "sql", "line"),
    [
        (CHECKED, "MODIFY a INT NULL COMMENT 'x'", "MODIFY a INT NULL COMMENT 'x' CHECK (`a` > 0)"),
        (CHECKED, "MODIFY a BIGINT NULL CHECK (a > 1)", None),
        (DOCUMENT, "MODIFY a JSON NULL COMMENT 'x'", None),
        (DOCUMENT, "MODIFY a TEXT NULL", None),
        (
            DOCUMENT,
            "MODIFY a LONGTEXT NULL COMMENT 'x'",
            "MODIFY a LONGTEXT COLLATE utf8mb4_bin NULL COMMENT 'x' CHECK (json_valid(`a`))",
        ),
        (
            TOUCHED,
            "MODIFY a TIMESTAMP NOT NULL COMMENT 'x'",
            "MODIFY a TIMESTAMP NOT NULL ON UPDATE CURRENT_TIMESTAMP COMMENT 'x'",
        ),
        (TOUCHED, "MODIFY a TIMESTAMP NOT NULL ON UPDATE CURRENT_TIMESTAMP COMMENT 'x'", None),
    ],
)
def test_what_else_the_catalogue_keeps_of_a_column(was: Column, sql: str, line: str | None) -> None:
    """MariaDB's CHECK of a column, and ON UPDATE without a default, go the same way as a default does."""
    world = deploy(f"ALTER TABLE t {sql}", dialect="mariadb")
    before = Schema({"t": Table("t", columns=(was,))})
    seen = replace(world, statements=(replace(world.statements[0], before=before),), baseline=before)
    found = list(registry.rules()[ID].findings(seen))
    assert [one.category.value for one in found] == ["data-loss"] * bool(line)
    code = [step.code for one in found if one.remedy for step in one.remedy.steps]
    assert code == ([f'op.execute("ALTER TABLE t {line}")'] if line else [])
