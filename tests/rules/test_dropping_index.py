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
UNSAFE_BESIDE = [
    # Queries by the first column are still there; the other table has nothing to do with it.
    deploy(
        "DROP INDEX ix2; ALTER TABLE users DROP COLUMN name",
        earlier="CREATE INDEX ix2 ON users (age, name)",
    ),
    deploy("DROP INDEX ix_users_email; DROP TABLE items"),
]
SAFE = [
    # What autogenerate writes before it drops a table or a column: their own findings say it all.
    deploy("DROP INDEX ix_users_email; DROP TABLE users CASCADE"),
    deploy("DROP INDEX ix_users_email; ALTER TABLE users DROP COLUMN email"),
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


@pytest.mark.parametrize("world", UNSAFE_BESIDE)
def test_what_else_goes_may_leave_its_queries(world: Deploy) -> None:
    """Only what takes the queries of the index away takes the finding away."""
    assert [one.split()[0] for one in said(ID, world)] == ["warning"]
