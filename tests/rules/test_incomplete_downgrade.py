"""Downgrade leaves something behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.facts.rehearsal import Deploy, RoundTrip
from tests.rules._deploy import deploy, said

ID = "incomplete-downgrade"
UNSAFE = [
    (
        replace(
            deploy("ALTER TABLE users ALTER name DROP NOT NULL"),
            round_trip=RoundTrip(True, leftovers=("users.name: nullable",)),
        ),
        ["warning irreversible - c1"],
    ),
]
SAFE = [
    replace(deploy("ALTER TYPE mood ADD VALUE 'x'"), round_trip=RoundTrip(True, leftovers=("users.mood: enum",))),
    replace(deploy("ALTER TABLE users ALTER name DROP NOT NULL"), round_trip=RoundTrip(True)),
    replace(
        deploy("ALTER TABLE users ALTER name DROP NOT NULL", downgrade="empty"),
        round_trip=RoundTrip(True, leftovers=("users.name: nullable",)),
    ),
    replace(
        deploy("ALTER TABLE users ALTER name DROP NOT NULL"),
        round_trip=RoundTrip(False, leftovers=("users.name: nullable",)),
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
