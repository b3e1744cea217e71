"""DROP NOT NULL."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "dropping-not-null"
UNSAFE = [
    (deploy("ALTER TABLE users ALTER COLUMN name DROP NOT NULL"), ["warning backward-incompatible users.name c1"]),
    (
        deploy(
            "ALTER TABLE users DROP CONSTRAINT users_email_not_null",
            earlier="ALTER TABLE users ADD CONSTRAINT users_email_not_null NOT NULL email",
        ),
        ["warning backward-incompatible users.email c1"],
    ),
    (
        deploy("ALTER TABLE users RENAME name TO nick", "ALTER TABLE users ALTER nick DROP NOT NULL"),
        ["warning backward-incompatible users.nick c2"],
    ),
    (
        deploy("ALTER TABLE users ALTER age SET NOT NULL", "ALTER TABLE users ALTER name DROP NOT NULL"),
        ["warning backward-incompatible users.name c2"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ALTER age SET NOT NULL", "ALTER TABLE users ALTER age DROP NOT NULL"),
    deploy(
        "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME age TO years; ALTER TABLE people ALTER years SET NOT NULL",
        "ALTER TABLE people ALTER years DROP NOT NULL",
    ),
    deploy("ALTER TABLE users ALTER name DROP NOT NULL", "ALTER TABLE users ALTER name SET NOT NULL", apart=True),
    deploy(
        "ALTER TABLE users DROP CONSTRAINT ck", earlier="ALTER TABLE users ADD CONSTRAINT ck CHECK (email IS NOT NULL)"
    ),
    deploy(
        "ALTER TABLE users ADD z int; ALTER TABLE users ADD CONSTRAINT n NOT NULL z; ALTER TABLE users DROP CONSTRAINT n"
    ),
    deploy("ALTER TABLE users ALTER COLUMN age DROP NOT NULL"),
    deploy("ALTER TABLE users ADD z int NOT NULL DEFAULT 1; ALTER TABLE users ALTER z DROP NOT NULL"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
