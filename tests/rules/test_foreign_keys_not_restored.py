"""Foreign keys switched off for good."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, said

ID = "foreign-keys-not-restored"
ON = {number: Observation(facts={"foreign_keys": True}) for number in range(1, 5)}
OFF = {number: Observation(facts={"foreign_keys": False}) for number in range(1, 5)}
UNSAFE = [
    (deploy("PRAGMA foreign_keys=OFF", dialect="sqlite"), ["warning hygiene - c1"]),
]
SAFE = [
    deploy("PRAGMA foreign_keys = 0", "PRAGMA foreign_keys = 1", dialect="sqlite"),
    deploy("PRAGMA foreign_keys=OFF; PRAGMA foreign_keys=ON", dialect="sqlite"),
    deploy("PRAGMA foreign_keys=ON", dialect="sqlite"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []
