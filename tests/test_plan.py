"""Staging: the furthest safe revision and the phases of the rest; what each revision of the plan says."""

from __future__ import annotations

import pytest

from gate.facts.changes import AddColumn, ColumnSpec, DropColumn
from gate.facts.history import History, Revision
from gate.facts.rehearsal import Deploy, Lock, Observation, Statement, Touched
from gate.facts.schema import Schema, Table
from gate.facts.target_survey import TableSize
from gate.model import Category, Finding, Location, Severity
from gate.plan import rows, staging, touched_tables

LINE = History(
    tuple(Revision(id, f"{id}.py", (below,) if below else ()) for id, below in zip("abcd", (None, *"abc"), strict=True))
)
ALL = ("a", "b", "c", "d")


def bad(id: str, category: Category) -> Finding:
    return Finding("rule", "safe-operations", category, Severity.ERROR, "says no", revision=id)


LATE, LOCK = bad("c", Category.BACKWARD_INCOMPATIBLE), bad("b", Category.LOCK)


@pytest.mark.parametrize(
    ("whole", "errors", "barred", "stop", "to", "phases"),
    [
        ((), {}, {}, None, "d", [("before the code", "abcd")]),
        ((LATE,), {"c": (LATE,), "d": (LATE,)}, {}, None, "b", [("before the code", "ab"), ("after the code", "cd")]),
        ((LOCK, LATE), dict.fromkeys("bcd", (LOCK,)), {}, None, "a", [("before the code", "a"), ("later", "bcd")]),
        ((bad("a", Category.LOCK),), dict.fromkeys(ALL, (LOCK,)), {}, None, None, [("later", "abcd")]),
        ((), {}, {"c": "a session holds orders"}, None, "b", [("before the code", "ab"), ("later", "cd")]),
        ((), {}, {}, "the schema has drifted", None, [("later", "abcd")]),
    ],
)
def test_staging(
    whole: tuple[Finding, ...],
    errors: dict[str, tuple[Finding, ...]],
    barred: dict[str, str],
    stop: str | None,
    to: str | None,
    phases: list[tuple[str, str]],
) -> None:
    """Safe now, after the code, later; null when nothing is safe."""
    told = staging(LINE, ALL, errors, whole, barred, stop)
    assert (told.upgrade_to, [(one.name, "".join(one.revisions)) for one in told.phases]) == (to, phases)


def test_two_heads_and_nothing_pending() -> None:
    """All heads at once are ``heads``; nothing pending is no goal."""
    fork = History((Revision("a", "a.py"), Revision("b", "b.py", ("a",)), Revision("c", "c.py", ("a",))))
    assert staging(fork, ("b", "c"), {}, (), {}, None).upgrade_to == "heads"
    assert staging(LINE, (), {}, (), {}, None).upgrade_to is None


def test_a_row_of_the_plan() -> None:
    """SQL, locks (also those held since an earlier revision), rewrites, an estimate, and what the way back loses."""
    held = Lock("orders", "AccessExclusiveLock", "orders")
    deploy = Deploy(
        "postgresql",
        (16,),
        LINE,
        (LINE.by_id["b"], LINE.by_id["c"]),
        (
            Statement(
                1,
                "b",
                Location("b.py"),
                "ALTER TABLE orders ADD x int DEFAULT f()",
                (AddColumn("orders", ColumnSpec("x", "int")),),
                observed=Observation((held,), (held,), ("orders",), touched=(Touched("orders", 1, 10),), seconds=0.5),
            ),
            Statement(
                2,
                "c",
                Location("c.py"),
                "ALTER TABLE orders DROP y;",
                (DropColumn("orders", "y"),),
                observed=Observation((), (held,)),
            ),
        ),
        Schema({"orders": Table("orders")}),
        Schema(),
    )
    first, second = rows(deploy, {"orders": TableSize("orders", 10, 212_000_000_000)})
    assert first == {
        "revision": "b",
        "message": "",
        "path": "b.py",
        "sql": "ALTER TABLE orders ADD x int DEFAULT f();",
        "locks": ["AccessExclusiveLock on orders"],
        "rewrites": ["orders"],
        "seconds": 0.5,
        "tables": [{"name": "orders", "rows": 10, "bytes": 212_000_000_000, "readable": True}],
        "estimate": [
            "rewrites orders, 212 GB, about 39 min at 90 MB/s (assumed)",
            "needs about 212 GB of free disk to write orders anew",
        ],
        "way_back": "downgrade drops orders.x with what was written meanwhile",
    }
    assert (second["sql"], second["locks"]) == ("ALTER TABLE orders DROP y;", ["AccessExclusiveLock on orders"])
    assert second["way_back"] == "downgrade makes orders.y again, empty: the values are lost"
    assert touched_tables(deploy, ["c"]) == ("orders",)


def test_what_sqlite_was_only_asked_is_not_in_the_script() -> None:
    """Looks at the catalogue are left out; a pragma that sets something and the revision's own SELECT stay."""
    looks = (
        'PRAGMA main.table_xinfo("orders")',
        "PRAGMA foreign_key_list('orders')",
        "SELECT sql FROM \n (SELECT * FROM sqlite_master UNION ALL SELECT * FROM sqlite_temp_master) WHERE name = 'orders'",
    )
    runs = ("PRAGMA foreign_keys=OFF", "SELECT count(*) FROM orders", "PRAGMA foreign_key_check")
    every = enumerate((*looks, *runs), 1)
    statements = tuple(Statement(number, "b", Location("b.py"), sql) for number, sql in every)
    deploy = Deploy("sqlite", (3, 40), LINE, (LINE.by_id["b"],), statements, Schema(), Schema())
    assert rows(deploy, {})[0]["sql"].splitlines() == [f"{one};" for one in runs]
