"""Backfill row by row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, on_one_line, said

ID = "row-by-row-backfill"


def many(world: Deploy) -> Deploy:
    """The same with two sets of parameters for each UPDATE, as an ORM's flush sends it."""
    sets = (replace(one, sets=2 if one.sql.startswith("UPDATE") else 1) for one in world.statements)
    return replace(world, statements=tuple(sets))


UNSAFE = [
    (
        on_one_line(
            deploy(
                "SELECT id FROM orders; UPDATE orders SET note = 2 WHERE id = 1; UPDATE orders SET note=1 WHERE id = 2"
            )
        ),
        ["warning hygiene orders.note c1"],
    ),
    (
        many(deploy("SELECT id FROM orders; UPDATE orders SET note = $1 WHERE id = $2")),
        ["warning hygiene orders.note c1"],
    ),
]
SAFE = [
    deploy("SELECT id FROM orders; UPDATE orders SET note = $1 WHERE id = $2"),
    many(deploy("UPDATE orders SET note = $1 WHERE id = $2")),
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


def test_the_batches_set_the_same_columns() -> None:
    """Each column once, with the value left to the author."""
    world = many(deploy("SELECT id FROM orders; UPDATE orders SET note = $1, amount = $2 WHERE id = $3"))
    [finding] = registry.rules()[ID].findings(world)
    assert finding.remedy is not None
    update = '"UPDATE orders SET note = ..., amount = ... WHERE orders.id >= :first AND orders.id <= :last"'
    assert update in finding.remedy.steps[0].code
