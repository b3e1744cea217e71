"""Index dropped."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import Autocommit, deploy, said

ID = "dropping-index"
UNSAFE = [
    (deploy("DROP INDEX ix_users_email"), ["warning hygiene users.email c1"]),
    (deploy(Autocommit("DROP INDEX CONCURRENTLY ix_users_email")), ["note hygiene users.email c1"]),
]
SAFE = [
    deploy("DROP INDEX ix2", earlier="CREATE INDEX ix2 ON users (email)"),
    deploy("CREATE INDEX ix2 ON users (email, name); DROP INDEX ix_users_email"),
    deploy("CREATE TABLE t (a int); CREATE INDEX i ON t (a); DROP INDEX i"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
