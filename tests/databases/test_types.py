"""Types as servers spell them, turned into what the seeder must know."""

from __future__ import annotations

import pytest

from gate.databases._types import Types, ValueType
from gate.facts.schema import Column, Constraint, Domain, EnumType, Schema, Table

SCHEMA = Schema(
    enums={"mood": EnumType("mood", ("a", "b"))},
    domains={
        "code": Domain("code", "character(4)", ("CHECK (VALUE > 'a')",), False),
        "audit.sub": Domain("audit.sub", "code", ("CHECK 2",)),
    },
)


@pytest.mark.parametrize(
    ("dialect", "spelling", "expected"),
    [
        ("postgresql", "integer", {"family": "integer", "bits": 32}),
        ("postgresql", "bigint", {"family": "integer", "bits": 64}),
        ("postgresql", "character varying(50)", {"family": "text", "length": 50}),
        ("postgresql", "character(3)", {"family": "text", "length": 3, "fixed": True}),
        ("postgresql", "text", {"family": "text", "length": None}),
        ("postgresql", "numeric(10,2)", {"family": "decimal", "precision": 10, "scale": 2}),
        ("postgresql", "timestamp(3) without time zone", {"family": "timestamp"}),
        ("postgresql", "time with time zone", {"family": "time"}),
        ("postgresql", "double precision", {"family": "float"}),
        ("postgresql", "bit varying(5)", {"family": "bits", "length": 5, "fixed": False}),
        ("postgresql", "extensions.citext", {"family": "text"}),
        ("postgresql", "vector(3)", {"family": "vector", "length": 3}),
        ("postgresql", "mood", {"family": "choice", "choices": ("a", "b")}),
        ("postgresql", "code", {"family": "text", "length": 4, "checks": ("CHECK (VALUE > 'a')",), "required": True}),
        ("postgresql", "audit.sub", {"family": "text", "checks": ("CHECK (VALUE > 'a')", "CHECK 2"), "required": True}),
        ("postgresql", "some_composite", {"family": "unknown"}),
        ("mariadb", "int(10) unsigned", {"family": "integer", "bits": 32, "unsigned": True}),
        ("mariadb", "tinyint(1)", {"family": "boolean"}),
        ("mysql", "tinyint", {"family": "integer", "bits": 8}),
        ("mysql", "enum('it''s','b')", {"family": "choice", "choices": ("it's", "b")}),
        ("mysql", "set('x','y')", {"family": "choices", "choices": ("x", "y")}),
        ("mysql", "varbinary(16)", {"family": "binary", "length": 16}),
        ("sqlite", "VARCHAR(50)", {"family": "text", "length": 50}),
        ("sqlite", "UNSIGNED BIG INT", {"family": "integer"}),
        ("sqlite", "NATIVE CHARACTER(70)", {"family": "text"}),
        ("sqlite", "FOO", {"family": "decimal"}),
        ("sqlite", "", {"family": "text"}),
    ],
)
def test_a_spelling_is_understood(dialect: str, spelling: str, expected: dict[str, object]) -> None:
    """Family, length, precision, choices, conditions."""
    found = Types(dialect, SCHEMA).named(spelling)
    assert {name: getattr(found, name) for name in expected} == expected


def test_an_array_has_an_element() -> None:
    """At any depth."""
    found = Types("postgresql", SCHEMA).named("mood[][]")
    assert found.family == "array"
    assert found.element is not None
    assert found.element.element == ValueType("choice", "mood", choices=("a", "b"))


def test_text_that_a_check_holds_to_be_json_is_json() -> None:
    """As MariaDB makes of a JSON column, and SQLite's users write."""
    check = Constraint("j", "check", (), "CHECK (json_valid(`j`))")
    table = Table("t", columns=(Column("j", "longtext"), Column("k", "longtext")), constraints=(check,))
    types = Types("mariadb", SCHEMA)
    assert [types.of(one, table).family for one in table.columns] == ["json", "text"]
