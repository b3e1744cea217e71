"""What the project made by being imported."""

from __future__ import annotations

from gate.collect._side_effects import identity, new_tables
from gate.facts.schema import Column, Schema, Table


def test_new_tables_leave_alembics_own_out() -> None:
    """A version table is known by its single column, whatever its name."""
    version = Table("my_versions", columns=(Column("version_num", "varchar"),))
    users = Table("users", columns=(Column("id", "integer"),))
    assert new_tables(Schema(), Schema({"users": users, "my_versions": version})) == ("users",)
    assert new_tables(Schema({"users": users}), Schema({"users": users})) == ()


def test_a_difference_is_what_it_is_about() -> None:
    """Not how it is spelled."""
    assert identity({"kind": "add_column", "table": "t", "column": "c", "detail": "x"}) == (
        "add_column",
        "",
        "t",
        "c",
        "",
    )
