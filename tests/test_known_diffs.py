"""Recorded differences: matched by what they are about, each record once."""

from __future__ import annotations

from gate.known_diffs import record, split

COLUMN = {
    "kind": "add_column",
    "table": "t",
    "column": "c",
    "schema": None,
    "object": None,
    "detail": "('add_column', ...)",
    "changes": [],
}
TYPE = {"kind": "alter_column", "table": "t", "column": "c", "changes": ["type", "nullable"], "detail": "x"}


def test_a_record_holds_only_what_identifies_the_difference() -> None:
    """No type, no default: another SQLAlchemy spells them in another way."""
    assert record(COLUMN) == {"kind": "add_column", "table": "t", "column": "c"}
    assert record(TYPE) == {"kind": "alter_column", "table": "t", "column": "c", "changes": ["nullable", "type"]}


def test_known_ones_do_not_count_and_new_ones_do() -> None:
    """One record covers one difference, whatever its text says by now."""
    other = {**COLUMN, "column": "d"}
    fresh, known = split([COLUMN, {**COLUMN, "detail": "again"}, other, TYPE], [record(COLUMN), record(TYPE)])
    assert fresh == [{**COLUMN, "detail": "again"}, other]
    assert known == [COLUMN, TYPE]


def test_another_change_of_the_same_column_is_new() -> None:
    """A known type difference does not cover a later default."""
    assert split([{**TYPE, "changes": ["server_default"]}], [record(TYPE)])[1] == []
