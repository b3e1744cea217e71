"""A table made anew."""

from __future__ import annotations

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from gate.model import Severity
from tests.rules._deploy import deploy, said
from tests.rules._recreate import by_hand, recreate

ID = "sqlite-batch-recreate"
RENAMED_FIRST = (
    "ALTER TABLE logs RENAME TO logs_old; CREATE TABLE logs (code VARCHAR(20), text TEXT); "
    "INSERT INTO logs SELECT code, text FROM logs_old; DROP TABLE logs_old"
)
UNSAFE = [
    (
        deploy(recreate("users", "id INTEGER PRIMARY KEY, name TEXT NOT NULL"), dialect="sqlite"),
        ["warning rewrite users c1"],
    ),
    (
        deploy(by_hand("users", "id INTEGER PRIMARY KEY, name TEXT NOT NULL"), dialect="sqlite"),
        ["warning rewrite users c1"],
    ),
]
SAFE = [
    deploy("ALTER TABLE users ADD COLUMN a INT", dialect="sqlite"),
    deploy("CREATE TABLE t (id INT, name TEXT)", recreate("t", "id INT, name TEXT"), dialect="sqlite"),
    deploy(
        "CREATE TABLE t (id INT, name TEXT); INSERT INTO t SELECT id, name FROM users; DROP TABLE logs",
        dialect="sqlite",
    ),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []


def test_a_table_that_is_renamed_first_is_only_made_anew() -> None:
    """Its rows are kept and its name is there: no table is renamed, dropped or split for the release still running."""
    world = deploy(RENAMED_FIRST, dialect="sqlite")
    found = [one for rule in registry.rules().values() for one in rule.findings(world) if one.revision == "c1"]
    assert [(one.id, str(one.severity)) for one in found if one.severity is not Severity.NOTE] == [(ID, "warning")]
    assert found[0].message == (
        "logs is made anew: it is renamed to logs_old, and its rows are copied into a new logs. Writers wait, the file "
        "grows by the table's size, and what the copy does not carry is gone."
    )
