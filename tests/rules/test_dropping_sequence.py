"""Sequence dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "dropping-sequence"


def numbered(sql: str, *left: str) -> Deploy:
    """A deploy over a schema with two sequences, of which these are left at its end."""
    world = deploy(sql)
    return replace(
        world,
        baseline=replace(world.baseline, sequences=("audit.steps", "numbers")),
        result=replace(world.result, sequences=left),
    )


UNSAFE = [
    (numbered("DROP SEQUENCE numbers", "audit.steps"), ["warning backward-incompatible numbers c1"]),
    (numbered("DROP SEQUENCE IF EXISTS public.numbers", "audit.steps"), ["warning backward-incompatible numbers c1"]),
    (numbered("DROP SEQUENCE audit.steps", "numbers"), ["warning backward-incompatible audit.steps c1"]),
]
SAFE = [
    numbered("DROP SEQUENCE numbers; CREATE SEQUENCE numbers", "audit.steps", "numbers"),
    numbered("CREATE SEQUENCE fresh; DROP SEQUENCE fresh", "audit.steps", "numbers"),
    numbered("DROP SEQUENCE IF EXISTS never_there", "audit.steps", "numbers"),
    numbered("DROP FUNCTION numbers", "audit.steps", "numbers"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """The one harm, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
