"""The queries that a target is asked."""

from __future__ import annotations

import pytest

from gate.collect.target_measurements import counting

NULLS = "SELECT count(*) FROM (SELECT 1 FROM users WHERE email IS NULL LIMIT 1001) AS violations"
TWINS = (
    "SELECT count(*) FROM (SELECT 1 FROM users WHERE email IS NOT NULL GROUP BY email HAVING count(*) > 1 LIMIT 1001) "
    "AS violations"
)


@pytest.mark.parametrize(
    ("sql", "limit", "kind", "asked"),
    [
        (NULLS, 0, "postgresql", "SELECT count(*) FROM (SELECT 1 FROM users WHERE email IS NULL) AS violations"),
        (
            NULLS,
            10001,
            "sqlite",
            "SELECT count(*) FROM (SELECT 1 FROM users WHERE email IS NULL LIMIT 10001) AS violations",
        ),
        (
            TWINS,
            0,
            "postgresql",
            "SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM users WHERE email IS NOT NULL "
            "GROUP BY email HAVING count(*) > 1) AS violations",
        ),
        (TWINS, 0, "mariadb", "SELECT count(*) - count(DISTINCT email) FROM users WHERE email IS NOT NULL"),
        (
            "SELECT count(*) FROM t WHERE a > 1",
            0,
            "mysql",
            "SELECT count(*) FROM (SELECT 1 FROM t WHERE a > 1) AS violations",
        ),
        (
            "SELECT id FROM t WHERE a > 1",
            5,
            "sqlite",
            "SELECT count(*) FROM (SELECT id FROM t WHERE a > 1 LIMIT 5) AS violations",
        ),
        ("SELECT EXISTS (SELECT 1 FROM t)", 0, "sqlite", "SELECT EXISTS (SELECT 1 FROM t)"),
    ],
)
def test_rows_in_the_way_are_counted(sql: str, limit: int, kind: str, asked: str) -> None:
    """All of them, or up to a bound; groups by the rows beyond the first of each."""
    assert counting(sql, limit, kind) == asked
