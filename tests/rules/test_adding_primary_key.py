"""Primary key built in place."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from tests.rules._deploy import deploy, said

ID = "adding-primary-key"
UNSAFE = [
    (
        deploy("ALTER TABLE logs ADD CONSTRAINT pk PRIMARY KEY (code)"),
        ["error lock logs c1", "warning fails-on-existing-rows logs c1?", "warning backward-incompatible logs.code c1"],
    ),
    (
        deploy(
            "ALTER TABLE logs ADD CONSTRAINT pk PRIMARY KEY USING INDEX ux",
            earlier="CREATE UNIQUE INDEX ux ON logs (code)",
        ),
        ["error lock logs c1", "warning fails-on-existing-rows logs c1?", "warning backward-incompatible logs c1"],
    ),
]
UNSAFE += [
    (
        deploy("ALTER IGNORE TABLE logs ADD PRIMARY KEY (code)", dialect="mariadb", version=(10, 11)),
        ["error data-loss logs c1?", "warning backward-incompatible logs.code c1"],
    ),
]
SAFE = [
    deploy(
        "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a, b)",
        dialect="mysql",
        earlier="CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b INT NOT NULL)",
    ),
    deploy(
        "ALTER TABLE logs ADD CONSTRAINT pk PRIMARY KEY USING INDEX ux",
        earlier="CREATE UNIQUE INDEX ux ON logs (code); ALTER TABLE logs ALTER code SET NOT NULL",
    ),
    deploy("CREATE TABLE t (a int); ALTER TABLE t ADD PRIMARY KEY (a)"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
