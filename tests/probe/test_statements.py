"""Which statements a text holds, whatever stands in its comments and strings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.probe.statements import Text, parts


def codes(text: str) -> list[str]:
    return [one.code for one in parts(text)]


def outside(text: str, partitioned: bool = False, version: int = 18) -> bool:
    return bool(Text(text).stands_outside(lambda _: partitioned, lambda: version))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1", ["SELECT 1"]),
        (";; SELECT 1 ; ;", ["SELECT 1"]),
        ("SET a = 'x;y'; ALTER TABLE \"a;b\" ADD c int;", ["SET a = ''", 'ALTER TABLE "a;b" ADD c int']),
        ("-- BEGIN; \nSELECT 1 -- ;\n; /* a /* ; */ ; */ SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("DO $$ BEGIN; COMMIT; END $$; SELECT $a$ ; $$ ; $a$", ["DO ''", "SELECT ''"]),
        (r"SELECT E'it\'s; fine'; SELECT 'it''s; fine'", ["SELECT ''", "SELECT ''''"]),
        ("SELECT 'never ends; ", ["SELECT ''"]),
        ("SELECT $$ never ends; ", ["SELECT ''"]),
        ("SELECT 1 /* never ends; ", ["SELECT 1"]),
        ("", []),
    ],
)
def test_a_text_is_its_statements(text: str, expected: list[str]) -> None:
    """Comments, strings of all sorts, quoted names and nesting."""
    assert codes(text) == expected


@given(st.text(alphabet="ab;'\"$-/*\\\n E", max_size=60))
def test_any_text_is_read(text: str) -> None:
    """Nothing is refused, and what was read once reads the same again."""
    once = codes(text)
    assert all(once)
    Text(text).stands_outside(lambda _: False, lambda: 18)


@pytest.mark.parametrize(
    "text",
    [
        "VACUUM users",
        "-- now\nCREATE UNIQUE INDEX /* online */ CONCURRENTLY a ON b (c)",
        "DROP INDEX CONCURRENTLY a",
        "REINDEX INDEX CONCURRENTLY a",
        "REINDEX (CONCURRENTLY, VERBOSE) TABLE a",
        "REINDEX (VERBOSE) TABLE CONCURRENTLY a",
        "REINDEX SCHEMA a",
        "CLUSTER",
        "CLUSTER (VERBOSE)",
        "ALTER TABLE a DETACH PARTITION b CONCURRENTLY",
        "ALTER SYSTEM SET a = 1",
        "ALTER DATABASE a SET TABLESPACE b",
        "DROP SUBSCRIPTION a",
        "CALL fill()",
        "DO $$ BEGIN UPDATE a SET b = 1; COMMIT; END $$",
        "DO $$ BEGIN CALL fill(); END $$",
        "DO 'BEGIN ROLLBACK AND CHAIN; END'",
        "BEGIN; ALTER TABLE a ADD b int; COMMIT",
        "SAVEPOINT a",
        "ALTER TABLE a ADD b int; COMMIT",
    ],
)
def test_what_no_transaction_of_ours_may_hold(text: str) -> None:
    """PostgreSQL refuses it in a transaction block, or it would end the one that we began."""
    assert outside(text)


@pytest.mark.parametrize(
    "text",
    [
        "SET lock_timeout = '2s'; ALTER TABLE a ADD b int",
        "ALTER TABLE a ADD b int",
        "CREATE INDEX concurrently_used ON a (b)",
        "DO $$ BEGIN CREATE TEMP TABLE a ON COMMIT DROP AS SELECT 1; END $$",
        "DO $$ BEGIN -- commit; comes from alembic\n ALTER TABLE a ADD b int; END $$",
        "DO $$ BEGIN RAISE NOTICE 'commit;'; END $$",
        "REINDEX TABLE a",
        "CLUSTER a USING b",
        "ALTER TYPE mood ADD VALUE 'new'",
    ],
)
def test_what_is_watched_from_inside(text: str) -> None:
    """Words in comments, strings and names are no commands."""
    assert not outside(text)


def test_what_depends_on_the_relation_or_the_server() -> None:
    """A partitioned table is reindexed and clustered partition by partition; a label was refused before 12."""
    assert outside("REINDEX TABLE a", partitioned=True)
    assert outside("CLUSTER a USING b", partitioned=True)
    assert outside("ALTER TYPE mood ADD VALUE 'new'", version=11)


def test_what_comes_after_a_text() -> None:
    """Whether its transaction is over, whether a query may follow, whether it touched no table."""
    of = {text: Text(text) for text in ("SET a = 1", "SET a = 1; DROP TABLE b", "COMMIT", "SET TRANSACTION READ ONLY",
                                        "ROLLBACK TO a", "ALTER TABLE a ADD b int; COMMIT")}  # fmt: skip
    assert [text for text, one in of.items() if one.is_quiet] == [
        "SET a = 1",
        "COMMIT",
        "SET TRANSACTION READ ONLY",
        "ROLLBACK TO a",
    ]
    assert [text for text, one in of.items() if one.ends] == ["COMMIT", "ALTER TABLE a ADD b int; COMMIT"]
    assert [text for text, one in of.items() if one.is_unasked] == [
        "COMMIT", "SET TRANSACTION READ ONLY", "ALTER TABLE a ADD b int; COMMIT",
    ]  # fmt: skip
    assert [text for text, one in of.items() if one.goes_back] == ["ROLLBACK TO a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DEALLOCATE ALL", True),
        ("SELECT 1; discard plans", True),
        ("SELECT 'DEALLOCATE ALL'", False),
        ("ALTER TABLE deallocate ADD x int", False),
    ],
)
def test_a_text_that_drops_what_is_prepared(text: str, expected: bool) -> None:
    """A driver that keeps prepared statements does not hear of it."""
    assert Text(text).forgets is expected
