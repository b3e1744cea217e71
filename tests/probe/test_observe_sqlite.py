"""What the observer says about SQLite: recreates, rows gone in other tables, objects lost, the pragma."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from gate.probe.observe_sqlite import Observer

TABLES = [
    "CREATE TABLE p (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL)",
    "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id) ON DELETE CASCADE)",
    "CREATE TRIGGER g AFTER INSERT ON p BEGIN SELECT 1; END",
    "INSERT INTO p VALUES (1, 'a'), (2, 'b')",
    "INSERT INTO c VALUES (1, 1), (2, 2), (3, NULL)",
]
Seen = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def connection() -> Iterator[tuple[sa.Connection, Seen]]:
    """A connection that is watched as the probe does, and what was seen."""
    engine, observer, seen = sa.create_engine("sqlite://"), Observer(), []
    with engine.connect() as made:
        for statement in TABLES:
            made.exec_driver_sql(statement)
        made.commit()

        @sa.event.listens_for(engine, "before_cursor_execute")
        def before(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
            observer.before(conn.connection, cursor, statement, parameters, many)

        @sa.event.listens_for(engine, "after_cursor_execute")
        def after(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
            facts = observer.after(conn.connection, cursor, statement)
            if facts:
                seen.append((statement.split("(", maxsplit=1)[0].strip(), facts))

        yield made, seen


def recreate(connection: sa.Connection) -> None:
    with Operations(MigrationContext.configure(connection)).batch_alter_table("p") as batch:
        batch.alter_column("name", existing_type=sa.String(20), type_=sa.Text())


@pytest.mark.parametrize(("pragma", "touched"), [("ON", [{"table": "c", "inserted": 0, "deleted": 2}]), ("OFF", [])])
def test_a_recreate_is_seen_with_what_it_takes(
    connection: tuple[sa.Connection, Seen], pragma: str, touched: list[dict[str, Any]]
) -> None:
    """The drop takes the trigger, and with foreign keys on the children's rows; the rename is the rewrite."""
    made, seen = connection
    made.exec_driver_sql(f"PRAGMA foreign_keys={pragma}")
    recreate(made)
    facts = dict(seen)
    drop, rename = facts["DROP TABLE p"], facts["ALTER TABLE _alembic_tmp_p RENAME TO p"]
    assert drop["touched"] == touched
    assert drop["foreign_keys"] is (pragma == "ON")
    assert ("trigger", "g", "p") in drop["lost"]
    assert drop["left_over"] == ["_alembic_tmp_p"]
    assert (rename["rewrites"], rename["left_over"]) == (["p"], [])


def test_a_column_added_in_place_touches_nothing(connection: tuple[sa.Connection, Seen]) -> None:
    """No rewrite, no rows, nothing lost."""
    made, seen = connection
    made.exec_driver_sql("ALTER TABLE p ADD COLUMN x INTEGER")
    assert seen == [
        (
            "ALTER TABLE p ADD COLUMN x INTEGER",
            {
                "foreign_keys": False,
                "in_transaction": False,
                "rewrites": [],
                "touched": [],
                "lost": [],
                "made": [],
                "left_over": [],
                "row_count": None,
            },
        )
    ]


def test_rows_are_counted_and_the_transaction_is_told(connection: tuple[sa.Connection, Seen]) -> None:
    """A data change begins a transaction; what follows is inside of it."""
    made, seen = connection
    made.exec_driver_sql("DELETE FROM c WHERE p IS NULL")
    made.exec_driver_sql("CREATE TABLE n (id INTEGER)")
    assert [(facts["touched"], facts["row_count"], facts["in_transaction"], facts["made"]) for _, facts in seen] == [
        ([{"table": "c", "inserted": 0, "deleted": 1}], 1, True, []),
        ([], None, True, [("table", "n", "n")]),
    ]


def test_queries_are_not_looked_at(connection: tuple[sa.Connection, Seen]) -> None:
    """A SELECT or a PRAGMA changes nothing."""
    made, seen = connection
    made.exec_driver_sql("SELECT * FROM p").fetchall()
    made.exec_driver_sql("PRAGMA foreign_keys").fetchall()
    made.exec_driver_sql("PRAGMA user_version=7")
    assert seen == []


def test_a_switch_of_the_foreign_keys_tells_whether_it_took_effect(connection: tuple[sa.Connection, Seen]) -> None:
    """Inside a transaction it does nothing, without an error."""
    made, seen = connection
    made.exec_driver_sql("PRAGMA foreign_keys=ON")
    made.exec_driver_sql("DELETE FROM c WHERE p IS NULL")
    made.exec_driver_sql("PRAGMA main.foreign_keys(0)")
    switches = [facts for sql, facts in seen if sql.startswith("PRAGMA")]
    assert switches == [
        {"foreign_keys": False, "foreign_keys_after": True},
        {"foreign_keys": True, "foreign_keys_after": True},
    ]
