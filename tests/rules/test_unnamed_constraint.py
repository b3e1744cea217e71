"""Constraint without a name."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "unnamed-constraint"
UNSAFE = [
    (
        deploy("ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id)"),
        ["warning hygiene orders.user_id c1"],
    ),
    (deploy("ALTER TABLE orders ADD UNIQUE (note)"), ["warning hygiene orders.note c1"]),
]
SAFE = [
    deploy("ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id)"),
    deploy("ALTER TABLE logs ADD PRIMARY KEY (code)"),
    deploy("CREATE TABLE t (u int REFERENCES users (id), UNIQUE (u))"),
    deploy("ALTER TABLE orders ADD COLUMN b int REFERENCES users (id)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
