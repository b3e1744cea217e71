"""Seeds on the real servers: whole rows of both profiles, hard schemas, and random ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.databases import ScratchDatabase, open_server
from gate.databases._url import parse, render
from gate.databases.base import Seeded

from .conftest import POSTGRES, NewDatabase, Opened

every_major = pytest.mark.parametrize("kind", POSTGRES)

SHOP = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(40) NOT NULL UNIQUE, name VARCHAR(10), age INTEGER
    CHECK (age >= 18),
    boss_id INTEGER REFERENCES customers (id));
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id), shop_id INTEGER,
    status VARCHAR(9) NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'paid')), total NUMERIC(8, 2), made_at TIMESTAMP);
"""


def rows(database: ScratchDatabase, table: str) -> list[tuple[Any, ...]]:
    """All rows of a table, values as text."""
    return [
        tuple(None if one is None else str(one) for one in row)
        for row in database.execute(f"SELECT * FROM {table} ORDER BY id")
    ]


def test_plain_rows_are_distinct_and_have_no_nulls(new_database: NewDatabase) -> None:
    """Short, realistic values; every reference, also one that no key guards, points at a row."""
    database = new_database("postgresql:15")
    database.execute(SHOP)
    assert database.seed("plain") == Seeded(2, 8, {})
    assert rows(database, "customers") == [
        ("1", "user1@example.com", "Name 1", "18", "1"),
        ("2", "user2@example.com", "Name 2", "19", "2"),
        ("3", "user3@example.com", "Name 3", "20", "3"),
        ("4", "user4@example.com", "Name 4", "21", "4"),
    ]
    assert rows(database, "orders") == [
        ("1", "1", "1", "new", "1.50", "2024-01-01 10:00:00"),
        ("2", "2", "2", "new", "2.50", "2024-01-02 10:00:00"),
        ("3", "3", "3", "new", "3.50", "2024-01-03 10:00:00"),
        ("4", "4", "4", "new", "4.50", "2024-01-04 10:00:00"),
    ]


def test_hostile_rows_hold_what_the_schema_allows(new_database: NewDatabase) -> None:
    """A full row with numbers below zero, one at the limits with an orphan, one of NULLs, and a copy where no key forbids."""
    database = new_database("postgresql:15")
    database.execute(SHOP)
    assert database.seed("hostile") == Seeded(2, 8, {})
    assert rows(database, "customers") == [
        ("1", "user1@example.com", "Name 1", "18", "1"),
        ("2", "x" * 39 + "2", "xxxxxxxxx2", "2147483546", "2"),
        ("3", "user3@example.com", None, None, None),
        ("4", "user4@example.com", "Name 1", "18", "1"),
    ]
    assert rows(database, "orders") == [
        ("1", "1", "1", "new", "-1.50", "2024-01-01 10:00:00"),
        ("2", "2", "2147483639", "paid", "99999.99", "2099-12-31 23:59:59.123456"),
        ("3", "3", None, "new", None, None),
        ("4", "1", "1", "new", "-1.50", "2024-01-01 10:00:00"),
    ]


@every_major
def test_sequences_stand_behind_the_rows(kind: str, new_database: NewDatabase) -> None:
    """What a migration inserts by itself gets a new number, not one that a seed has."""
    database = new_database(kind)
    database.execute(
        "CREATE TABLE a (id serial PRIMARY KEY, t text);"
        "CREATE TABLE b (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text)"
    )
    database.execute(
        'CREATE SEQUENCE "Odd % seq"; CREATE TABLE c (id int DEFAULT nextval(\'"Odd % seq"\'), k int UNIQUE)'
    )
    database.execute("CREATE TABLE d (id int DEFAULT nextval('\"Odd % seq\"'))")
    database.seed("plain")
    database.execute(
        "INSERT INTO a (t) VALUES ('new'); INSERT INTO b (t) VALUES ('new'); INSERT INTO c (k) VALUES (70)"
    )
    highest = "SELECT (SELECT max(id) FROM a), (SELECT max(id) FROM b), (SELECT max(id) FROM c)"
    assert database.execute(highest) == [(5, 5, 5)]


