"""Exclusion constraint on a table with rows."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "adding-exclusion-constraint"
UNSAFE = [
    (
        deploy("ALTER TABLE orders ADD CONSTRAINT ex EXCLUDE USING gist (note WITH =)"),
        [
            "error lock orders c1",
            "warning fails-on-existing-rows orders c1?",
            "warning backward-incompatible orders.note c1",
        ],
    ),
]
SAFE = [
    deploy("CREATE TABLE t (a int, EXCLUDE USING btree (a WITH =))"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
