"""DROP ... CASCADE."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import as_one_text, deploy, said

ID = "drop-cascade"
UNSAFE = [
    (deploy("DROP VIEW active_users CASCADE"), ["warning data-loss - c1"]),
    (
        deploy("DROP TYPE mood CASCADE"),
        ["error data-loss users.mood c1", "error backward-incompatible users.mood c1"],
    ),
    (
        as_one_text(deploy("DROP TYPE mood CASCADE; DROP VIEW active_users CASCADE")),
        [
            "error data-loss users.mood c1",
            "error backward-incompatible users.mood c1",
            "warning data-loss - c1",
        ],
    ),
    (
        deploy("ALTER TABLE users RENAME mood TO feeling; DROP TYPE sad CASCADE; DROP DOMAIN positive CASCADE"),
        ["error data-loss prices.amount c1", "error backward-incompatible prices.amount c1"],
    ),
    (deploy("ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE"), ["warning data-loss users c1"]),
]
SAFE = [
    deploy("DROP VIEW active_users"),
    deploy("CREATE TABLE t (a int); DROP TABLE t CASCADE"),
    deploy("DROP FUNCTION nope CASCADE"),
    deploy("CREATE TYPE kind AS ENUM ('a'); ALTER TABLE users ADD k kind; DROP TYPE kind CASCADE"),
    as_one_text(deploy("CREATE TYPE kind AS ENUM ('a'); ALTER TABLE users DROP age; DROP TYPE kind CASCADE")),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
