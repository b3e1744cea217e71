"""NOT VALID and VALIDATE in one transaction."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import Autocommit, deploy, said

ID = "not-split-not-valid-and-validate"
UNSAFE = [
    (
        deploy(
            "ALTER TABLE orders ADD CONSTRAINT ck CHECK (id > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT ck"
        ),
        ["error not-split orders c1"],
    ),
    (
        deploy(
            "ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT fk",
        ),
        ["error not-split orders c2"],
    ),
]
UNSAFE += [
    # Under another name of the constraint or of the table it is the same one.
    (
        deploy(
            "ALTER TABLE orders ADD CONSTRAINT ck CHECK (id > 0) NOT VALID",
            "ALTER TABLE orders RENAME CONSTRAINT ck TO positive; ALTER TABLE orders RENAME TO sales",
            "ALTER TABLE sales VALIDATE CONSTRAINT positive",
        ),
        ["error not-split sales c3"],
    ),
]
SAFE = [
    deploy(
        "ALTER TABLE orders RENAME CONSTRAINT older TO ck",
        "ALTER TABLE orders VALIDATE CONSTRAINT ck",
        earlier="ALTER TABLE orders ADD CONSTRAINT older CHECK (amount > 0) NOT VALID",
    ),
    deploy(
        "ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount > 0) NOT VALID",
        "ALTER TABLE orders VALIDATE CONSTRAINT ck",
        apart=True,
    ),
    deploy(
        "ALTER TABLE orders VALIDATE CONSTRAINT ck",
        earlier="ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount > 0) NOT VALID",
    ),
    deploy(
        "ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount > 0) NOT VALID",
        Autocommit("ALTER TABLE orders VALIDATE CONSTRAINT ck"),
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