HARD = """
CREATE EXTENSION btree_gist;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN email AS varchar(60) CHECK (VALUE ~ '^[a-z]+@[a-z]+\\.com$');
CREATE DOMAIN code AS char(4) NOT NULL CHECK (VALUE LIKE 'A%');
CREATE TABLE tenants (id uuid PRIMARY KEY, name text NOT NULL CHECK (length(name) > 40));
CREATE TABLE accounts (tenant_id uuid REFERENCES tenants, id bigint, mail email UNIQUE, code code, mood mood NOT NULL,
    PRIMARY KEY (tenant_id, id));
CREATE TABLE invoices (id int PRIMARY KEY, tenant_id uuid NOT NULL, account_id bigint NOT NULL,
    payer_id bigint NOT NULL,
    starts date NOT NULL, ends date NOT NULL CHECK (ends > starts), low int CHECK (low > 5), high int,
    CHECK (high > low AND high < 1000),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    FOREIGN KEY (tenant_id, payer_id) REFERENCES accounts (tenant_id, id));
CREATE TABLE chicken (id int PRIMARY KEY, egg_id int NOT NULL);
CREATE TABLE egg (id int PRIMARY KEY, chicken_id int NOT NULL REFERENCES chicken);
ALTER TABLE chicken ADD FOREIGN KEY (egg_id) REFERENCES egg;
CREATE TABLE one_of (id int PRIMARY KEY, a int, b int, CHECK (num_nonnulls(a, b) = 1));
CREATE TABLE profile (customer uuid PRIMARY KEY REFERENCES tenants, sha text NOT NULL UNIQUE
    CHECK (sha ~ '^[0-9a-f]{64}$'),
    slug text NOT NULL CHECK (slug ~* '^([A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])$'));
CREATE TABLE flags (on_off boolean PRIMARY KEY, n smallint CHECK (n IN (1, 2)));
CREATE TABLE logs (id int, day date NOT NULL, kind text NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2031-05-01') TO ('2031-06-01');
CREATE TABLE kinds (id int, kind text NOT NULL) PARTITION BY LIST (kind);
CREATE TABLE kinds_1 PARTITION OF kinds FOR VALUES IN ('red', 'blue');
CREATE TABLE bookings (room int, during tstzrange, EXCLUDE USING gist (room WITH =, during WITH &&));
CREATE TABLE every_type (a bit(3), b bit varying(5), c inet, d cidr, e macaddr, f tsvector, g int4range, h daterange,
    i money, j interval,
    k time with time zone, l xml, m jsonb DEFAULT '[]', n point, o int[], p text[][], q bytea, r real, s numeric,
    t numeric(3, 3),
    u mood[], v "char", w name, x oid);
CREATE TABLE "Odd ""Name%" ("a b%" int PRIMARY KEY, "select" text NOT NULL, "x(y)" text DEFAULT 'it''s');
"""


@every_major
@pytest.mark.parametrize("profile", ["plain", "hostile"])
def test_hard_schemas_are_seeded(kind: str, profile: Any, new_database: NewDatabase) -> None:
    """Domains, regular expressions, composite and circular keys, partitions, exclusions, conditions over columns."""
    database = new_database(kind)
    database.execute(HARD)
    seeded = database.seed(profile)
    assert dict(seeded.unseeded) == {"flags": seeded.unseeded["flags"]}
    assert seeded.unseeded["flags"].startswith("2 of 4 rows only: ")
    assert (seeded.tables, seeded.rows) == (13, 50)
    # Keys were not checked while the rows went in: they are now.
    for table, constraint in database.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f' AND coninhcount = 0"
    ):
        definition = database.execute(
            f"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{constraint}'"
        )[0][0]
        database.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}, ADD CONSTRAINT {constraint} {definition}")


@every_major
def test_what_cannot_be_seeded_is_named(kind: str, new_database: NewDatabase) -> None:
    """Never an exception: the table, and the server's reason. The others are seeded."""
    database = new_database(kind)
    database.execute(
        "CREATE TYPE pair AS (a int, b int); CREATE TABLE hard (id int PRIMARY KEY, p pair NOT NULL); "
        "CREATE TABLE never (id int NOT NULL CHECK (id <> id)); CREATE TABLE easy (id int); "
        "CREATE TABLE empty (id int) PARTITION BY RANGE (id)"
    )
    seeded = database.seed("plain")
    assert (seeded.tables, seeded.rows) == (1, 4)
    told = {name: why.replace('"p" of relation "hard"', '"p"') for name, why in seeded.unseeded.items()}  # since 13
    assert told == {
        "empty": 'no partition of relation "empty" found for row',
        "hard": 'null value in column "p" violates not-null constraint',
        "never": 'new row for relation "never" violates check constraint "never_id_check"',
    }


def test_tables_with_rows_are_left_alone_and_referred_to(new_database: NewDatabase) -> None:
    """A data revision's rows stay as they are; children point at them."""
    for kind in ("postgresql:15", "sqlite"):
        database = new_database(kind)
        database.execute(
            "CREATE TABLE roles (id INTEGER PRIMARY KEY, name VARCHAR(9)); INSERT INTO roles VALUES (70, 'admin')"
        )
        database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, role_id INTEGER REFERENCES roles (id))")
        assert database.seed("plain") == Seeded(1, 4, {}, ("roles",))
        assert rows(database, "users") == [("1", "70"), ("2", "70"), ("3", "70"), ("4", "70")]
        assert database.seed("plain") == Seeded(0, 0, {}, ("roles", "users"))


