"""Constraint on a domain that is in use."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "adding-domain-constraint"
UNSAFE = [
    (
        deploy("ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 10)"),
        [
            "error lock prices c1",
            "warning fails-on-existing-rows prices c1?",
            "warning backward-incompatible prices c1",
        ],
    ),
    (
        deploy("ALTER DOMAIN positive SET NOT NULL"),
        [
            "error lock prices c1",
            "warning fails-on-existing-rows prices c1?",
            "warning backward-incompatible prices c1",
        ],
    ),
    (
        deploy("ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 10) NOT VALID"),
        ["note backward-incompatible prices c1"],
    ),
    (deploy("ALTER DOMAIN positive VALIDATE CONSTRAINT small"), ["warning lock prices c1"]),
]
SAFE = [
    deploy("ALTER DOMAIN plain_text ADD CONSTRAINT small CHECK (VALUE <> '')"),
    deploy("ALTER DOMAIN plain_text VALIDATE CONSTRAINT small"),
    deploy("ALTER DOMAIN positive DROP CONSTRAINT small"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
