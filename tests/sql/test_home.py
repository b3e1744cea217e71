"""Names qualified by their own database."""

from __future__ import annotations

import pytest

from gate.sql.home import at_home


@pytest.mark.parametrize(
    ("sql", "plain"),
    [
        ("ALTER TABLE shop.orders ADD a INT", "ALTER TABLE orders ADD a INT"),
        ("ALTER TABLE `shop` . `orders` DROP a", "ALTER TABLE `orders` DROP a"),
        ("UPDATE shop.a JOIN shop.b ON shop.a.id=shop.b.id SET x = 1", "UPDATE a JOIN b ON a.id=b.id SET x = 1"),
        ("ALTER TABLE workshop.orders ADD shop INT", "ALTER TABLE workshop.orders ADD shop INT"),
        ("ALTER TABLE other.shop ADD a INT", "ALTER TABLE other.shop ADD a INT"),
        ("SELECT shop.name FROM `shop`", "SELECT name FROM `shop`"),
        ("INSERT INTO t VALUES ('shop.a')", "INSERT INTO t VALUES ('shop.a')"),
    ],
)
def test_the_own_database_needs_no_name(sql: str, plain: str) -> None:
    """Another database's name stays, and so does a text."""
    assert (at_home(sql, "shop"), at_home(sql, "")) == (plain, sql)
