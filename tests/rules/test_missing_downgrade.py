"""No downgrade."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "missing-downgrade"
UNSAFE = [
    (deploy("ALTER TABLE users ADD z int", downgrade="missing"), ["warning irreversible - c1"]),
    (deploy("ALTER TABLE users ADD z int", downgrade="empty"), ["warning irreversible - c1"]),
    (deploy("ALTER TABLE users ADD z int", downgrade="raises"), ["warning irreversible - c1"]),
]
SAFE = [
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
