"""Column added and made NOT NULL in one deploy."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "not-split-add-and-set-not-null"
UNSAFE = [
    (
        deploy("ALTER TABLE users ADD z int; UPDATE users SET z = 1; ALTER TABLE users ALTER z SET NOT NULL"),
        ["error not-split users.z c1"],
    ),
    (
        deploy(
            "ALTER TABLE users ADD z int",
            "UPDATE users SET z = 1",
            "ALTER TABLE users ALTER z SET NOT NULL",
            apart=True,
        ),
        ["error not-split users.z c3"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ADD z int DEFAULT 1, ALTER z SET NOT NULL"),
    deploy("ALTER TABLE users ADD z int"),
    deploy("ALTER TABLE users ADD z int DEFAULT 1; ALTER TABLE users ALTER z SET NOT NULL"),
    deploy("ALTER TABLE users ALTER age SET NOT NULL"),
    deploy("CREATE TABLE t (a int); ALTER TABLE t ALTER a SET NOT NULL"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
