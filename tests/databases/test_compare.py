"""Differences of two schemas: every kind, and what is only another spelling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.databases.compare import differences
from gate.facts.schema import Column, Constraint, EnumType, Index, Schema, Table

from .conftest import KINDS, POSTGRES, NewDatabase

ID = Column("id", "integer", nullable=False)
NAME = Column("name", "character varying(20)")
USERS = Table("users", columns=(ID, NAME))


def one(**changes: object) -> Schema:
    """A schema of one table, ``users``, changed."""
    return Schema({"users": replace(USERS, **changes)})  # type: ignore[arg-type]  # names checked by the tests' results


def column(**changes: object) -> Schema:
    """The same with its column ``name`` changed."""
    return one(columns=(ID, replace(NAME, **changes)))  # type: ignore[arg-type]  # as above


BASE = one()
UNIQUE = Index("ux", ("name",), unique=True, definition="CREATE UNIQUE INDEX ux ON public.users USING btree (name)")
PLAIN = Index("ix", ("name",), definition="CREATE INDEX ix ON public.users USING btree (name)")
CHECK = Constraint("ck", "check", ("name",), "CHECK ((name <> ''::text))")
KEY = Constraint(
    "fk", "foreign-key", ("id",), "FOREIGN KEY (id) REFERENCES a(id)", references="a", referenced_columns=("id",)
)


@pytest.mark.parametrize(
    ("expected", "actual", "found"),
    [
        (BASE, Schema(), [("users", "missing-table", "table", None)]),
        (Schema(), BASE, [("users", "extra-table", None, "table")]),
        (BASE, one(columns=(ID,)), [("users.name", "missing-column", "character varying(20)", None)]),
        (
            BASE,
            one(columns=(ID, NAME, Column("x", "integer", False, "5"))),
            [("users.x", "extra-column", None, "integer NOT NULL DEFAULT 5")],
        ),
        (BASE, column(type="text"), [("users.name", "type", "character varying(20)", "text")]),
        (BASE, column(nullable=False), [("users.name", "nullable", "NULL", "NOT NULL")]),
        (BASE, column(default="'x'::text"), [("users.name", "default", None, "'x'::text")]),
        (BASE, column(comment="c"), [("users.name", "comment", None, "c")]),
        (BASE, column(collation="C"), [("users.name", "other", None, "C")]),
        (BASE, column(generated="stored"), [("users.name", "other", "not generated", "GENERATED stored")]),
        (BASE, one(comment="people"), [("users", "comment", None, "people")]),
        (one(indexes=(PLAIN,)), BASE, [("users.ix", "missing-index", PLAIN.definition, None)]),
        (BASE, one(indexes=(UNIQUE,)), [("users.ux", "extra-index", None, UNIQUE.definition)]),
        (
            one(indexes=(PLAIN,)),
            one(indexes=(replace(UNIQUE, name="ix"),)),
            [("users.ix", "missing-index", PLAIN.definition, UNIQUE.definition)],
        ),
        (one(indexes=(PLAIN,)), one(indexes=(replace(PLAIN, name="iy"),)), [("users.ix", "other", "ix", "iy")]),
        (
            one(indexes=(PLAIN,)),
            one(indexes=(replace(PLAIN, valid=False),)),
            [("users.ix", "other", "valid", "INVALID")],
        ),
        (one(constraints=(CHECK,)), BASE, [("users.ck", "missing-constraint", CHECK.definition, None)]),
        (BASE, one(constraints=(KEY,)), [("users.fk", "extra-constraint", None, KEY.definition)]),
        (
            one(constraints=(KEY,)),
            one(constraints=(replace(KEY, on_delete="CASCADE", definition="other"),)),
            [("users.fk", "missing-constraint", KEY.definition, "other")],
        ),
        (
            one(constraints=(CHECK,)),
            one(constraints=(replace(CHECK, validated=False, definition=CHECK.definition + " NOT VALID"),)),
            [("users.ck", "other", CHECK.definition, CHECK.definition + " NOT VALID")],
        ),
        (one(constraints=(KEY,)), one(constraints=(replace(KEY, name="fk2"),)), [("users.fk", "other", "fk", "fk2")]),
        (one(triggers=("t",)), BASE, [("users.t", "other", "trigger", None)]),
        (
            replace(column(type="mood"), enums={"mood": EnumType("mood", ("a", "b"))}),
            replace(column(type="mood"), enums={"mood": EnumType("mood", ("a", "c"))}),
            [("users.name", "enum", "a, b", "a, c")],
        ),
        (column(type="enum('a','b')"), column(type="enum('a')"), [("users.name", "enum", "a, b", "a")]),
        (Schema(enums={"lone": EnumType("lone", ("a",))}), Schema(), [("lone", "enum", "a", None)]),
        (Schema(sequences=("s",)), Schema(), [("s", "other", "sequence", None)]),
        (Schema(routines={"f()": "1"}), Schema(routines={"f()": "2"}), [("f()", "other", "body 1", "body 2")]),
    ],
)
def test_each_kind(expected: Schema, actual: Schema, found: list[tuple[str, str, str | None, str | None]]) -> None:
    """Object, kind and both sides in the server's words."""
    rows = [(one.object, one.kind, one.expected, one.actual) for one in differences(expected, actual)]
    assert rows == found


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (column(type="int(11)"), column(type="int")),
        (column(type="bigint(20) unsigned"), column(type="bigint unsigned")),
        (column(type="VARCHAR(20)"), column(type="character varying(20)")),
        (column(type="json"), column(type="longtext")),
        (column(type="timestamp"), column(type="timestamp without time zone")),
        (column(type="DECIMAL(10, 2)"), column(type="numeric(10,2)")),
        (column(default="'x'::character varying"), column(default="'x'")),
        (column(default="now()"), column(default="CURRENT_TIMESTAMP")),
        (column(default="current_timestamp()"), column(default="CURRENT_TIMESTAMP")),
        (column(default="'0'"), column(default="0")),
        (column(default="((0))"), column(default="0.00")),
        (column(default="true"), column(default="1")),
        (column(default="NULL"), column(default=None)),
        (column(default="NULL::character varying"), column(default=None)),
        (
            column(default="nextval('users_id_seq'::regclass)"),
            column(default="nextval('public.users_id_seq'::regclass)"),
        ),
        (
            one(indexes=(PLAIN,)),
            one(indexes=(replace(PLAIN, definition="CREATE INDEX ix ON users USING btree (name)"),)),
        ),
        (
            one(indexes=(UNIQUE,)),
            one(indexes=(UNIQUE,), constraints=(Constraint("ux", "unique", ("name",), "UNIQUE (name)"),)),
        ),
        (
            one(constraints=(Constraint("uq", "unique", ("name",), "UNIQUE (name)"),)),
            one(indexes=(UNIQUE,)),
        ),
        (
            one(constraints=(CHECK,)),
            one(constraints=(replace(CHECK, definition="CHECK (name <> '')"),)),
        ),
        (BASE, one(constraints=(Constraint("users_id_not_null", "not-null", ("id",), "NOT NULL id"),))),
        (
            Schema({"v": Table("v", "view", definition=" SELECT u.id,\n u.name FROM users u;")}),
            Schema({"v": Table("v", "view", definition="SELECT id, name FROM users u")}),
        ),
        (
            Schema({"p": Table("p", "partitioned"), "p1": Table("p1", partition_of="p")}),
            Schema(
                {
                    "p": Table("p", "partitioned"),
                    "p1": Table("p1", partition_of="p"),
                    "p2": Table("p2", partition_of="p"),
                }
            ),
        ),
    ],
)
def test_another_spelling_is_no_difference(expected: Schema, actual: Schema) -> None:
    """What servers and versions write differently, both ways round."""
    assert differences(expected, actual) == ()
    assert differences(actual, expected) == () or "p2" in actual.tables


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (column(type="tinyint(1)"), column(type="tinyint")),
        (column(type="varchar(20)"), column(type="varchar(30)")),
        (column(type="timestamp"), column(type="timestamp with time zone")),
        (column(default="'A'"), column(default="'a'")),
        (column(default="'now()'"), column(default="now()")),
        (column(default="1"), column(default="10")),
        (one(constraints=(CHECK,)), one(constraints=(replace(CHECK, definition="CHECK (name <> 'x')"),))),
        (
            one(indexes=(PLAIN,)),
            one(indexes=(replace(PLAIN, definition=PLAIN.definition + " WHERE id > 1", predicate="id > 1"),)),
        ),
    ],
)
def test_near_spellings_that_do_differ(expected: Schema, actual: Schema) -> None:
    """Tolerance must not hide a real difference."""
    assert len(differences(expected, actual)) == 1


