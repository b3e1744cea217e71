"""SQLite's recreate as SQL: in Alembic's steps, or as people write it by hand."""

from __future__ import annotations

TABLES = {
    "users": "id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, email VARCHAR(100), age INTEGER, "
    "state VARCHAR(20) DEFAULT 'new' NOT NULL",
    "orders": "id INTEGER PRIMARY KEY, user_id INTEGER, amount NUMERIC(10,2), note VARCHAR(80), created_at TIMESTAMP",
    "items": "id INTEGER PRIMARY KEY, order_id INTEGER, label TEXT",
}


def recreate(table: str, columns: str = "") -> str:
    """Batch mode's four statements. ``columns`` are those of the new table; by default one type changes."""
    return _steps(table, f"_alembic_tmp_{table}", columns or TABLES[table])


def by_hand(table: str, columns: str = "") -> str:
    """The same with a name of the author's."""
    return _steps(table, f"new_{table}", columns or TABLES[table])


def _steps(table: str, temporary: str, columns: str) -> str:
    names = ", ".join(part.split()[0] for part in columns.replace("(10,2)", "(10)").split(", "))
    return (
        f"CREATE TABLE {temporary} ({columns}); INSERT INTO {temporary} ({names}) SELECT {names} FROM {table}; "
        f"DROP TABLE {table}; ALTER TABLE {temporary} RENAME TO {table}"
    )
