"""Transaction controlled by hand."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import Autocommit, deploy, said

ID = "explicit-transaction-control"
BATCHES = "DO $$ BEGIN LOOP DELETE FROM users WHERE id = 0; EXIT WHEN NOT FOUND; COMMIT; END LOOP; END $$"
UNSAFE = [
    (deploy("ALTER TABLE users ADD z int; COMMIT"), ["warning transaction - c1"]),
    (deploy("BEGIN; SELECT 1; ROLLBACK"), ["warning transaction - c1"]),
    (deploy(BATCHES), ["error transaction - c1"]),
    (
        deploy("ALTER TABLE users ADD z int", source="def upgrade():\n    op.get_bind().commit()\n"),
        ["warning transaction - c1"],
    ),
    (
        deploy("ALTER TABLE users ADD z int", source="def upgrade():\n    bind = op.get_bind()\n    bind.commit()\n"),
        ["warning transaction - c1"],
    ),
]
SAFE = [
    *(deploy("SAVEPOINT a; ROLLBACK TO SAVEPOINT a", dialect=one) for one in ("postgresql", "mysql", "sqlite")),
    deploy("SAVEPOINT a; ROLLBACK WORK TO a", dialect="mariadb"),
    deploy("SAVEPOINT a; RELEASE SAVEPOINT a"),
    deploy(Autocommit(BATCHES)),
    deploy("DO $$ BEGIN CREATE TEMP TABLE ids ON COMMIT DROP AS SELECT 1; RAISE NOTICE 'COMMIT;'; END $$"),
    deploy("ALTER TABLE users ADD z int", source="def upgrade():\n    session.commit()\n"),
    deploy(
        "ALTER TABLE users ADD z int", source="def upgrade():\n    pass\ndef downgrade():\n    op.get_bind().commit()\n"
    ),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
