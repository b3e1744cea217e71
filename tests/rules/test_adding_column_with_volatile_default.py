"""Column with a default that differs by row."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, said

ID = "adding-column-with-volatile-default"
UNSAFE = [
    (deploy("ALTER TABLE users ADD COLUMN t timestamptz DEFAULT clock_timestamp()"), ["error rewrite users.t c1"]),
    (deploy("ALTER TABLE users ADD COLUMN t uuid DEFAULT gen_random_uuid() NOT NULL"), ["error rewrite users.t c1"]),
]
SAFE = [
    deploy("ALTER TABLE users ADD COLUMN t timestamptz DEFAULT now()"),
    deploy("ALTER TABLE users ADD COLUMN t text DEFAULT 'x'"),
    deploy("ALTER TABLE users ALTER COLUMN age SET DEFAULT random()"),
    deploy("CREATE TABLE t (id int); ALTER TABLE t ADD u uuid DEFAULT gen_random_uuid()"),
    deploy("ALTER TABLE users ADD n bigserial"),
    deploy("ALTER TABLE users ADD COLUMN t text DEFAULT my_function()", seen={1: Observation()}),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
