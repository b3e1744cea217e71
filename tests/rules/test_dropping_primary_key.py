"""A table without its key."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "dropping-primary-key"
UNSAFE = [
    (
        deploy("ALTER TABLE orders DROP PRIMARY KEY", dialect="mysql"),
        ["error rewrite orders c1", "error lock orders c1", "warning backward-incompatible orders c1"],
    ),
]
PAIRS = "CREATE TABLE pairs (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b))"
NUMBERED = "ALTER TABLE pairs DROP PRIMARY KEY, ADD COLUMN id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY FIRST"
UNSAFE += [
    # The new column's own rule speaks of the rebuild; whoever asks by the old key finds no index and no promise.
    (
        deploy(NUMBERED, dialect="mysql", earlier=PAIRS),
        ["error lock pairs c1", "warning backward-incompatible pairs c1"],
    ),
    (deploy(f"{NUMBERED}, ADD UNIQUE KEY uq (a, b)", dialect="mysql", earlier=PAIRS), ["error lock pairs c1"]),
    (deploy(f"{NUMBERED}, ADD CONSTRAINT uq UNIQUE (b)", dialect="mariadb", earlier=PAIRS), ["error lock pairs c1"]),
    (
        deploy(f"{NUMBERED}, ADD UNIQUE KEY uq (a, id)", dialect="mysql", earlier=PAIRS),
        ["error lock pairs c1", "warning backward-incompatible pairs c1"],
    ),
    (
        deploy("ALTER TABLE pairs DROP PRIMARY KEY, ADD UNIQUE KEY uq (a, b)", dialect="mysql", earlier=PAIRS),
        ["error rewrite pairs c1", "error lock pairs c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE orders DROP PRIMARY KEY, ADD PRIMARY KEY (id, user_id)", dialect="mysql"),
    deploy("ALTER TABLE items DROP FOREIGN KEY fk_items_order", dialect="mysql"),
    deploy("CREATE TABLE t (a INT PRIMARY KEY)", "ALTER TABLE t DROP PRIMARY KEY", dialect="mysql"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []
