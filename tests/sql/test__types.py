"""Types of MySQL, MariaDB and SQLite made comparable."""

from __future__ import annotations

import pytest

from gate.sql._types import affinity, base, members, normal, same, size


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("INTEGER", "int(11)", True),
        ("INTEGER UNSIGNED", "int(10) unsigned", True),
        ("INTEGER", "int(10) unsigned", False),
        ("BOOL", "tinyint(1)", True),
        ("TINYINT", "tinyint(1)", False),
        ("NUMERIC(10)", "decimal(10,0)", True),
        ("DEC(10, 2)", "decimal(10,2)", True),
        ("DOUBLE PRECISION", "double", True),
        ("CHARACTER VARYING(20)", "varchar(20)", True),
        ("varchar(20)", "varchar(40)", False),
        ("CHAR", "char(1)", True),
        ("JSON", "longtext", True),
        ("ENUM('a', 'B')", "enum('a','B')", True),
        ("ENUM('a','B')", "enum('a','b')", False),
        ("", "text", False),
    ],
)
def test_two_spellings_of_one_type(one, other, expected):
    """Aliases, default lengths and display widths say nothing; sizes, signs and labels do."""
    assert same(one, other) is expected


def test_parts_of_a_type():
    """Its name, its numbers, its labels."""
    assert (base("VARCHAR(20)"), size("decimal(10, 2)"), size("text")) == ("varchar", (10, 2), ())
    assert members("ENUM('a','it''s, b')") == ("a", "it's, b")
    assert (members("varchar(9)"), normal("GEOMETRY")) == ((), "geometry")


@pytest.mark.parametrize(
    ("type", "expected"),
    [
        ("BIGINT", "integer"),
        ("VARCHAR(9)", "text"),
        ("CLOB", "text"),
        ("BLOB", "blob"),
        ("", "blob"),
        ("DOUBLE", "real"),
        ("NUMERIC(10,2)", "numeric"),
        ("DATETIME", "numeric"),
        ("CHARINT", "integer"),
    ],
)
def test_affinity(type, expected):
    """In SQLite's own order of words."""
    assert affinity(type) == expected
