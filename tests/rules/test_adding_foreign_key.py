"""Foreign key checked at once."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, failed, said

ID = "adding-foreign-key"
UNSAFE = [
    (
        deploy("ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id)"),
        [
            "error lock orders.user_id c1",
            "warning fails-on-existing-rows orders.user_id c1?",
            "warning backward-incompatible orders.user_id c1",
        ],
    ),
    (
        deploy("ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users"),
        [
            "error lock orders.user_id c1",
            "warning fails-on-existing-rows orders.user_id c1?",
            "warning backward-incompatible orders.user_id c1",
        ],
    ),
    (
        deploy("ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID"),
        ["note backward-incompatible orders.user_id c1"],
    ),
    (
        deploy(
            "ALTER TABLE orders VALIDATE CONSTRAINT fk",
            earlier="ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID",
        ),
        ["note fails-on-existing-rows orders c1?"],
    ),
    (
        deploy(
            "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id)",
            runs=(failed("plain", 1, sqlstate="23503"),),
        ),
        [
            "error lock orders.user_id c1",
            "warning fails-on-existing-rows orders.user_id c1?",
            "warning backward-incompatible orders.user_id c1",
        ],
    ),
]
AGAIN = (
    "ALTER TABLE items DROP CONSTRAINT fk_items_order; ALTER TABLE items ADD CONSTRAINT fk_new FOREIGN KEY (order_id)"
)
MYSQL_AGAIN = "ALTER TABLE items DROP FOREIGN KEY fk_items_order, ADD CONSTRAINT fk_new FOREIGN KEY (order_id)"
COPIES = "error rewrite items.order_id c1"
ROWS = "warning fails-on-existing-rows items.order_id c1?"
NEW = "warning backward-incompatible items.order_id c1"
UNSAFE += [
    # The running release knows the key already; only what becomes of the rows with their parent may be news.
    (deploy(f"{MYSQL_AGAIN} REFERENCES orders (id) ON DELETE CASCADE", dialect="mysql"), [COPIES, ROWS]),
    (deploy(f"{MYSQL_AGAIN} REFERENCES orders (id) ON DELETE SET NULL", dialect="mariadb"), [COPIES, ROWS]),
    (deploy(f"{MYSQL_AGAIN} REFERENCES orders (id)", dialect="mysql"), [COPIES, ROWS, NEW]),
    (deploy(f"{MYSQL_AGAIN} REFERENCES users (id)", dialect="mysql"), [COPIES, ROWS, NEW]),
    (deploy(f"{AGAIN} REFERENCES orders (id) ON DELETE CASCADE"), ["error lock items.order_id c1", ROWS]),
]
SAFE = [
    deploy("CREATE TABLE t (u int REFERENCES users (id))"),
    deploy("CREATE TABLE t (u int); ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES users (id)"),
    deploy("ALTER TABLE items DROP CONSTRAINT fk_items_order"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
