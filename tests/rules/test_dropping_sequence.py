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


def owned(sql: str, default: str | None = None, *, identity: bool = False) -> Deploy:
    """A deploy over a table whose key takes its numbers from a sequence, and what the key has at its end."""
    world = numbered(sql, "audit.steps")
    users = world.baseline.tables["users"]
    key = replace(users.columns[0], default="nextval('numbers'::regclass)")
    left = replace(key, default=default, identity=identity)
    return replace(
        world,
        baseline=replace(world.baseline, tables={"users": replace(users, columns=(key,))}),
        result=replace(world.result, tables={"users": replace(users, columns=(left,))}),
    )


UNSAFE = [
    (owned("DROP SEQUENCE numbers CASCADE"), ["error backward-incompatible users.id c1"]),
    (numbered("DROP SEQUENCE numbers", "audit.steps"), ["warning backward-incompatible numbers c1"]),
    (numbered("DROP SEQUENCE IF EXISTS public.numbers", "audit.steps"), ["warning backward-incompatible numbers c1"]),
    (numbered("DROP SEQUENCE audit.steps", "numbers"), ["warning backward-incompatible audit.steps c1"]),
]
SAFE = [
    owned("ALTER TABLE users ALTER id DROP DEFAULT; DROP SEQUENCE numbers"),
    owned("ALTER TABLE users ALTER id DROP DEFAULT; DROP SEQUENCE numbers", identity=True),
    owned("ALTER TABLE users ALTER id SET DEFAULT nextval('steps'); DROP SEQUENCE numbers", "nextval('steps')"),
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
