"""Backfill and SET NOT NULL in one deploy."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, on_one_line, said

ID = "not-split-backfill-and-set-not-null"
UNSAFE = [
    (
        deploy("UPDATE users SET age = 0 WHERE age IS NULL; ALTER TABLE users ALTER age SET NOT NULL"),
        ["error not-split users.age c1"],
    ),
    (
        deploy("UPDATE users SET age = 0 WHERE age IS NULL", "ALTER TABLE users ALTER age SET NOT NULL", apart=True),
        ["error not-split users.age c2"],
    ),
    (
        on_one_line(
            deploy(
                "SELECT id FROM users; UPDATE users SET age = 1 WHERE id = 1; UPDATE users SET age = 2 WHERE id = 2; "
                "ALTER TABLE users ALTER age SET NOT NULL"
            )
        ),
        ["error not-split users.age c1"],
    ),
]
SAFE = [
    deploy("UPDATE users SET age = 1 WHERE id = 1; ALTER TABLE users ALTER age SET NOT NULL"),
    deploy("UPDATE users SET email = ''; ALTER TABLE users ALTER age SET NOT NULL"),
    deploy(
        "UPDATE users SET age = 0",
        "ALTER TABLE users ADD CONSTRAINT ck CHECK (age IS NOT NULL) NOT VALID",
        "ALTER TABLE users VALIDATE CONSTRAINT ck",
        "ALTER TABLE users ALTER age SET NOT NULL",
        apart=True,
    ),
    deploy("ALTER TABLE users ADD z int; UPDATE users SET z = 1; ALTER TABLE users ALTER z SET NOT NULL"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
