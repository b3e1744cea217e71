"""Table renamed."""

from __future__ import annotations

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from gate.sql import Dialect
from tests.rules._deploy import as_one_text, deploy, said

ID = "renaming-table"
UNSAFE = [
    (deploy("ALTER TABLE orders RENAME TO purchases"), ["error backward-incompatible orders c1"]),
    (deploy("ALTER VIEW active_users RENAME TO people"), ["error backward-incompatible active_users c1"]),
]
SWAP = "ALTER TABLE users RENAME TO users_old; ALTER TABLE users_new RENAME TO users"
COPY = "INSERT INTO users_new SELECT * FROM users"
FULL = (
    "CREATE TABLE users_new (id int PRIMARY KEY, name varchar(50) NOT NULL, email text, age int, state text NOT NULL "
    "DEFAULT 'new', mood mood)"
)
REPOINT = (
    "ALTER TABLE notes DROP CONSTRAINT notes_user_id_fkey; "
    "ALTER TABLE notes ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES users (id)"
)
SWAPPED = ["error backward-incompatible users c1"]
UNSAFE += [
    (deploy(f"{FULL}; {SWAP}; {REPOINT}"), SWAPPED),
    (deploy(f"{FULL}; INSERT INTO users_new (id) SELECT id FROM logs; {SWAP}; {REPOINT}"), SWAPPED),
    (deploy(f"{FULL.replace('age int, ', '')}; {COPY}; {SWAP}; {REPOINT}"), SWAPPED),
    (deploy(f"{FULL.split(' DEFAULT', maxsplit=1)[0]}, mood mood); {COPY}; {SWAP}; {REPOINT}"), SWAPPED),
    (deploy(f"{FULL[:-1]}, extra int NOT NULL); {COPY}; {SWAP}; {REPOINT}"), SWAPPED),
    (deploy(f"{FULL}; {COPY}; {SWAP}"), SWAPPED),
    # An earlier deploy filled it: only its own name goes.
    (deploy(f"{SWAP}; {REPOINT}", earlier=FULL), ["error backward-incompatible users_new c1"]),
    (deploy("ALTER TABLE users RENAME TO users_old; CREATE TABLE users (id int PRIMARY KEY)"), SWAPPED),
]
SAFE = [
    deploy(f"{FULL}; {COPY}; {SWAP}; {REPOINT}"),
    deploy(f"{FULL}; {SWAP}; {REPOINT}; INSERT INTO users SELECT * FROM users_old"),
    deploy(f"{FULL}; {COPY}; {SWAP}; DROP TABLE users_old"),
    deploy(f"CREATE TABLE users_new AS SELECT * FROM users; {SWAP}; {REPOINT}"),
    as_one_text(deploy("ALTER TABLE orders RENAME TO purchases; CREATE VIEW orders AS SELECT * FROM purchases")),
    deploy("CREATE TABLE t (a int); ALTER TABLE t RENAME TO u"),
    deploy("ALTER TABLE orders RENAME TO purchases; CREATE VIEW orders AS SELECT * FROM purchases"),
    deploy("ALTER INDEX ix_users_email RENAME TO ix"),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []


@pytest.mark.parametrize(("dialect", "has_view"), [("postgresql", True), ("mysql", True), ("sqlite", False)])
def test_a_view_stands_in_only_where_it_can_be_written_to(dialect: Dialect, has_view: bool) -> None:
    """SQLite's views are read-only: the class gets the new name there, not the table."""
    (finding,) = registry.rules()[ID].findings(deploy("ALTER TABLE orders RENAME TO purchases", dialect=dialect))
    assert finding.remedy is not None
    codes = [step.code for step in finding.remedy.steps]
    assert any("CREATE VIEW orders" in code for code in codes) is has_view
    assert ('__tablename__ = "orders"' in codes) is not has_view
    assert any(code.startswith('op.rename_table("orders", "purchases")') for code in codes)
