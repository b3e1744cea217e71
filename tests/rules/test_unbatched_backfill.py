"""Backfill in one statement."""

from __future__ import annotations

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from gate.sql import Dialect
from tests.rules._deploy import Autocommit, deploy, on_line, on_one_line, said

ID = "unbatched-backfill"
BATCH = "UPDATE orders SET note = 'x' WHERE id IN (SELECT id FROM orders WHERE note IS NULL LIMIT 10)"
BLOCK = f"DO $$ BEGIN LOOP {BATCH}; EXIT WHEN NOT FOUND; COMMIT; END LOOP; END $$"
OPEN_BLOCK = BLOCK.replace("COMMIT; ", "")
UNSAFE = [
    (deploy(OPEN_BLOCK), ["warning hygiene orders.note c1", "warning lock orders.note c1"]),
    (deploy(Autocommit(OPEN_BLOCK)), ["warning hygiene orders.note c1", "warning lock orders.note c1"]),
    (
        on_line(2, deploy(BATCH, source="def upgrade(): # 1\n  while more(): op.execute()")),
        ["warning hygiene orders.note c1", "warning lock orders.note c1"],
    ),
    (on_one_line(deploy(BATCH + "; " + BATCH)), ["warning hygiene orders.note c1", "warning lock orders.note c1"]),
    (
        deploy("UPDATE orders SET note = 'x' WHERE note IS NULL"),
        ["warning hygiene orders.note c1", "warning lock orders.note c1"],
    ),
    (
        deploy("UPDATE orders SET note = users.name FROM users WHERE users.id = orders.user_id"),
        ["warning hygiene orders.note c1", "warning lock orders.note c1"],
    ),
    (
        deploy("INSERT INTO logs (code) SELECT name FROM users", dialect="mysql", version=(8, 4)),
        ["warning lock users c1"],
    ),
]
UNSAFE += [
    (deploy("REPLACE INTO logs (code) SELECT name FROM users", dialect="mysql"), ["warning lock users c1"]),
]
UNSAFE += [
    (deploy(sql, dialect=dialect, version=(10, 11)), ["warning lock users c1"])
    for dialect in ("mysql", "mariadb")
    for sql in ("CREATE TABLE t AS SELECT id, name FROM users", "CREATE TABLE t (id int) SELECT id FROM users")
]
SAFE = [
    deploy(Autocommit(BLOCK)),
    deploy(f"DO $$ BEGIN {BATCH}; END $$"),
    deploy("CREATE TABLE t AS SELECT id, name FROM users"),
    deploy("CREATE TABLE t AS SELECT id FROM users WHERE id < 10", dialect="mysql", version=(8, 4)),
    deploy("CREATE TABLE t AS SELECT id FROM users LIMIT 0", dialect="mysql", version=(8, 4)),
    deploy("CREATE TABLE t (a int); CREATE TABLE s AS SELECT a FROM t", dialect="mysql", version=(8, 4)),
    deploy("INSERT INTO logs (code) SELECT name FROM users"),
    deploy("INSERT INTO logs (code) SELECT name FROM users WHERE id < 100", dialect="mysql", version=(8, 4)),
    deploy("INSERT INTO logs (code) VALUES ('a')", dialect="mysql", version=(8, 4)),
    deploy("CREATE TABLE t (a int); INSERT INTO logs (code) SELECT a FROM t", dialect="mysql", version=(8, 4)),
    on_one_line(deploy(Autocommit(BATCH + "; " + BATCH))),
    deploy("UPDATE orders SET note = 'x' WHERE id = 1"),
    deploy("UPDATE orders SET note = 'x' WHERE id BETWEEN 1 AND 1000"),
    deploy("UPDATE orders SET note = 'x' WHERE id IN (SELECT id FROM orders LIMIT 10)"),
    deploy("CREATE TABLE t (a int); UPDATE t SET a = 1"),
    deploy("UPDATE items SET label = 'x' WHERE label = 'y'", earlier="CREATE UNIQUE INDEX ux ON items (label)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []


KEYS = (
    "CREATE TABLE uu (k char(36) PRIMARY KEY, v int); CREATE TABLE oi (o int, i int, PRIMARY KEY (o, i)); "
    "CREATE TABLE `order` (`key` bigint unsigned PRIMARY KEY, code varchar(20))"
)


def copied(sql: str) -> str:
    """The code of the remedy of a copy on MySQL."""
    remedy = next(registry.rules()[ID].findings(deploy(sql, dialect="mysql", version=(8, 4), earlier=KEYS))).remedy
    assert remedy is not None
    return remedy.steps[0].code


def test_a_copy_goes_by_ranges_of_an_integer_key() -> None:
    """From the smallest to the greatest: no row is left out, none is copied twice."""
    assert copied("INSERT INTO logs (code) SELECT o.code FROM `order` AS o;") == (
        'first, last = op.get_bind().execute(sa.text("SELECT coalesce(min(`key`), 0), coalesce(max(`key`), -1) '
        'FROM `order`")).fetchone()\n'
        "with op.get_context().autocommit_block():\n"
        "    for low in range(first, last + 1, 1000):\n"
        "        op.get_bind().execute(sa.text(\n"
        '            "INSERT INTO logs (code) SELECT o.code FROM `order` AS o WHERE `key` >= :low AND `key` < :high"\n'
        '        ), {"low": low, "high": low + 1000})'
    )


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO logs (code) SELECT text FROM logs",
        "INSERT INTO logs (code) SELECT k FROM uu",
        "INSERT INTO logs (code) SELECT o FROM oi",
        "INSERT INTO logs (code) SELECT DISTINCT state FROM users",
        "INSERT INTO logs (code) SELECT count(*) FROM users",
        "INSERT INTO logs (code) SELECT row_number() OVER (ORDER BY id) FROM users",
        "INSERT INTO logs (code) SELECT state FROM users ON DUPLICATE KEY UPDATE code = code",
        "INSERT INTO logs (code) SELECT name FROM users FORCE INDEX (PRIMARY)",
        "INSERT INTO logs (code) SELECT users.name FROM users, orders",
        "INSERT INTO logs (code) SELECT name FROM users ORDER BY name",
        "INSERT INTO logs (code) SELECT name FROM users UNION SELECT note FROM orders",
    ],
)
def test_a_copy_that_ranges_would_change_is_left_to_the_author(sql: str) -> None:
    """No integer key, rows that depend on each other, or something after FROM: words, and no code."""
    assert copied(sql) == ""


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        ("sqlite", ("the journal beside the file grows", "the whole database file is locked")),
        ("postgresql", ("lags replicas", "other writes to orders wait")),
        ("mysql", ("lags replicas", "other writes to orders wait")),
    ],
)
def test_what_waits_is_told_as_the_server_locks(dialect: Dialect, words: tuple[str, str]) -> None:
    """SQLite locks its file, and has no replicas."""
    told = [
        one.message for one in registry.rules()[ID].findings(deploy("UPDATE orders SET note = 'x'", dialect=dialect))
    ]
    assert [word in message for word, message in zip(words, told, strict=True)] == [True, True]
    assert (dialect == "sqlite") == all("replicas" not in message for message in told)


def test_several_columns_are_written_as_they_are() -> None:
    """Each with its value, not a name of empty parts."""
    world = deploy("UPDATE logs SET code = 'x', text = 'y'", dialect="sqlite")
    remedy = next(iter(registry.rules()[ID].findings(world))).remedy
    assert remedy is not None
    assert "UPDATE logs SET code = 'x', text = 'y' WHERE logs.rowid >= :first" in remedy.steps[0].code


def test_a_new_table_is_made_empty_and_filled_by_ranges() -> None:
    """CREATE TABLE ... SELECT as two steps: no row is read by the first."""
    sql = "CREATE TABLE codes AS SELECT code FROM `order`"
    remedy = next(registry.rules()[ID].findings(deploy(sql, dialect="mysql", version=(8, 4), earlier=KEYS))).remedy
    assert remedy is not None
    first, then = (step.code for step in remedy.steps)
    assert first == 'op.execute("CREATE TABLE codes AS SELECT code FROM `order` LIMIT 0")'
    assert '"INSERT INTO codes SELECT code FROM `order` WHERE `key` >= :low AND `key` < :high"' in then
