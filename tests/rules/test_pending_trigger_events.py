"""ALTER with pending trigger events."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, failed, said

ID = "pending-trigger-events"
UNSAFE = [
    (
        deploy(
            "UPDATE notes SET user_id = 1; ALTER TABLE notes ADD z int",
            errors={2: 'cannot ALTER TABLE "notes" because it has pending trigger events'},
        ),
        ["error transaction notes c1", "error fails-on-existing-rows notes c1"],
    ),
    (
        deploy(
            "UPDATE notes SET user_id = 1; ALTER TABLE notes ADD z int",
            runs=(failed("plain", 2, 'cannot ALTER TABLE "notes" because it has pending trigger events', "55006"),),
        ),
        ["error transaction notes c1", "error fails-on-existing-rows notes c1"],
    ),
]
SAFE = [
    deploy("UPDATE items SET order_id = 1; ALTER TABLE items ADD z int"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
