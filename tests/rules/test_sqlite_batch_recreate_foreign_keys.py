"""A recreate that foreign keys refuse."""

from __future__ import annotations

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import deploy, passed, said
from tests.rules._recreate import recreate

ID = "sqlite-batch-recreate-foreign-keys"
ON = {number: Observation(facts={"foreign_keys": True}) for number in range(1, 5)}
OFF = {number: Observation(facts={"foreign_keys": False}) for number in range(1, 5)}
CHILD = "CREATE TABLE c (o INT, FOREIGN KEY (o) REFERENCES orders (id) ON DELETE CASCADE)"
TREE = "CREATE TABLE tree (id INTEGER PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES tree (id) ON DELETE CASCADE)"
NOTES = "CREATE TABLE notes (id INTEGER PRIMARY KEY, u INT, FOREIGN KEY (u) REFERENCES users (id))"
UNSAFE = [
    (deploy(recreate("users"), dialect="sqlite", earlier=NOTES, seen=ON), ["error fails-on-existing-rows users c1"]),
    (
        deploy(recreate("users"), dialect="sqlite", earlier=NOTES, errors={3: "FOREIGN KEY constraint failed"}),
        ["error fails-on-existing-rows users c1"],
    ),
    (
        # The copy's key has no CASCADE, so its rows keep the old table from going.
        deploy(
            recreate("tree", "id INTEGER, p INT"),
            dialect="sqlite",
            earlier=TREE,
            errors={3: "FOREIGN KEY constraint failed"},
        ),
        ["error fails-on-existing-rows tree c1"],
    ),
]
SAFE = [
    deploy(recreate("users"), dialect="sqlite", earlier=NOTES, seen=ON, runs=passed()),
    deploy(recreate("users"), dialect="sqlite", earlier=NOTES, seen=OFF),
    deploy(recreate("orders"), dialect="sqlite", earlier=CHILD, seen=ON),
    # Rows refuse a new key while they are copied: no table was to be dropped yet.
    deploy(recreate("users"), dialect="sqlite", earlier=CHILD, errors={2: "FOREIGN KEY constraint failed"}),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE, ids=range(len(UNSAFE)))
def test_it_speaks(world: Deploy, expected: list[str]) -> None:
    """Each harm with its severity, at its place."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE, ids=range(len(SAFE)))
def test_it_is_silent(world: Deploy) -> None:
    """Near misses give nothing."""
    assert said(ID, world) == []


def test_what_stays_of_a_table_that_was_renamed_first_is_told() -> None:
    """The old rows are under the name that it was given; its own key points at the old table and is no obstacle."""
    text = "ALTER TABLE {0} RENAME TO old; CREATE TABLE {0} ({1}); INSERT INTO {0} SELECT * FROM old; DROP TABLE old"
    refused = {4: "FOREIGN KEY constraint failed"}
    world = deploy(text.format("users", "id INTEGER PRIMARY KEY"), dialect="sqlite", earlier=NOTES, errors=refused)
    [finding] = registry.rules()[ID].findings(world)
    assert "old stays behind" in finding.message
    assert finding.remedy is not None
    assert finding.remedy.steps[-1].code == "DROP TABLE users; ALTER TABLE old RENAME TO users;"
    assert said(ID, deploy(text.format("tree", "id INTEGER, p INT"), dialect="sqlite", earlier=TREE, seen=ON)) == []
