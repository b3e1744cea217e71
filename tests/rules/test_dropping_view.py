"""View dropped."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "dropping-view"
UNSAFE = [
    (deploy("DROP VIEW active_users"), ["warning backward-incompatible active_users c1"]),
    (deploy("DROP MATERIALIZED VIEW user_stats"), ["warning backward-incompatible user_stats c1"]),
]
SAFE = [
    deploy("DROP VIEW active_users; CREATE VIEW active_users AS SELECT 1"),
    deploy("CREATE VIEW v AS SELECT 1; DROP VIEW v"),
    deploy("CREATE OR REPLACE VIEW active_users AS SELECT 1"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
