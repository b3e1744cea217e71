"""Stored generated column on a table with rows."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "adding-stored-generated-column"
UNSAFE = [
    (deploy("ALTER TABLE users ADD COLUMN g int GENERATED ALWAYS AS (age * 2) STORED"), ["error rewrite users.g c1"]),
]
SAFE = [
    deploy("ALTER TABLE users ADD COLUMN g int GENERATED ALWAYS AS (age * 2) VIRTUAL"),
    deploy("CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a * 2) STORED)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
