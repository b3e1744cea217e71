"""Column dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from tests.rules._deploy import as_one_text, deploy, said

ID = "dropping-column"
UNSAFE = [
    (
        deploy("ALTER TABLE users DROP COLUMN age"),
        ["error data-loss users.age c1", "error backward-incompatible users.age c1"],
    ),
    (
        deploy("ALTER TABLE audit.events DROP COLUMN what"),
        ["error data-loss audit.events.what c1", "error backward-incompatible audit.events.what c1"],
    ),
    (
        deploy("ALTER TABLE orders RENAME TO purchases; ALTER TABLE purchases DROP COLUMN note"),
        ["error data-loss purchases.note c1", "error backward-incompatible purchases.note c1"],
    ),
    (
        deploy("ALTER TABLE users DROP COLUMN age, ADD COLUMN age numeric(5,2)"),
        ["error data-loss users.age c1", "error backward-incompatible users.age c1"],
    ),
    (
        as_one_text(deploy("ALTER TABLE users DROP age; ALTER TABLE users ADD age numeric(5,2)")),
        ["error data-loss users.age c1", "error backward-incompatible users.age c1"],
    ),
    (
        deploy("ALTER TABLE unseen DROP COLUMN id, ADD COLUMN id uuid", earlier="CREATE TABLE unseen ()"),
        ["error data-loss unseen.id c1", "error backward-incompatible unseen.id c1"],
    ),
]
COMPUTED = "ALTER TABLE users ADD g int GENERATED ALWAYS AS (age + 1) STORED"
VIRTUAL = "ALTER TABLE users ADD g int AS (age + 1) VIRTUAL"
UNSAFE += [
    # What a generated column holds comes from the other columns.
    (deploy("ALTER TABLE users DROP COLUMN g", earlier=COMPUTED), ["error backward-incompatible users.g c1"]),
    (
        deploy("ALTER TABLE users DROP COLUMN g", dialect="mariadb", earlier=VIRTUAL),
        ["error backward-incompatible users.g c1"],
    ),
    (
        deploy("ALTER TABLE users DROP COLUMN age; ALTER TABLE users ADD COLUMN age bigint"),
        ["error data-loss users.age c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ADD z int", "ALTER TABLE users DROP z, ADD z text"),
    as_one_text(deploy("ALTER TABLE users ADD COLUMN z int; ALTER TABLE users DROP COLUMN z")),
    as_one_text(deploy("ALTER TABLE unseen ADD z int; ALTER TABLE unseen DROP z", earlier="CREATE TABLE unseen ()")),
    deploy(f"ALTER TABLE users DROP COLUMN g; {VIRTUAL}", dialect="mysql", earlier=VIRTUAL),
    deploy("ALTER TABLE users ADD COLUMN z int; ALTER TABLE users DROP COLUMN z"),
    deploy("CREATE TABLE t (a int, b int); ALTER TABLE t DROP b"),
    deploy("ALTER TABLE users DROP COLUMN IF EXISTS nope"),
    deploy("ALTER TABLE users ADD z int; ALTER TABLE users RENAME z TO y; ALTER TABLE users DROP y"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []


@pytest.mark.parametrize(("columns", "deploys"), [({"age", "id"}, [1, 2]), (set(), [1])])
def test_what_the_models_let_go_of_needs_no_deploy_before(columns: set[str], deploys: list[int]) -> None:
    """The data is lost all the same; nobody is told to take out of the code what is not in it."""
    mapped = {"users": frozenset(columns)} if columns else {}
    world = replace(deploy("ALTER TABLE users DROP COLUMN age"), mapped=mapped)
    found = next(iter(registry.rules()[ID].findings(world)))
    assert (found.category, found.severity) == ("data-loss", "error")
    assert found.remedy is not None
    assert [step.deploy for step in found.remedy.steps] == deploys
    assert found.remedy.steps[-1].code.startswith("op.drop_column(")
