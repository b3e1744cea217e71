"""MySQL's MODIFY and CHANGE, told as what they change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.facts.changes import (
    AlterColumnType,
    Change,
    ColumnSpec,
    DropDefault,
    DropNotNull,
    ModifyColumn,
    RenameColumn,
    SetDefault,
    SetNotNull,
)
from gate.facts.rehearsal import Observation
from gate.facts.schema import Column, Schema, Table
from gate.sql.modified import expanded, lost_attributes, plain_default
from tests.rules._deploy import deploy

ON_PURPOSE = 'op.alter_column("users", "state", existing_type=sa.String(20), server_default=None, nullable=True)'


def meant(sql: str, source: str = "") -> tuple[Change, ...]:
    [statement] = deploy(sql, dialect="mysql", source=source).statements
    return statement.changes[1:]


@pytest.mark.parametrize(
    ("sql", "changes"),
    [
        ("ALTER TABLE users MODIFY name VARCHAR(50) NOT NULL", ()),
        ("ALTER TABLE users MODIFY age INT(11)", ()),
        ("ALTER TABLE users MODIFY age BIGINT", (AlterColumnType("users", "age", "BIGINT"),)),
        ("ALTER TABLE users MODIFY age INT NOT NULL", (SetNotNull("users", "age"),)),
        ("ALTER TABLE users MODIFY name VARCHAR(50) NULL", (DropNotNull("users", "name"),)),
        ("ALTER TABLE users MODIFY name VARCHAR(50)", ()),
        ("ALTER TABLE users MODIFY age INT DEFAULT 7", (SetDefault("users", "age", "7"),)),
        ("ALTER TABLE users MODIFY state VARCHAR(20) NOT NULL DEFAULT ('new')", ()),
        (
            "ALTER TABLE users CHANGE age years BIGINT",
            (AlterColumnType("users", "age", "BIGINT"), RenameColumn("users", "age", "years")),
        ),
    ],
)
def test_what_it_amounts_to(sql, changes):
    """Only what differs; NOT NULL that is dropped by not being said is an accident, which a rule of its own tells."""
    assert meant(sql) == changes


def test_what_the_revision_names_is_meant():
    """`server_default=None` and `nullable=True` are decisions."""
    assert meant("ALTER TABLE users MODIFY state VARCHAR(20) NULL", ON_PURPOSE) == (
        DropNotNull("users", "state"),
        DropDefault("users", "state"),
    )


BATCH = """with op.batch_alter_table("users") as batch_op:
    batch_op.alter_column("age", nullable=True, existing_type=sa.Integer())
    batch_op.alter_column("name", type_=sa.String(60), existing_type=sa.String(50))
"""


@pytest.mark.parametrize(
    ("sql", "source", "lost"),
    [
        ("ALTER TABLE users MODIFY name VARCHAR(60) NULL", BATCH, ("NOT NULL",)),
        ("ALTER TABLE users MODIFY name VARCHAR(60) NULL", "widen(op)", ("NOT NULL",)),
        ("ALTER TABLE users MODIFY name VARCHAR(50) NULL", "relax(op)", ()),
        ("ALTER TABLE users MODIFY name VARCHAR(60) NULL", 'op.execute("ALTER TABLE users MODIFY ...")', ()),
        ("ALTER TABLE users MODIFY name VARCHAR(60) NULL", "op.alter_column('users', 'name', **more)", ("NOT NULL",)),
        ("ALTER TABLE users MODIFY name VARCHAR(60) NULL", "this is no Python", ("NOT NULL",)),
    ],
)
def test_what_is_lost_by_accident(sql, source, lost):
    """Alembic writes NULL when it is not told otherwise: only the revision's own words tell a decision."""
    [statement] = deploy(sql, dialect="mysql", source=source).statements
    change = statement.changes[0]
    assert isinstance(change, ModifyColumn)
    assert lost_attributes(change, statement, {statement.location.path: source}) == lost


def test_a_column_that_nobody_knows_keeps_its_modify():
    """Without the column before, only a rename is sure."""
    [statement] = deploy("ALTER TABLE nowhere CHANGE a b INT", dialect="mariadb").statements
    assert statement.changes == (
        ModifyColumn("nowhere", "a", ColumnSpec("b", "INT")),
        RenameColumn("nowhere", "a", "b"),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'new'", "('new')"),
        ("current_timestamp()", "CURRENT_TIMESTAMP"),
        ("now()", "current_timestamp()"),
        ("NULL", None),
        ("true", "1"),
        ("'it''s'", "'it''s'"),
    ],
)
def test_spellings_of_one_default(one, other):
    """Catalogue and statement write the same default in different ways."""
    assert plain_default(one) == plain_default(other)


DOCUMENT = Column("a", "longtext", also=("CHECK (json_valid(`a`))",))
TEXT = Column("a", "longtext")


@pytest.mark.parametrize(
    ("was", "type", "now", "changes"),
    [
        (TEXT, "JSON", DOCUMENT, True),
        (DOCUMENT, "JSON", DOCUMENT, False),
        (TEXT, "JSON", TEXT, False),  # MariaDB before 10.4.3: no more than another word
        (TEXT, "JSON", Column("a", "json"), True),
        (Column("a", "json"), "LONGTEXT", TEXT, True),
    ],
)
def test_json_and_longtext(was: Column, type: str, now: Column, changes: bool) -> None:
    """One type on MariaDB, which a CHECK makes JSON; two on MySQL."""
    [read] = deploy(f"ALTER TABLE t MODIFY a {type} NULL", dialect="mariadb").statements
    before, after = (Schema({"t": Table("t", columns=(one,))}) for one in (was, now))
    seen = replace(read, changes=read.changes[:1], before=before, after=after, observed=Observation())
    [statement] = expanded((seen,), {})
    assert any(isinstance(one, AlterColumnType) for one in statement.changes) == changes