def test_named_tables_only(new_database: NewDatabase) -> None:
    """Tables that a revision has just made are seeded when they are named."""
    database = new_database("sqlite")
    database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY)")
    assert database.seed("plain", ["b", "no_such_table"]) == Seeded(1, 4, {})
    assert database.execute("SELECT count(*) FROM a") == [(0,)]


SQLITE_HARD = """
CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, kind VARCHAR(4) NOT NULL CONSTRAINT ck_kind
    CHECK (kind IN ('x', 'yy')),
    n INT CHECK (n BETWEEN 5 AND 9), t TEXT COLLATE NOCASE UNIQUE, j JSON CHECK (json_valid(j)), d DATE, dt DATETIME,
    b BOOLEAN NOT NULL,
    f FLOAT, x BLOB, g INT GENERATED ALWAYS AS (n * 2) STORED, "odd name" DECIMAL(4, 1));
CREATE TABLE b (a_id INTEGER NOT NULL REFERENCES a ON DELETE CASCADE, lang CHAR(2), PRIMARY KEY (a_id, lang))
    WITHOUT ROWID;
CREATE UNIQUE INDEX ix ON a (lower(kind), n);
CREATE TRIGGER tr AFTER INSERT ON a WHEN new.n = 8 BEGIN SELECT RAISE(ABORT, 'eight'); END;
CREATE VIEW v AS SELECT * FROM a;
"""


@pytest.mark.parametrize("profile", ["plain", "hostile"])
def test_hard_sqlite_schemas_are_seeded(profile: Any, new_database: NewDatabase) -> None:
    """Checks, expression indexes, generated columns, tables without row ids."""
    database = new_database("sqlite")
    database.execute(SQLITE_HARD)
    seeded = database.seed(profile)
    assert (seeded.tables, seeded.rows, dict(seeded.unseeded)) == (2, 8, {})
    assert database.execute("PRAGMA foreign_key_check") == []


_MYSQL_HARD = """
CREATE TABLE a (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, kind ENUM('x', 'yy') NOT NULL, st SET('p', 'q') NOT NULL,
    n TINYINT UNSIGNED NOT NULL CHECK (n BETWEEN 5 AND 9), t VARCHAR(700) UNIQUE, j JSON NOT NULL, d DATE,
    dt DATETIME(6), y YEAR, b BOOL NOT NULL,
    bits BIT(12), {own} f FLOAT, x VARBINARY(7) NOT NULL, g INT AS (n * 2) STORED, tx TINYTEXT,
    ts TIMESTAMP);
CREATE TABLE b (a_id BIGINT UNSIGNED NOT NULL, lang CHAR(2), PRIMARY KEY (a_id, lang), FOREIGN KEY (a_id)
    REFERENCES a (id));
CREATE TABLE p (id INT, day DATE NOT NULL, PRIMARY KEY (id, day))
    PARTITION BY RANGE (YEAR(day)) (PARTITION p0 VALUES LESS THAN (2030));
"""


_OWN_TYPES = {"mariadb": "u UUID, i INET6,", "mysql": "g1 GEOMETRY, e JSON DEFAULT (JSON_ARRAY()), h INT INVISIBLE,"}


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
@pytest.mark.parametrize("profile", ["plain", "hostile"])
def test_hard_mysql_schemas_are_seeded(kind: str, profile: Any, new_database: NewDatabase) -> None:
    """Enums, sets, JSON, unsigned numbers, partitions."""
    database = new_database(kind)
    database.execute(_MYSQL_HARD.replace("{own}", _OWN_TYPES[kind]))
    seeded = database.seed(profile)
    assert (seeded.tables, seeded.rows, dict(seeded.unseeded)) == (3, 12, {})
    database.execute("ALTER TABLE b DROP FOREIGN KEY b_ibfk_1; ALTER TABLE b ADD FOREIGN KEY (a_id) REFERENCES a (id)")


def test_an_ordinary_role_seeds_with_keys_on(new_database: NewDatabase, tmp_path: Path) -> None:
    """On a given server our user may not be allowed to switch keys off: parents go first, circles are named."""
    theirs = new_database("postgresql:15")
    theirs.execute("CREATE ROLE modest LOGIN CREATEDB PASSWORD 'pw'")
    url = parse(theirs.url())
    given = render(replace(url, user="modest", password="pw", database="postgres"), None)
    with open_server(
        "postgresql", None, given, cache_dir=tmp_path, workdir=tmp_path, progress=lambda _: None
    ) as server:
        database = server.create()
        database.execute(SHOP)
        assert database.seed("plain") == Seeded(2, 8, {})
        other = server.create()
        other.execute("CREATE TABLE chicken (id int PRIMARY KEY, egg_id int NOT NULL)")
        other.execute("CREATE TABLE egg (id int PRIMARY KEY, chicken_id int NOT NULL REFERENCES chicken)")
        other.execute("ALTER TABLE chicken ADD FOREIGN KEY (egg_id) REFERENCES egg")
        seeded = other.seed("plain")
        assert (seeded.tables, sorted(seeded.unseeded)) == (0, ["chicken", "egg"])
    theirs.execute("DROP ROLE modest")


