"""Statements that were read, not observed: what the text says holds, what only the server could know is a doubt."""

from __future__ import annotations

from typing import Any

from gate.collect._reading import Reading
from gate.facts.history import History, Revision
from gate.facts.schema import Schema
from gate.sql import parse
from gate.sql.schema_after import schema_after

HISTORY = History((Revision("a2", "versions/a2.py", ("a1",)),))
BASE = schema_after(Schema(), parse("CREATE TABLE orders (id int, label varchar(20))", "postgresql").changes)


def reading(*statements: tuple[str, str | None], whole: bool = False, apart: bool = False) -> Reading:
    """The reading of statements, each with what the server said against it."""
    found = Reading("postgresql", BASE, HISTORY, {"versions/a2.py": "x = 1\n" * 20}, apart, whole)
    found.began("a2")
    for line, (sql, refused) in enumerate(statements, 1):
        event: dict[str, Any] = {"event": "statement", "revision": "a2", "line": line, "sql": sql}
        found.heard(event | ({"refused": {"text": refused}} if refused else {}), lambda _: [])
    return found


def test_a_table_that_the_base_lacks_here_is_judged_by_the_text() -> None:
    """It is there in the schema that rules see, as a table of which only the name is known."""
    found = reading(("ALTER TABLE users ADD COLUMN a int", 'relation "users" does not exist'))
    assert (found.doubts, found.unknown) == ([], ["users"])
    (said,) = found.told()
    assert said.before.table("users") is not None
    assert [column.name for column in said.after.tables["users"].columns] == ["a"]
    assert said.observed is None


def test_the_same_is_a_doubt_where_the_whole_base_ran() -> None:
    """Then the table really is not there."""
    found = reading(("ALTER TABLE users ADD COLUMN a int", 'relation "users" does not exist'), whole=True)
    assert found.doubts == ['versions/a2.py:1: relation "users" does not exist']


def test_a_refusal_because_of_rows_is_no_doubt_nor_is_what_follows_from_it() -> None:
    """The rule has judged the column; the index on it fails only because the server did not add it."""
    found = Reading("postgresql", BASE, HISTORY, {}, False, True)
    event = {"event": "statement", "revision": "a2"}
    told = {"text": "contains null values", "sqlstate": "23502"}
    found.heard({**event, "sql": "ALTER TABLE orders ADD COLUMN a int NOT NULL", "refused": told}, lambda _: [])
    told = {"text": 'column "a" does not exist', "sqlstate": "42703"}
    found.heard({**event, "sql": "CREATE INDEX i ON orders (a)", "refused": told}, lambda _: [])
    assert (found.doubts, found.unknown, len(found.told())) == ([], [], 2)


def test_what_needs_the_table_as_it_was_is_a_doubt() -> None:
    """Whether a new type rewrites the table depends on the old one."""
    found = reading(("ALTER TABLE users ALTER COLUMN a TYPE text", 'relation "users" does not exist\nLINE 1'))
    assert found.doubts == ['versions/a2.py:1: relation "users" does not exist']


def test_a_type_that_a_stub_stands_in_for_is_not_judged() -> None:
    """The statement is left out: text would be a widening, and the real type may be anything."""
    found = reading(("ALTER TABLE orders ALTER COLUMN label TYPE TEXT /* stands in for Money */", None))
    assert found.doubts == ["versions/a2.py:1: the new type of a column is not known"]
    assert found.told() == ()


def test_one_transaction_unless_env_py_says_otherwise() -> None:
    """An autocommit block ends it."""
    found = reading(("SELECT 1", None), ("SELECT 2", None))
    assert len({one.transaction for one in found.told()}) == 1
