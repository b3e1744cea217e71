"""Schema change and backfill in one transaction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from tests.rules._deploy import Autocommit, deploy, on_one_line, said

ID = "not-split-schema-and-backfill"
READ = "ALTER TABLE users ADD z int; SELECT id FROM users; "
ONE, OTHER = "UPDATE users SET z = 7 WHERE id = 1; ", "UPDATE users SET z = 9 WHERE id = 2; "
BATCH = "UPDATE users SET z = 0 WHERE id IN (SELECT id FROM users WHERE z IS NULL LIMIT 100); "


def flushed(world: Deploy) -> Deploy:
    """The same with two sets of parameters for each UPDATE, as ``executemany`` sends it."""
    made = (replace(one, sets=2 if one.sql.startswith("UPDATE") else 1) for one in world.statements)
    return replace(world, statements=tuple(made))


UNSAFE = [
    (deploy("ALTER TABLE users ADD z int; UPDATE users SET z = 1"), ["error not-split users.z c1"]),
    (deploy("ALTER TABLE users ADD z int", "UPDATE users SET z = 1"), ["error not-split users.z c2"]),
    (
        deploy("ALTER TABLE users ADD z int; INSERT INTO users (id) SELECT id FROM orders"),
        ["error not-split users.id c1"],
    ),
    (on_one_line(deploy(READ + ONE + OTHER)), ["error not-split users.z c1"]),
    (flushed(deploy(READ + "UPDATE users SET z = $1 WHERE id = $2")), ["error not-split users.z c1"]),
    (on_one_line(deploy("ALTER TABLE users ADD z int; " + BATCH + BATCH)), ["error not-split users.z c1"]),
    # With a default before it is made NOT NULL the release still running is safe; the one transaction is not.
    (
        deploy(
            "ALTER TABLE users ADD z int; UPDATE users SET z = 1; ALTER TABLE users ALTER z SET DEFAULT 1; "
            "ALTER TABLE users ALTER z SET NOT NULL"
        ),
        ["error not-split users.z c1"],
    ),
    (
        deploy(
            "ALTER TABLE users ADD z int DEFAULT 0; UPDATE users SET z = age; ALTER TABLE users ALTER z SET NOT NULL"
        ),
        ["error not-split users.z c1"],
    ),
]
SAFE = [
    # Here not-split-add-and-set-not-null says more.
    deploy("ALTER TABLE users ADD z int; UPDATE users SET z = 1; ALTER TABLE users ALTER z SET NOT NULL"),
    deploy("ALTER TABLE users ADD z int", "UPDATE users SET z = 1", apart=True),
    deploy("ALTER TABLE users ADD z int", Autocommit("UPDATE users SET z = 1")),
    deploy("ALTER TABLE users ADD z int; UPDATE users SET z = 1 WHERE id = 1"),
    deploy("ALTER TABLE users ADD z int; UPDATE orders SET note = 'x'"),
    deploy("ALTER TABLE users ADD z int; " + BATCH),
    on_one_line(deploy("ALTER TABLE users ADD z int; " + ONE + OTHER)),
    on_one_line(deploy("SELECT id FROM users; " + ONE + OTHER, earlier="ALTER TABLE users ADD z int")),
    on_one_line(deploy("ALTER TABLE users ADD z int", "SELECT id FROM users; " + ONE + OTHER, apart=True)),
    deploy(
        "ALTER TABLE flags ADD z int; UPDATE flags SET z = 1 WHERE code = 'a'",
        earlier="CREATE TABLE flags (code text PRIMARY KEY)",
    ),
    deploy("CREATE TABLE t (a int); ALTER TABLE t ADD z int; UPDATE t SET z = 1"),
]


def test_a_loop_over_rows_is_told_to_compute_the_values_in_sql() -> None:
    """The loop's own UPDATE knows one row at a time."""
    [finding] = registry.rules()[ID].findings(on_one_line(deploy(READ + ONE + OTHER)))
    assert finding.remedy is not None
    assert "SET z = ..." in finding.remedy.steps[-1].code
    assert ":first" in finding.remedy.steps[-1].code


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []
