"""Backfill row by row."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, on_one_line, said

ID = "row-by-row-backfill"
UNSAFE = [
    (
        on_one_line(
            deploy(
                "SELECT id FROM orders; UPDATE orders SET note = 2 WHERE id = 1; UPDATE orders SET note=1 WHERE id = 2"
            )
        ),
        ["warning hygiene orders.note c1"],
    ),
]
SAFE = [
    on_one_line(deploy("UPDATE orders SET note = 'a' WHERE id = 1; UPDATE orders SET note = 'b' WHERE id = 2")),
    on_one_line(deploy("SELECT id FROM orders; UPDATE orders SET note = 'a' WHERE id = 1")),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
