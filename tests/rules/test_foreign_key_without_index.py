"""Foreign key without an index."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "foreign-key-without-index"
UNSAFE = [
    (
        deploy("ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id)"),
        ["warning hygiene orders.user_id c1"],
    ),
    (
        deploy("ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID"),
        ["note hygiene orders.user_id c1"],
    ),
    (
        deploy(
            "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE NOT VALID"
        ),
        ["warning hygiene orders.user_id c1"],
    ),
    (deploy("CREATE TABLE t (u int REFERENCES users (id))"), ["note hygiene t.u c1"]),
    (deploy("ALTER TABLE orders ADD COLUMN u int REFERENCES users (id)"), ["warning hygiene orders.u c1"]),
    (
        deploy("CREATE TABLE t (a int); ALTER TABLE t ADD COLUMN u int REFERENCES users (id)"),
        ["note hygiene t.u c1"],
    ),
]
FOREIGN_KEY = "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id)"
UNSAFE += [
    (
        deploy(f"CREATE INDEX ix ON orders (user_id) WHERE {condition}; {FOREIGN_KEY}"),
        ["warning hygiene orders.user_id c1"],
    )
    for condition in ("note IS NOT NULL", "user_id IS NOT NULL AND note = 'x'", "user_id > 5")
]
SAFE = [
    deploy(f"CREATE INDEX ix ON orders (user_id) WHERE (user_id IS NOT NULL); {FOREIGN_KEY}"),
    deploy("ALTER TABLE orders ADD COLUMN u int REFERENCES users (id); CREATE INDEX ix ON orders (u)"),
    deploy("ALTER TABLE orders ADD COLUMN u int UNIQUE REFERENCES users (id)"),
    deploy("ALTER TABLE orders ADD COLUMN u int REFERENCES users (id); ALTER TABLE orders DROP COLUMN u"),
    deploy("CREATE INDEX ix ON orders (user_id); ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users"),
    deploy("CREATE TABLE t (u int REFERENCES users (id)); CREATE INDEX ix ON t (u, u)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
