"""CHECK verified at once."""

from __future__ import annotations

import pytest

from gate.facts.rehearsal import Deploy
from gate.sql import Dialect
from tests.rules._deploy import deploy, passed, said

ID = "adding-check-constraint"
UNSAFE = [
    (
        deploy("ALTER TABLE orders ADD z bool; ALTER TABLE orders ADD CONSTRAINT ck CHECK (z IS TRUE) NOT VALID"),
        ["note backward-incompatible orders.z c1"],
    ),
    (
        deploy(
            "ALTER TABLE orders ADD z bool; ALTER TABLE orders ADD CONSTRAINT ck CHECK (CASE WHEN z THEN true ELSE "
            "false END) NOT VALID"
        ),
        ["note backward-incompatible orders.z c1"],
    ),
    (
        deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0)"),
        [
            "error lock orders.amount c1",
            "warning fails-on-existing-rows orders.amount c1?",
            "warning backward-incompatible orders.amount c1",
        ],
    ),
    (
        deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0) NOT VALID"),
        ["note backward-incompatible orders.amount c1"],
    ),
    (
        deploy(
            "ALTER TABLE orders VALIDATE CONSTRAINT ck",
            earlier="ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0) NOT VALID",
        ),
        ["note fails-on-existing-rows orders c1?"],
    ),
    (
        deploy("ALTER TABLE orders ADD z int; ALTER TABLE orders ADD CONSTRAINT ck CHECK (z > 0)", runs=passed()),
        ["error lock orders.z c1"],
    ),
    (
        deploy(
            "ALTER TABLE orders ADD z int; ALTER TABLE orders ADD CONSTRAINT ck CHECK (coalesce(z, 0) > 0) NOT VALID"
        ),
        ["note backward-incompatible orders.z c1"],
    ),
    (
        deploy("ALTER TABLE users ADD CONSTRAINT nn NOT NULL age", version=(18,)),
        [
            "error lock users.age c1",
            "warning fails-on-existing-rows users.age c1?",
            "warning backward-incompatible users.age c1",
        ],
    ),
    (
        # That made-up rows keep a condition on old values settles nothing.
        deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0)", runs=passed()),
        [
            "error lock orders.amount c1",
            "warning fails-on-existing-rows orders.amount c1?",
            "warning backward-incompatible orders.amount c1",
        ],
    ),
    (
        deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0)", dialect="mysql", version=(8, 4)),
        [
            "error rewrite orders.amount c1",
            "warning fails-on-existing-rows orders.amount c1?",
            "warning backward-incompatible orders.amount c1",
        ],
    ),
]
SAFE = [
    deploy("ALTER TABLE orders ADD z bool; ALTER TABLE orders ADD CONSTRAINT ck CHECK (z IS NOT FALSE) NOT VALID"),
    deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0)", dialect="mysql", version=(5, 7, 40)),
    deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0)", dialect="mysql", version=(8, 0, 15)),
    deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0)", dialect="mariadb", version=(10, 1)),
    deploy(
        "CREATE TABLE _alembic_tmp_logs (code varchar(20), text text, ok boolean, CHECK (ok IN (0, 1)));"
        "INSERT INTO _alembic_tmp_logs (code, text) SELECT code, text FROM logs;"
        "DROP TABLE logs; ALTER TABLE _alembic_tmp_logs RENAME TO logs",
        dialect="sqlite",
        runs=passed(),
    ),
    deploy("ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0) NOT ENFORCED", dialect="mysql", version=(8, 4)),
    deploy("CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0)"),
    deploy(
        "ALTER TABLE orders VALIDATE CONSTRAINT ck",
        earlier="ALTER TABLE orders ADD CONSTRAINT ck CHECK (amount >= 0) NOT VALID",
        runs=passed(),
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


WIDER = "ALTER TABLE orders DROP CONSTRAINT ck; ALTER TABLE orders ADD CONSTRAINT ck CHECK ({})"
RISK = ["warning fails-on-existing-rows orders.note c1?", "warning backward-incompatible orders.note c1"]


@pytest.mark.parametrize(
    "old",
    [
        "note IN ('open', 'done')",
        "((note)::text = ANY ((ARRAY['open'::character varying, 'done'::character varying])::text[]))",
        "(note)::text = ANY (ARRAY[('open'::character varying)::text, ('done'::character varying)::text])",
    ],
)
@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("note IN ('open', 'done', 'paused')", []),
        ("note in ('done','open')", []),
        ("note IN ('open', 'paused')", RISK),
        ("note IN ('open', 'done') AND note <> ''", RISK),
        ("lower(note) IN ('open', 'done')", RISK),
        ("note NOT IN ('open', 'done')", RISK),
    ],
)
def test_a_list_that_only_grows_is_broken_by_nobody(old: str, new: str, expected: list[str]) -> None:
    """The base keeps more already; the rows are read all the same."""
    world = deploy(WIDER.format(new), earlier=f"ALTER TABLE orders ADD CONSTRAINT ck CHECK ({old})", runs=passed())
    assert said(ID, world) == ["error lock orders.note c1", *expected]


def test_a_condition_that_is_not_kept_yet_promises_nothing() -> None:
    """NOT VALID rows may break it."""
    earlier = "ALTER TABLE orders ADD CONSTRAINT ck CHECK (note IN ('a')) NOT VALID"
    world = deploy(WIDER.format("note IN ('a', 'b')"), earlier=earlier, runs=passed())
    assert said(ID, world)[1:] == RISK


ADDED = "ALTER TABLE orders ADD sort int NOT NULL DEFAULT 0{}; ALTER TABLE orders ADD CONSTRAINT ck CHECK (sort >= 0)"
OLD_CODE = "warning backward-incompatible orders.sort c1"


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    ("between", "seen", "expected"),
    [
        ("", True, []),
        ("", False, [OLD_CODE]),
        ("; UPDATE orders SET sort = id", True, [OLD_CODE]),
        ("; ALTER TABLE orders ALTER COLUMN sort SET DEFAULT -1", True, [OLD_CODE]),
        ("; UPDATE orders SET note = 'x'", True, []),
    ],
)
def test_the_default_of_a_new_column_is_what_old_code_writes(
    dialect: Dialect, between: str, seen: bool, expected: list[str]
) -> None:
    """Rows that hold just that passed, so its rows will."""
    world = deploy(ADDED.format(between), dialect=dialect, version=(), runs=passed() if seen else ())
    assert [one for one in said(ID, world) if "backward" in one] == expected
