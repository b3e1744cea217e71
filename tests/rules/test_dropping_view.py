"""View dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.facts.rehearsal import Deploy
from gate.facts.schema import Column, Schema, Table
from tests.rules._deploy import deploy, said

ID = "dropping-view"
UNSAFE = [
    (deploy("DROP VIEW active_users"), ["warning backward-incompatible active_users c1"]),
    (deploy("DROP MATERIALIZED VIEW user_stats"), ["warning backward-incompatible user_stats c1"]),
]
SAFE = [
    deploy("DROP VIEW active_users; CREATE VIEW active_users AS SELECT 1"),
    deploy("CREATE VIEW v AS SELECT 1; DROP VIEW v"),
    deploy("CREATE OR REPLACE VIEW active_users AS SELECT 1"),
]


def with_columns(world: Deploy, old: str, new: str) -> Deploy:
    """The same with the view's columns before and after, as the server tells them."""

    def told(schema: Schema, names: str) -> Schema:
        view = Table("active_users", "view", tuple(Column(name, "text") for name in names.split()))
        return replace(schema, tables={**schema.tables, "active_users": view})

    statements = tuple(replace(one, before=told(one.before, old)) for one in world.statements)
    return replace(world, statements=statements, result=told(world.result, new))


AGAIN = deploy("DROP VIEW active_users; CREATE VIEW active_users AS SELECT 1")
ONE_TEXT = replace(
    AGAIN,
    statements=(replace(AGAIN.statements[0], changes=tuple(one for s in AGAIN.statements for one in s.changes)),),
)
UNSAFE += [
    (with_columns(AGAIN, "id name", "id"), ["warning backward-incompatible active_users.name c1"]),
    (with_columns(ONE_TEXT, "id name", "id"), ["warning backward-incompatible active_users.name c1"]),
]
SAFE += [with_columns(AGAIN, "id name", "name id more"), with_columns(ONE_TEXT, "id", "id name")]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
