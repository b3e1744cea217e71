"""Table's access method changed."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, said

ID = "set-access-method"
UNSAFE = [
    (deploy("ALTER TABLE logs SET ACCESS METHOD columnar"), ["error rewrite logs c1"]),
]
SAFE = [
    deploy("ALTER TABLE logs SET ACCESS METHOD heap", seen={1: Observation()}),
    deploy("CREATE TABLE t (a int); ALTER TABLE t SET ACCESS METHOD columnar"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