TYPES = {
    "postgresql:15": [
        "integer",
        "bigint",
        "smallint",
        "varchar(3)",
        "text",
        "boolean",
        "numeric(6,2)",
        "date",
        "timestamptz",
        "uuid",
        "jsonb",
        "bytea",
        "char(2)",
        "double precision",
        "int[]",
    ],
    "sqlite": [
        "INTEGER",
        "VARCHAR(3)",
        "TEXT",
        "BOOLEAN",
        "NUMERIC(6,2)",
        "DATE",
        "DATETIME",
        "BLOB",
        "FLOAT",
        "JSON",
        "",
    ],
    "mariadb": [
        "INT",
        "BIGINT",
        "VARCHAR(3)",
        "TINYINT(1)",
        "DECIMAL(6,2)",
        "DATE",
        "DATETIME",
        "CHAR(2)",
        "DOUBLE",
        "ENUM('a','b','c','d')",
    ],
}
TYPES["mysql"] = TYPES["mariadb"]


@st.composite
def schemas(draw: st.DrawFn, kind: str) -> list[str]:
    """CREATE TABLE texts of a random schema: references to earlier tables and themselves, unique columns, NOT NULL."""
    texts: list[str] = []
    for number in range(draw(st.integers(1, 4))):
        parts = ["id INTEGER PRIMARY KEY"]
        for at in range(draw(st.integers(0, 5))):
            null = draw(st.sampled_from(["", " NOT NULL"]))
            unique = draw(st.sampled_from(["", "", " UNIQUE"]))
            if draw(st.booleans()):
                target = draw(st.integers(0, number))
                parts.append(f"c{at} INTEGER{null}{unique} REFERENCES t{target} (id)")
            else:
                type_ = draw(st.sampled_from(TYPES[kind]))
                wide = type_.lower() not in ("boolean", "tinyint(1)", "jsonb", "json", "text")
                parts.append(f"c{at} {type_}{null}{unique if wide else ''}")
        texts.append(f"CREATE TABLE t{number} ({', '.join(parts)})")
    return texts


@pytest.mark.parametrize("kind", list(TYPES))
@pytest.mark.parametrize("profile", ["plain", "hostile"])
def test_random_schemas_are_seeded_whole(kind: str, profile: Any, servers: Opened) -> None:
    """Every table gets four rows, every key holds, plain rows have no NULL, and seeding is repeatable."""
    server = servers(kind)

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(schemas(kind))
    def check(texts: list[str]) -> None:
        first, second = server.create(), server.create()
        try:
            for database in (first, second):
                database.execute(";".join(texts))
                assert database.seed(profile) == Seeded(len(texts), 4 * len(texts), {})
            assert first.digest() == second.digest()
            for number, text in enumerate(texts):
                for problem in problems(first, f"t{number}", text, profile):
                    pytest.fail(problem)
        finally:
            first.drop()
            second.drop()

    check()


def problems(database: ScratchDatabase, table: str, text: str, profile: str) -> Iterator[str]:
    """What is wrong with the rows of one table."""
    for part in text.partition("(")[2].split(", "):
        name = part.split(" ")[0]
        if profile == "plain" and database.execute(f"SELECT count(*) FROM {table} WHERE {name} IS NULL") != [(0,)]:
            yield f"{table}.{name} holds NULL"
        if "REFERENCES" in part:
            target = part.split("REFERENCES ")[1].split(" ")[0]
            orphans = (
                f"SELECT count(*) FROM {table} WHERE {name} IS NOT NULL AND {name} NOT IN (SELECT id FROM {target})"
            )
            if database.execute(orphans) != [(0,)]:
                yield f"{table}.{name} points nowhere"


def test_seeding_a_database_that_another_session_locks_is_an_expected_error(new_database: NewDatabase) -> None:
    """SQLite's lock does not hang the gate for ever, and leaves nothing half done."""
    database = new_database("sqlite")
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    database.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(database.parts["database"], isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Exception, match="database is locked"):
        database.seed("plain")
    other.execute("ROLLBACK")
    other.close()
    assert database.seed("plain") == Seeded(1, 4, {})
