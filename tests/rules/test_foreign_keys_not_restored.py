"""Foreign keys switched off for good."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, said

ID = "foreign-keys-not-restored"
OFF_ON = "PRAGMA foreign_keys=OFF; PRAGMA foreign_keys=ON"


def switches(*states: tuple[bool, bool]) -> dict[int, Observation]:
    """What was seen of each pragma: on or off before it and after it."""
    return {
        number: Observation(facts={"foreign_keys": was, "foreign_keys_after": now})
        for number, (was, now) in enumerate(states, 1)
    }


UNSAFE = [
    (deploy("PRAGMA foreign_keys=OFF", dialect="sqlite"), ["warning hygiene - c1"]),
    (deploy("PRAGMA foreign_keys=OFF", dialect="sqlite", seen=switches((True, False))), ["warning hygiene - c1"]),
    # The first revision's stay off, whatever the second one finds.
    (
        deploy(
            "PRAGMA foreign_keys=OFF",
            "PRAGMA foreign_keys=OFF",
            dialect="sqlite",
            seen=switches((True, False), (False, False)),
        ),
        ["warning hygiene - c1"],
    ),
    (
        deploy(OFF_ON, "SELECT 1", dialect="sqlite", seen=switches((True, False), (False, False))),
        ["warning hygiene - c1"],
    ),
]
SAFE = [
    deploy("PRAGMA foreign_keys = 0", "PRAGMA foreign_keys = 1", dialect="sqlite"),
    deploy(OFF_ON, dialect="sqlite"),
    deploy(OFF_ON, dialect="sqlite", seen=switches((True, False), (False, True))),
    deploy("PRAGMA foreign_keys=ON", dialect="sqlite"),
    deploy(
        "PRAGMA foreign_keys=OFF",
        "PRAGMA foreign_keys=ON",
        dialect="sqlite",
        seen=switches((True, False), (False, True)),
    ),
    # They were off before: the deploy leaves what it found.
    deploy("PRAGMA foreign_keys=OFF", dialect="sqlite", seen=switches((False, False))),
    deploy(
        "PRAGMA foreign_keys=ON; PRAGMA foreign_keys=OFF", dialect="sqlite", seen=switches((False, True), (True, False))
    ),
    deploy("PRAGMA foreign_keys=OFF", dialect="sqlite", settings={"pragma foreign_keys": "OFF"}),
    # Inside a transaction nothing is switched off either; what follows is told by rules of its own.
    deploy("PRAGMA foreign_keys=OFF", dialect="sqlite", seen=switches((True, True))),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []
