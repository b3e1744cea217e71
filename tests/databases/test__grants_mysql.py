"""A role that may only SELECT sees the same schema as the owner."""

from __future__ import annotations

from pathlib import Path

from gate.databases.target import open_target
from tests.databases.conftest import NewDatabase
from tests.targets import url_of


def test_a_read_only_role_sees_every_constraint(new_database: NewDatabase) -> None:
    """Primary, unique and foreign keys with their rules, and checks: no false drift for the role that people should use."""
    database = new_database("mariadb")
    name, parts = database.parts["database"], database.parts
    database.execute("CREATE TABLE a (id int PRIMARY KEY, u int UNIQUE, c int, CONSTRAINT ck CHECK (c > 0))")
    database.execute(
        "CREATE TABLE b (id int PRIMARY KEY, a_id int, x_id int, CONSTRAINT fk FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE CASCADE, "
        "CONSTRAINT fx FOREIGN KEY (x_id) REFERENCES a (id) ON UPDATE CASCADE)"
    )
    database.execute("CREATE USER reader@'%' IDENTIFIED BY 'reader-secret'")
    database.execute(f"GRANT SELECT ON `{name}`.* TO reader@'%'")
    try:
        with open_target(f"mysql://reader:reader-secret@{parts['host']}:{parts['port']}/{name}", Path()) as seen:
            mine = seen.schema(frozenset())
        with open_target(url_of(database), Path()) as seen:
            assert mine == seen.schema(frozenset())
    finally:
        database.execute("DROP USER reader@'%'")
    assert [(one.name, one.on_delete) for one in mine.tables["b"].constraints if one.kind == "foreign-key"] == [
        ("fk", "CASCADE"),
        ("fx", None),
    ]
