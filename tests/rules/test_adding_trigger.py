"""Trigger made, dropped or switched."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "adding-trigger"
UNSAFE = [
    (deploy("CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()"), ["warning lock users c1"]),
    (deploy("DROP TRIGGER t ON users"), ["warning lock users c1"]),
    (deploy("ALTER TABLE users DISABLE TRIGGER t"), ["warning lock users c1"]),
]
SAFE = [
    deploy("CREATE TABLE x (a int); CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION f()"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
