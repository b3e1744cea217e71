"""What two digests say about rows and values lost between them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.databases.digests import ColumnDigest, Digest, TableDigest, column_digest, compare
from gate.facts.rehearsal import DataChange

from .conftest import KINDS, NewDatabase


def table(rows: int | None = None, **columns: tuple[str, list[str | None]]) -> TableDigest:
    """A table's digest from types and values."""
    digests = {name: column_digest(type_, values) for name, (type_, values) in columns.items()}
    return TableDigest(rows if rows is not None else max(len(values) for _, values in columns.values()), digests)


def database(**tables: TableDigest) -> Digest:
    """A database's digest."""
    return Digest(tables)


USERS = table(id=("int", ["1", "2"]), name=("text", ["a", "b"]))


def test_nothing_changed() -> None:
    """Row order does not matter, new rows, tables and columns do not either."""
    later = table(id=("int", ["3", "2", "1"]), name=("text", ["c", "b", "a"]), born=("text", ["x", "x", "x"]))
    assert compare(database(users=USERS), database(users=later, more=USERS)) == ()


def test_rows_and_tables_that_are_gone() -> None:
    """With how many rows went; an empty table is no loss."""
    before = database(users=USERS, logs=table(id=("int", ["1"])), empty=table(id=("int", [])))
    after = database(users=table(id=("int", ["1"]), name=("text", ["a"])))
    assert compare(before, after) == (
        DataChange("rows-lost", "users", detail="1 of 2 rows gone"),
        DataChange("table-dropped", "logs", detail="1 row gone with the table"),
    )


def test_a_table_without_a_row_left() -> None:
    """Some rows gone and all rows gone are told apart."""
    (change,) = compare(database(users=USERS), database(users=table(id=("int", []), name=("text", []))))
    assert change == DataChange("rows-lost", "users", detail="2 of 2 rows gone", emptied=True)


def test_columns_that_are_gone() -> None:
    """A column of NULLs takes nothing with it."""
    before = database(users=table(id=("int", ["1", "2"]), name=("text", ["a", None]), void=("text", [None, None])))
    after = database(users=table(id=("int", ["1", "2"])))
    assert compare(before, after) == (DataChange("column-dropped", "users", "name", "1 value gone with the column"),)


def test_a_backfill_is_no_loss() -> None:
    """NULL became a value, every value that was there still is."""
    before = database(users=table(id=("int", ["1", "2"]), name=("text", ["a", None])))
    after = database(users=table(id=("int", ["1", "2"]), name=("text", ["a", "unknown"])))
    assert compare(before, after) == ()


def test_values_lost_and_changed() -> None:
    """A value that became NULL is lost, one that became another is changed."""
    before = database(users=table(a=("text", ["x", "y"]), b=("text", ["x", "y"])))
    after = database(users=table(a=("text", ["x", None]), b=("text", ["x", "z"])))
    assert compare(before, after) == (
        DataChange("values-lost", "users", "a", "1 of 2 values became NULL"),
        DataChange("values-changed", "users", "b", "1 of 2 values changed"),
    )


@pytest.mark.parametrize(
    ("old", "before", "new", "after"),
    [
        ("integer", "12", "bigint", "12"),
        ("numeric(10,2)", "1.50", "numeric(12,4)", "1.5000"),
        ("boolean", "true", "integer", "1"),
        ("tinyint", "0", "boolean", "false"),
        ("timestamp", "2024-01-01 10:00:00", "timestamptz", "2024-01-01 10:00:00+00"),
        ("DATETIME", "2024-01-01 10:00:00.000000", "timestamp", "2024-01-01 10:00:00"),
        ("json", '{"b":1, "a":2}', "jsonb", '{"a": 2, "b": 1}'),
        ("char(5)", "ab   ", "text", "ab"),
    ],
)
def test_another_spelling_after_a_type_change_is_no_loss(old: str, before: str, new: str, after: str) -> None:
    """The same value in the new type's words."""
    assert compare(database(t=table(c=(old, [before]))), database(t=table(c=(new, [after])))) == ()


def test_a_type_change_that_loses_digits_is_told() -> None:
    """With both types."""
    before, after = table(c=("numeric(12,4)", ["1.2345"])), table(c=("numeric(10,2)", ["1.23"]))
    assert compare(database(t=before), database(t=after)) == (
        DataChange("values-changed", "t", "c", "1 of 1 value changed with the type (numeric(12,4) to numeric(10,2))"),
    )


def test_without_a_type_change_spelling_counts() -> None:
    """An UPDATE from 007 to 7 changes the text."""
    before, after = table(c=("text", ["007"])), table(c=("text", ["7"]))
    assert [one.kind for one in compare(database(t=before), database(t=after))] == ["values-changed"]


def test_renames_are_found_by_equal_values() -> None:
    """A table or column that is gone while a new one holds the same values was renamed."""
    after = table(id=("int", ["1", "2"]), title=("varchar", ["a", "b"]))
    assert compare(database(users=USERS), database(people=after)) == ()


