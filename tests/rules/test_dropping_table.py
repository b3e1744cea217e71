"""Table dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from gate.facts.schema import TableKind
from gate.sql import Dialect
from tests.rules._deploy import deploy, said

ID = "dropping-table"
UNSAFE = [
    (deploy("DROP TABLE items"), ["error data-loss items c1", "error backward-incompatible items c1"]),
    (
        deploy("DROP TABLE IF EXISTS items, logs"),
        [
            "error data-loss items c1",
            "error backward-incompatible items c1",
            "error data-loss logs c1",
            "error backward-incompatible logs c1",
        ],
    ),
]
SAFE = [
    deploy("CREATE TABLE t (a int); DROP TABLE t"),
    deploy("DROP TABLE IF EXISTS nope"),
    deploy("DROP VIEW active_users"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


def test_a_name_that_the_deploy_gave_is_known_to_no_release() -> None:
    """The rename tells of the old name; the rows go all the same."""
    swap = "ALTER TABLE logs RENAME TO logs_old; CREATE TABLE logs (code text); DROP TABLE logs_old"
    assert said(ID, deploy(swap)) == ["error data-loss logs_old c1"]


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [("postgresql", " It also locks orders, which it points at, against everybody."), ("sqlite", "")],
)
def test_what_it_points_at_is_locked_where_tables_are_locked(dialect: Dialect, expected: str) -> None:
    """SQLite locks the file whatever is written; a table that points at itself is told already."""
    earlier = "" if dialect == "sqlite" else "ALTER TABLE items ADD up int REFERENCES items (id)"
    loss = next(registry.rules()[ID].findings(deploy("DROP TABLE items", dialect=dialect, earlier=earlier)))
    assert loss.message == (
        f"Dropping items destroys all its rows; a downgrade brings back the table, not the data.{expected}"
    )


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []


def seeing(world: Deploy, kind: TableKind) -> Deploy:
    """The same as if it had run, ``items`` being of this kind."""
    schema = world.baseline
    items = replace(schema.tables["items"], kind=kind)
    first, *rest = world.statements
    before = replace(schema, tables={**schema.tables, "items": items})
    return replace(world, statements=(replace(first, before=before), *rest))


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [("postgresql", []), ("sqlite", []), ("mysql", ["error backward-incompatible items c1"])],
)
def test_what_is_made_again_is_there_for_the_running_release(dialect: Dialect, expected: list[str]) -> None:
    """Its rows are gone all the same; MySQL shows everybody the moment between."""
    world = deploy("DROP TABLE items; CREATE TABLE items (id integer)", dialect=dialect)
    assert said(ID, world) == ["error data-loss items c1", *expected]
    assert said(ID, replace(world, observed=False))[1:] == ["error backward-incompatible items c1"]


def test_a_table_that_shows_rows_of_others_loses_none() -> None:
    """A text index over another table's rows."""
    assert said(ID, seeing(deploy("DROP TABLE items"), "foreign-table")) == ["error backward-incompatible items c1"]


@pytest.mark.parametrize(("columns", "deploys"), [({"age", "id"}, [1, 2]), (set(), [1])])
def test_what_the_models_let_go_of_needs_no_deploy_before(columns: set[str], deploys: list[int]) -> None:
    """The data is lost all the same; nobody is told to take out of the code what is not in it."""
    mapped = {"users": frozenset(columns)} if columns else {}
    world = replace(deploy("DROP TABLE users"), mapped=mapped)
    found = next(iter(registry.rules()[ID].findings(world)))
    assert (found.category, found.severity) == ("data-loss", "error")
    assert found.remedy is not None
    assert [step.deploy for step in found.remedy.steps] == deploys
    assert found.remedy.steps[-1].code.startswith("op.drop_table(")
