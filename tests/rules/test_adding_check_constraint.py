"""CHECK verified at once."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, passed, said

ID = "adding-check-constraint"
UNSAFE = [
    (
        deploy("ALTER TABLE orders ADD z bool; ALTER TABLE orders ADD CONSTRAINT ck CHECK (z IS TRUE) NOT VALID"),
        ["note backward-incompatible orders.z c1"],
    ),
    (
        deploy(
            "ALTER TABLE orders ADD z bool; ALTER TABLE orders ADD CONSTRAINT ck CHECK (CASE WHEN z THEN true ELSE "
            "false END) NOT VALID"
        ),
        ["note backward-incompatible orders.z c1"],
    ),
    (
        deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0)"),
        [
            "error lock orders.amount c1",
            "warning fails-on-existing-rows orders.amount c1?",
            "warning backward-incompatible orders.amount c1",
        ],
    ),
    (
        deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0) NOT VALID"),
        ["note backward-incompatible orders.amount c1"],
    ),
    (
        deploy(
            "ALTER TABLE orders VALIDATE CONSTRAINT ck",
            earlier="ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0) NOT VALID",
        ),
        ["note fails-on-existing-rows orders c1?"],
    ),
    (
        deploy("ALTER TABLE orders ADD z int; ALTER TABLE orders ADD CONSTRAINT ck CHECK (z > 0)", runs=passed()),
        ["error lock orders.z c1"],
    ),
    (
        deploy(
            "ALTER TABLE orders ADD z int; ALTER TABLE orders ADD CONSTRAINT ck CHECK (coalesce(z, 0) > 0) NOT VALID"
        ),
        ["note backward-incompatible orders.z c1"],
    ),
    (
        deploy("ALTER TABLE users ADD CONSTRAINT nn NOT NULL age", version=(18,)),
        [
            "error lock users.age c1",
            "warning fails-on-existing-rows users.age c1?",
            "warning backward-incompatible users.age c1",
        ],
    ),
    (
        # That made-up rows keep a condition on old values settles nothing.
        deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0)", runs=passed()),
        [
            "error lock orders.amount c1",
            "warning fails-on-existing-rows orders.amount c1?",
            "warning backward-incompatible orders.amount c1",
        ],
    ),
    (
        deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0)", dialect="mysql", version=(8, 4)),
        [
            "error rewrite orders.amount c1",
            "warning fails-on-existing-rows orders.amount c1?",
            "warning backward-incompatible orders.amount c1",
        ],
    ),
]
SAFE = [
    deploy("ALTER TABLE orders ADD z bool; ALTER TABLE orders ADD CONSTRAINT ck CHECK (z IS NOT FALSE) NOT VALID"),
    deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0)", dialect="mysql", version=(5, 7, 40)),
    deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0)", dialect="mysql", version=(8, 0, 15)),
    deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0)", dialect="mariadb", version=(10, 1)),
    deploy(
        "CREATE TABLE _alembic_tmp_logs (code varchar(20), text text, ok boolean, CHECK (ok IN (0, 1)));"
        "INSERT INTO _alembic_tmp_logs (code, text) SELECT code, text FROM logs;"
        "DROP TABLE logs; ALTER TABLE _alembic_tmp_logs RENAME TO logs",
        dialect="sqlite",
        runs=passed(),
    ),
    deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0) NOT ENFORCED", dialect="mysql", version=(8, 4)),
    deploy("CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0)"),
    deploy(
        "ALTER TABLE orders VALIDATE CONSTRAINT ck",
        earlier="ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0) NOT VALID",
        runs=passed(),
    ),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
