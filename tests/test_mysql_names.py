"""MySQL and MariaDB: a table named by its own database, through the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.running import gate, repository, revision

BASE = {
    "a1": revision(
        "a1",
        None,
        'op.execute("CREATE TABLE users (id INT NOT NULL PRIMARY KEY, age SMALLINT NULL, old VARCHAR(9))")',
    )
}
QUALIFIED = """
home = op.get_bind().scalar(sa.text("SELECT DATABASE()"))
op.drop_column("users", "old", schema=home)
op.execute(f"ALTER TABLE `{home}`.`users` MODIFY age INT NULL")
"""


def test_the_database_that_one_is_in_may_be_named(tmp_path: Path, new: Any) -> None:
    """The same harms as without its name, on the same table and columns."""
    change = {"b": revision("b", "a1", QUALIFIED, "raise NotImplementedError")}
    repo = repository(tmp_path / "r", BASE, change, "mysql+pymysql://app@db/app")
    done = gate(repo, "--only", "safe-operations", "--database-url", new("mariadb").url("pymysql"))
    assert sorted(
        (one["category"], one["table"], one["column"]) for one in done.project["findings"] if one["severity"] == "error"
    ) == [
        ("backward-incompatible", "users", "old"),
        ("data-loss", "users", "old"),
        ("rewrite", "users", "age"),
    ]
