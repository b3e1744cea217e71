"""A recreate of a table that a view or a trigger reads."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said
from tests.rules._recreate import by_hand, recreate

ID = "sqlite-batch-recreate-dependent-view"
VIEW = {4: "error in view v_orders: no such table: main.orders"}
UNSAFE = [
    deploy(recreate("orders"), dialect="sqlite", errors=VIEW),
    deploy(by_hand("orders"), dialect="sqlite", errors=VIEW),
    deploy(recreate("orders"), dialect="sqlite", errors={4: "error in trigger g: no such table: main.orders"}),
]
SAFE = [
    deploy(recreate("orders"), dialect="sqlite"),
    deploy(recreate("orders"), dialect="sqlite", errors={2: "NOT NULL constraint failed"}),
    deploy("DROP TABLE orders; DROP VIEW v", dialect="sqlite", errors={2: "error in view v_orders: no such table"}),
]


@pytest.mark.parametrize("world", UNSAFE, ids=range(len(UNSAFE)))
def test_the_rename_is_refused(world: Deploy) -> None:
    """An error of the revision, at the recreate."""
    assert said(ID, world) == ["error transaction orders c1"]


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Other failures have other rules."""
    assert said(ID, world) == []
