"""Table written anew."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import DataChange, Deploy, Observation, RowsRun
from tests.rules._deploy import deploy, said

ID = "rewriting-table"
SEEN = {1: Observation(rewrites=("logs",))}
COPIED = Observation(algorithm="COPY", lock_level="SHARED", rewrites=("users",))
LOCKED = Observation(algorithm="INPLACE", lock_level="SHARED", rewrites=("users",))
UNSAFE = [
    (deploy("ALTER TABLE users ADD a INT", dialect="mariadb", seen={1: LOCKED}), ["error rewrite users c1"]),
    (deploy("ALTER TABLE users ADD a INT", dialect="mysql", seen={1: COPIED}), ["error rewrite users c1"]),
    (deploy("DO $$ BEGIN EXECUTE format('x'); END $$", seen=SEEN), ["error rewrite logs c1"]),
    (deploy("ALTER TABLE logs ADD CONSTRAINT c CHECK (true)", seen=SEEN), ["error rewrite logs c1"]),
    (deploy("ALTER TABLE logs ADD token plain_text", seen=SEEN), ["error rewrite logs c1"]),
    (deploy("ALTER TABLE logs ADD a int, ADD b int DEFAULT 1", seen=SEEN), ["error rewrite logs c1"]),
    (deploy("ALTER TABLE logs ALTER code TYPE varchar(20) USING upper(code)", seen=SEEN), ["error rewrite logs c1"]),
]
UNSAFE += [
    # LOCK= alone makes no server copy: the reason is another one.
    (deploy("ALTER TABLE users ADD a INT, LOCK=SHARED", dialect="mysql", seen={1: COPIED}), ["error rewrite users c1"]),
]
UNSAFE += [
    (deploy("SELECT tidy()", seen=SEEN, runs=(RowsRun("plain", data=(lost,)),)), ["error rewrite logs c1"])
    for lost in (
        DataChange("rows-lost", "logs", statement=1),
        DataChange("rows-lost", "logs", statement=2, emptied=True),
        DataChange("rows-lost", "users", statement=1, emptied=True),
    )
]
SAFE = [
    deploy(
        "SELECT wipe()",
        seen=SEEN,
        runs=(RowsRun("plain", data=(DataChange("rows-lost", "logs", statement=1, emptied=True),)),),
    ),
    deploy("ALTER TABLE users ADD a INT, ALGORITHM=COPY", dialect="mysql", seen={1: COPIED}),
    deploy("ALTER TABLE users ADD a INT, ALGORITHM=INPLACE, LOCK=SHARED", dialect="mysql", seen={1: LOCKED}),
    deploy("CREATE FULLTEXT INDEX f ON users (name)", dialect="mariadb", seen={1: LOCKED}),
    deploy("CREATE TABLE t (id INT)", "ALTER TABLE t ADD a INT", dialect="mysql", seen={2: COPIED}),
    deploy("ALTER TABLE users ADD a INT", dialect="mariadb", seen={1: Observation(algorithm="INSTANT")}),
    deploy("ALTER TABLE logs ALTER code TYPE int", seen=SEEN),
    deploy("ALTER TABLE logs ADD a int, ADD token uuid DEFAULT gen_random_uuid()", seen=SEEN),
    deploy("ALTER TABLE logs ADD id int GENERATED ALWAYS AS IDENTITY", seen=SEEN),
    deploy("ALTER TABLE logs ADD n text GENERATED ALWAYS AS (upper(text)) STORED", seen=SEEN),
    deploy("ALTER TABLE logs ADD amount positive", seen=SEEN),
    deploy("ALTER TABLE logs ADD a int DEFAULT 1", seen=SEEN, version=(10,)),
    deploy("TRUNCATE logs", seen=SEEN),
    deploy("TRUNCATE orders CASCADE", seen={1: Observation(rewrites=("orders", "items"))}),
    deploy("ALTER TABLE events ALTER at TYPE timestamp", seen={1: Observation(rewrites=("events_1",))}),
    deploy("ALTER TABLE logs SET UNLOGGED", seen=SEEN),
    deploy("DO $$ BEGIN EXECUTE format('x'); END $$", seen={1: Observation(rewrites=("unheard_of",))}),
    deploy("DO $$ BEGIN EXECUTE format('x'); END $$"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """What was seen counts, whatever was written."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """A rewrite that another rule explains, of a table that is not there, or that nobody saw."""
    assert said(ID, world) == []
