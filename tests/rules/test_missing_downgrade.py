"""No downgrade."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, said

ID = "missing-downgrade"


def ran(sql: str) -> Deploy:
    """A revision without a way back whose statements a server was seen to run."""
    return deploy(sql, downgrade="empty", seen={number: Observation() for number in range(1, 9)})


UNSAFE = [
    (ran("ALTER TABLE users ALTER COLUMN age TYPE bigint"), ["warning irreversible - c1"]),
    (ran("ALTER TABLE users DISABLE TRIGGER ALL"), ["warning irreversible - c1"]),
    (ran("ALTER TABLE users OWNER TO joe"), ["warning irreversible - c1"]),
    (ran("ALTER TABLE users SET (fillfactor = 70)"), ["warning irreversible - c1"]),
    (ran("CREATE TABLE w (id int); DROP TABLE w; ALTER TABLE users ADD z int"), ["warning irreversible - c1"]),
    (deploy("ALTER TABLE elsewhere DROP CONSTRAINT x", downgrade="empty"), ["warning irreversible - c1"]),
    (deploy("ALTER TABLE users ADD z int", downgrade="missing"), ["warning irreversible - c1"]),
    (deploy("ALTER TABLE users ADD z int", downgrade="empty"), ["warning irreversible - c1"]),
    (deploy("ALTER TABLE users ADD z int", downgrade="raises"), ["warning irreversible - c1"]),
]
SAFE = [
    ran("ALTER DOMAIN positive VALIDATE CONSTRAINT x"),
    ran("ALTER TABLE users DROP CONSTRAINT IF EXISTS never; DROP INDEX IF EXISTS never"),
    ran("ALTER TABLE users SET LOGGED"),
    ran("ALTER TABLE IF EXISTS never RENAME TO ever"),
    ran("ALTER TABLE users ALTER COLUMN age TYPE integer"),
    ran("CREATE TABLE w AS SELECT id FROM users; DROP TABLE w"),
    ran("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION f()"),
    ran("ALTER TABLE users DISABLE TRIGGER ALL; UPDATE users SET age = 1; ALTER TABLE users ENABLE TRIGGER ALL"),
    deploy("DO $$ BEGIN RAISE NOTICE 'x'; END $$", downgrade="empty"),
    deploy("ALTER TABLE users ADD z int"),
    deploy("ALTER TABLE orders VALIDATE CONSTRAINT x", downgrade="empty"),
    deploy("ALTER TYPE mood ADD VALUE 'z'", downgrade="empty"),
    deploy("UPDATE users SET age = 1", downgrade="empty"),
    deploy("CREATE INDEX IF NOT EXISTS ix_users_email ON users (email)", downgrade="empty"),
    deploy("CREATE TEMP TABLE pg_temp_3.w (id int); CREATE INDEX ON pg_temp_3.w (id); DROP TABLE w", downgrade="empty"),
    deploy("CREATE TEMP TABLE w AS SELECT id FROM users; CREATE INDEX ON w (id); DROP TABLE w", downgrade="empty"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
