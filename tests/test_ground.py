"""What a verdict rests on: locks that matter, and the assumed world in sentences."""

from __future__ import annotations

import dataclasses

from gate.facts.changes import SetNotNull
from gate.facts.history import History
from gate.facts.rehearsal import Deploy, Lock, Observation, Statement
from gate.facts.schema import Schema, Table
from gate.ground import locks, world
from gate.model import Location

USERS = Schema(tables={"users": Table("users")})


def statement(number: int, *held: Lock, revision: str = "a", **more: object) -> Statement:
    seen = Observation(locks=held, seconds=0.01, rewrites=more.pop("rewrites", ()))
    return Statement(number, revision, Location("a.py", number), f"ALTER  TABLE\n {number}", observed=seen, **more)


def deploy(*statements: Statement, **more: object) -> Deploy:
    return Deploy("postgresql", (15,), History(), (), statements, USERS, USERS, **more)


def test_the_strongest_lock_of_each_existing_table():
    """Of a statement's locks the strongest counts; weak ones, new tables and other relations' rows do not show."""
    one = statement(
        1,
        Lock("users", "ShareLock", "users"),
        Lock("users_pkey", "AccessExclusiveLock", "users"),
        Lock("users", "AccessShareLock", "users"),
        Lock("fresh", "AccessExclusiveLock", "fresh"),
        rewrites=("users",),
    )
    assert locks(deploy(one, statement(2))) == [
        {
            "revision": "a",
            "table": "users",
            "mode": "AccessExclusiveLock",
            "blocks": "reads and writes",
            "held_ms": 20.0,
            "rewrites": True,
            "statement": "ALTER TABLE 1",
        }
    ]


def test_a_lock_outside_the_transaction_ends_with_its_statement():
    """What runs on its own holds nothing for those after it."""
    one = statement(1, Lock("users", "ShareUpdateExclusiveLock", "users"), autocommit=True)
    (row,) = locks(deploy(one, statement(2)))
    assert (row["held_ms"], row["blocks"]) == (10.0, "other schema changes")


def test_mysql_says_algorithm_and_lock():
    """On MySQL and MariaDB the accepted ladder step is the lock; LOCK=NONE blocks nobody."""
    copied = Observation(algorithm="COPY", lock_level="SHARED", seconds=0.5)
    one = Statement(1, "a", Location("a.py"), "ALTER TABLE users", (SetNotNull("users", "x"),), observed=copied)
    free = dataclasses.replace(one, observed=dataclasses.replace(copied, algorithm="INPLACE", lock_level="NONE"))
    (row,) = locks(dataclasses.replace(deploy(one, free), dialect="mariadb"))
    assert (row["mode"], row["blocks"], row["rewrites"]) == ("ALGORITHM=COPY, LOCK=SHARED", "writes", True)


def test_the_world_in_sentences():
    """The default world, and each that the settings can declare."""
    two = (statement(1), statement(2, revision="b"))
    assert world(deploy(*two)) == (
        "Tables of the base are large and live. The release that is deployed still reads and writes them while the "
        "revisions run. All of them run in one transaction."
    )
    parted = (two[0], dataclasses.replace(two[1], transaction="2"))
    assert world(deploy(*parted)).endswith("They run in more than one transaction.")
    assert world(deploy(small_tables=frozenset({"b", "a"}), code_first=True)) == (
        "Tables of the base are large and live but a, b (`world:` in the settings). The new code is everywhere before "
        "the revisions run (`world:` in the settings)."
    )
    assert world(deploy(maintenance_window=True)).startswith("A maintenance window")
