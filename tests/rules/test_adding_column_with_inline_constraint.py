"""Column added together with a constraint."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, said

ID = "adding-column-with-inline-constraint"
UNSAFE = [
    (deploy("ALTER TABLE users ADD COLUMN code text UNIQUE"), ["error lock users.code c1"]),
    (deploy("ALTER TABLE users ADD COLUMN level int CHECK (level > 0)"), ["error lock users.level c1"]),
    (deploy("ALTER TABLE items ADD COLUMN u int DEFAULT 1 REFERENCES users (id)"), ["error lock items.u c1"]),
]
SAFE = [
    deploy("ALTER TABLE items ADD COLUMN u int REFERENCES users (id)"),
    deploy("CREATE TABLE t (id int); ALTER TABLE t ADD code text UNIQUE"),
    deploy("ALTER TABLE users ADD COLUMN level int CHECK (level > 0)", seen={1: Observation()}),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
