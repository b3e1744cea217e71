"""Table renamed."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "renaming-table"
UNSAFE = [
    (deploy("ALTER TABLE orders RENAME TO purchases"), ["error backward-incompatible orders c1"]),
    (deploy("ALTER VIEW active_users RENAME TO people"), ["error backward-incompatible active_users c1"]),
]
SAFE = [
    deploy("CREATE TABLE t (a int); ALTER TABLE t RENAME TO u"),
    deploy("ALTER TABLE orders RENAME TO purchases; CREATE VIEW orders AS SELECT * FROM purchases"),
    deploy("ALTER INDEX ix_users_email RENAME TO ix"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