def test_known_renames_are_followed() -> None:
    """Even where values changed: the loss is told under the old names."""
    after = table(id=("int", ["1", "2"]), title=("text", ["a", "z"]))
    found = compare(database(users=USERS), database(people=after), {"users": "people"}, {("users", "name"): "title"})
    assert found == (DataChange("values-changed", "users", "name", "1 of 2 values changed"),)


def test_a_table_that_could_not_be_read_is_not_called_dropped() -> None:
    """Not knowing is no loss."""
    assert compare(database(users=USERS), Digest({}, {"users": "permission denied"})) == ()


def test_large_tables_are_compared_whole() -> None:
    """One hash for a column: a change is seen, the numbers of values still count."""
    old = TableDigest(
        5000,
        {
            "c": ColumnDigest("int", ("11",), ("11",), 5000, whole=True),
            "d": ColumnDigest("int", ("5",), ("5",), 5000, whole=True),
        },
    )
    new = TableDigest(
        5000,
        {
            "c": ColumnDigest("int", ("12",), ("12",), 5000, whole=True),
            "d": ColumnDigest("int", ("6",), ("6",), 4000, whole=True),
        },
    )
    assert compare(database(t=old), database(t=new)) == (
        DataChange("values-changed", "t", "c", "some of 5000 values changed"),
        DataChange("values-lost", "t", "d", "1000 of 5000 values became NULL"),
    )


def test_large_tables_say_nothing_where_they_cannot_know() -> None:
    """A whole column's hash differs after a backfill, new rows or another type: that alone is no loss."""
    old = TableDigest(
        5000,
        {
            "c": ColumnDigest("int", ("11",), ("11",), 4000, whole=True),
            "d": ColumnDigest("int", ("5",), ("5",), 5000, whole=True),
        },
    )
    new = TableDigest(
        5000,
        {
            "c": ColumnDigest("int", ("12",), ("12",), 5000, whole=True),
            "d": ColumnDigest("text", ("6",), ("6",), 5000, whole=True),
        },
    )
    assert compare(database(t=old), database(t=new)) == ()


VALUES = st.lists(st.one_of(st.none(), st.text(max_size=4), st.integers().map(str)), max_size=6)


@settings(max_examples=80)
@given(VALUES, VALUES)
def test_adding_never_reads_as_losing(values: list[str | None], more: list[str | None]) -> None:
    """Whatever the values: the same rows plus others are no loss; without one of them there is one."""
    old = table(len(values), c=("text", values))
    assert compare(database(t=old), database(t=table(len(values) + len(more), c=("text", values + more)))) == ()
    if values:
        assert compare(database(t=old), database(t=table(len(values) - 1, c=("text", values[1:])))) != ()


@pytest.mark.parametrize("kind", KINDS)
def test_real_changes_on_every_kind(kind: str, new_database: NewDatabase) -> None:
    """Loss by DELETE, UPDATE, DROP COLUMN and narrowing, seen on the server's own rows."""
    database = new_database(kind)
    database.execute(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, keep VARCHAR(20), changed VARCHAR(20), gone VARCHAR(20), "
        "voided VARCHAR(20));"
        "CREATE TABLE b (id INTEGER PRIMARY KEY, kept VARCHAR(20))"
    )
    database.seed("plain")
    before = database.digest()
    database.execute("UPDATE a SET changed = 'other' WHERE id = 1")
    database.execute("UPDATE a SET voided = NULL WHERE id > 2")
    database.execute("ALTER TABLE a DROP COLUMN gone")
    database.execute("DELETE FROM b WHERE id = 4")
    database.execute("ALTER TABLE a RENAME TO c")
    assert compare(before, database.digest(), {"a": "c"}) == (
        DataChange("values-changed", "a", "changed", "1 of 4 values changed"),
        DataChange("column-dropped", "a", "gone", "4 values gone with the column"),
        DataChange("values-lost", "a", "voided", "2 of 4 values became NULL"),
        DataChange("rows-lost", "b", detail="1 of 4 rows gone"),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_table_is_digested_by_the_server(kind: str, new_database: NewDatabase) -> None:
    """More rows than are fetched: loss and change are still seen."""
    database = new_database(kind)
    database.execute("CREATE TABLE big (id INTEGER PRIMARY KEY, name VARCHAR(20))")
    database.execute("INSERT INTO big VALUES " + ", ".join(f"({number}, 'n{number}')" for number in range(2500)))
    before = database.digest()
    assert before.tables["big"].rows == 2500
    database.execute("UPDATE big SET name = 'x' WHERE id = 7")
    changed = compare(before, database.digest())
    assert [(one.kind, one.column) for one in changed] == [("values-changed", "name")]
    database.execute("DELETE FROM big WHERE id = 7")
    assert compare(before, database.digest()) == (DataChange("rows-lost", "big", detail="1 of 2500 rows gone"),)
