"""A schema's fingerprint: equal for equal schemas, with a distance for near ones."""

from __future__ import annotations

import pytest

from gate.databases.fingerprint import fingerprint
from gate.facts.schema import Column, Constraint, EnumType, Index, Schema, Table

from .conftest import KINDS, POSTGRES, NewDatabase

DDL = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(50) NOT NULL UNIQUE, age INTEGER DEFAULT 3 CHECK (age > 1));
CREATE INDEX ix_age ON users (age)
"""


def test_the_lines_name_every_object() -> None:
    """Whole: columns, constraints, indexes, enums, triggers, routines; no NOT NULL constraint, no index of a key."""
    table = Table(
        "users",
        columns=(Column("id", "int4", False, "nextval('s'::regclass)"), Column("mood", "mood")),
        indexes=(
            Index(
                "users_pkey",
                ("id",),
                True,
                definition="CREATE UNIQUE INDEX users_pkey ON public.users USING btree (id)",
            ),
            Index("ix", ("mood",), definition="CREATE INDEX ix ON public.users USING btree (mood)"),
        ),
        constraints=(
            Constraint("users_pkey", "primary-key", ("id",), "PRIMARY KEY (id)"),
            Constraint("users_id_not_null", "not-null", ("id",), "NOT NULL id"),
            Constraint("ck", "check", ("id",), "CHECK ((id > 0)) NOT VALID", validated=False),
        ),
        triggers=("touch",),
    )
    schema = Schema({"users": table}, {"mood": EnumType("mood", ("a", "b"))}, sequences=("s",), routines={"f()": "abc"})
    assert sorted(fingerprint(schema).lines) == [
        "column users.id integer null=False default=sequence generated=None",
        "column users.mood mood null=True default= generated=None",
        "constraint users ck check checkid>0 not valid",
        "constraint users users_pkey primary-key id",
        "enum mood (a, b)",
        "index users ix False btree mood  True",
        "routine f() abc",
        "sequence s",
        "table users table ",
        "trigger users touch",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_equal_schemas_have_equal_prints_and_near_ones_are_near(kind: str, new_database: NewDatabase) -> None:
    """One added column is one line more."""
    first, second = new_database(kind), new_database(kind)
    for database in (first, second):
        database.execute(DDL)
    before = fingerprint(first.schema())
    assert before == fingerprint(second.schema())
    second.seed("plain")
    assert before == fingerprint(second.schema())
    second.execute("ALTER TABLE users ADD COLUMN more INTEGER")
    after = fingerprint(second.schema())
    assert after.hash != before.hash
    assert before.distance(after) == 1


def test_majors_have_equal_prints(new_database: NewDatabase) -> None:
    """A print made on one PostgreSQL is found again on another."""
    prints = []
    for kind in POSTGRES:
        database = new_database(kind)
        database.execute(DDL + "; CREATE VIEW v AS SELECT users.id FROM users WHERE users.age > 1")
        prints.append(fingerprint(database.schema()))
    assert prints[0] == prints[1]
