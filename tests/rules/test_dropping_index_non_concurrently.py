"""Index dropped without CONCURRENTLY."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import Autocommit, deploy, said

ID = "dropping-index-non-concurrently"
UNSAFE = [
    (deploy("DROP INDEX ix_users_email"), ["warning lock users c1"]),
    (deploy("DROP INDEX ix_events", earlier="CREATE INDEX ix_events ON events (at)"), ["warning lock events c1"]),
]
SAFE = [
    # The drop of the table, or of a column of the index, takes the same lock and the index along.
    deploy("DROP INDEX ix_users_email; DROP TABLE users CASCADE"),
    deploy("DROP INDEX ix_users_email; ALTER TABLE users DROP COLUMN email"),
    deploy(Autocommit("DROP INDEX CONCURRENTLY ix_users_email")),
    deploy("CREATE INDEX i2 ON users (age); DROP INDEX i2"),
    deploy("DROP INDEX IF EXISTS nope"),
    deploy("DROP INDEX ux_user_stats"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