DDL = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(50) NOT NULL UNIQUE, age INTEGER DEFAULT 3 CHECK (age > 1),
    made TIMESTAMP DEFAULT CURRENT_TIMESTAMP, price NUMERIC(8, 2) DEFAULT 0.5, word VARCHAR(9) DEFAULT 'it');
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, CONSTRAINT owner FOREIGN KEY (user_id)
    REFERENCES users (id));
CREATE INDEX ix_age ON users (age, email)
"""


@pytest.mark.parametrize("kind", KINDS)
def test_real_drift_on_every_kind(kind: str, new_database: NewDatabase) -> None:
    """The same statements give the same schema; what an operator did by hand is told, and nothing else."""
    mine, theirs = new_database(kind), new_database(kind)
    for database in (mine, theirs):
        database.execute(DDL)
    assert differences(mine.schema(), theirs.schema()) == ()
    theirs.execute("DROP INDEX ix_age" + (" ON users" if kind in ("mariadb", "mysql") else ""))
    theirs.execute("ALTER TABLE users ADD COLUMN extra INTEGER")
    theirs.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    theirs.execute("ALTER TABLE posts RENAME COLUMN user_id TO owner_id")
    found = [(one.object, one.kind) for one in differences(mine.schema(), theirs.schema())]
    constraint = [("posts.owner", "missing-constraint")]
    index = [("posts.owner", "missing-index")] if kind in ("mariadb", "mysql") else []
    assert found == [
        ("other", "extra-table"),
        ("posts.user_id", "missing-column"),
        ("posts.owner_id", "extra-column"),
        *constraint,
        *index,
        ("users.extra", "extra-column"),
        ("users.ix_age", "missing-index"),
    ]


def test_two_majors_give_the_same_schema(new_database: NewDatabase) -> None:
    """PostgreSQL 15 and 18 spell views, and name NOT NULL, differently: that is no drift."""
    schemas = []
    for kind in POSTGRES[1:]:
        database = new_database(kind)
        database.execute(
            DDL
            + "; CREATE VIEW v AS SELECT users.id, users.email FROM users WHERE users.age > 1; "
            + "CREATE TYPE mood AS ENUM ('a'); "
            + "ALTER TABLE users ADD mood mood DEFAULT 'a', ADD tags text[] DEFAULT '{}', "
            + "ADD uid uuid DEFAULT gen_random_uuid(), ADD twice int GENERATED ALWAYS AS (age * 2) STORED"
        )
        schemas.append(database.schema())
    assert differences(schemas[0], schemas[1]) == ()
    assert differences(schemas[1], schemas[0]) == ()
