"""Rows that point at a recreated table."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, said
from tests.rules._recreate import recreate

ID = "sqlite-batch-recreate-cascade"
ON = {number: Observation(facts={"foreign_keys": True}) for number in range(1, 5)}
OFF = {number: Observation(facts={"foreign_keys": False}) for number in range(1, 5)}
CHILD = "CREATE TABLE c (o INT, FOREIGN KEY (o) REFERENCES orders (id) ON DELETE CASCADE)"
GRANDCHILD = f"{CHILD}; CREATE TABLE g (c INT REFERENCES c (o))"
UNSAFE = [
    # Made-up rows of a grandchild refused it; where it has none, the child's rows go.
    (
        deploy(
            recreate("orders"),
            dialect="sqlite",
            earlier=GRANDCHILD,
            seen=ON,
            errors={3: "FOREIGN KEY constraint failed"},
        ),
        ["error data-loss c c1"],
    ),
    (deploy(recreate("orders"), dialect="sqlite", earlier=CHILD, seen=ON), ["error data-loss c c1"]),
    (deploy(recreate("orders"), dialect="sqlite", earlier=CHILD), ["warning data-loss c c1"]),
    (
        deploy(recreate("orders"), dialect="sqlite", earlier=CHILD.replace("CASCADE", "SET NULL"), seen=ON),
        ["error data-loss c c1"],
    ),
]
SAFE = [
    deploy(recreate("orders"), dialect="sqlite", earlier=CHILD, errors={3: "FOREIGN KEY constraint failed"}),
    deploy(recreate("orders"), dialect="sqlite", earlier=CHILD, seen=OFF),
    deploy(recreate("users"), dialect="sqlite", earlier=CHILD, seen=ON),
    deploy(recreate("orders"), dialect="sqlite", earlier=CHILD, settings={"pragma foreign_keys": "0"}),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []
