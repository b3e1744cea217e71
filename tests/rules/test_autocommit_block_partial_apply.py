"""Autocommit block among other statements."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import Autocommit, autocommitting, deploy, said

ID = "autocommit-block-partial-apply"
UNSAFE = [
    (
        autocommitting(deploy("ALTER TABLE orders ADD ref text; CREATE INDEX CONCURRENTLY ix ON orders (ref)")),
        ["warning transaction orders c1"],
    ),
]
SAFE = [
    deploy(
        Autocommit("CREATE INDEX CONCURRENTLY ix ON orders (note); CREATE INDEX CONCURRENTLY i2 ON orders (amount)")
    ),
    deploy("ALTER TABLE orders ADD ref text", Autocommit("CREATE INDEX CONCURRENTLY ix ON orders (ref)")),
    autocommitting(deploy("SET lock_timeout = '1s'; CREATE INDEX CONCURRENTLY ix ON orders (note)")),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
