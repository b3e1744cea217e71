"""Index built without CONCURRENTLY."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy, Lock, Observation
from tests.rules._deploy import deploy, said

ID = "creating-index-non-concurrently"
UNSAFE = [
    (deploy("CREATE INDEX ix ON orders (note)"), ["error lock orders.note c1"]),
    (deploy("CREATE UNIQUE INDEX ix ON orders (lower(note))"), ["error lock orders c1"]),
    (deploy("CREATE INDEX ix ON events (at)"), ["error lock events.at c1"]),
    (
        deploy("CREATE TEMP TABLE orders (r int); DROP TABLE orders; CREATE INDEX ix ON orders (note)"),
        ["error lock orders.note c1"],
    ),
    (
        deploy("CREATE TEMP TABLE orders (r int); CREATE INDEX ix ON public.orders (note)"),
        ["error lock orders.note c1"],
    ),
    (
        deploy("CREATE TEMP TABLE orders (r int) ON COMMIT DROP", "CREATE INDEX ix ON orders (note)", apart=True),
        ["error lock orders.note c2"],
    ),
    (
        deploy(
            "CREATE TEMP TABLE orders (r int); CREATE INDEX ix ON orders (note)",
            seen={2: Observation(locks=(Lock("orders", "ShareLock", "orders"),))},
        ),
        ["error lock orders.note c1"],
    ),
]
SAFE = [
    deploy("CREATE TEMP TABLE orders (r int); CREATE INDEX ix ON orders (r)"),
    deploy("CREATE TEMP TABLE orders (r int) ON COMMIT DROP; CREATE INDEX ix ON orders (r)", seen={2: Observation()}),
    deploy("DROP TABLE logs; CREATE TABLE logs (a int); CREATE INDEX ix ON logs (a)"),
    deploy("CREATE INDEX CONCURRENTLY ix ON orders (note)"),
    deploy("CREATE TABLE t (a int); CREATE INDEX ix ON t (a)"),
    deploy("CREATE INDEX IF NOT EXISTS ix_users_email ON users (email)"),
    deploy("CREATE INDEX ix ON ONLY events (at)"),
    deploy("CREATE INDEX ix ON user_stats (n)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
