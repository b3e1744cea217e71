"""What the made-up rows hold, type by type and name by name."""

from __future__ import annotations

import uuid

import pytest

from gate.databases._types import Types
from gate.databases._values import large, orphan, plain
from gate.facts.schema import Column, Schema

UUIDS = {
    "CHAR(32)": ("sqlite", "ref"),
    "CHAR(36)": ("sqlite", "ref"),
    "char(32)": ("mysql", "ref"),
    "VARCHAR(36)": ("sqlite", "user_id"),
    "character varying(36)": ("postgresql", "id"),
}
TEXTS = {"VARCHAR(36)": "title", "VARCHAR(32)": "code", "CHAR(30)": "id", "VARCHAR(64)": "id"}


@pytest.mark.parametrize("spelling", UUIDS)
def test_a_text_as_long_as_a_uuid_holds_one(spelling: str) -> None:
    """A type of the project's own (SQLAlchemy's Uuid) reads it in Python, and fails over anything else."""
    dialect, name = UUIDS[spelling]
    column, kind = Column(name, spelling), Types(dialect, Schema()).named(spelling)
    made = [make(kind, column, 1) for make in (plain, large, orphan)]
    assert {len(str(one)) for one in made} == {kind.length}
    first, second, third = (uuid.UUID(str(one)) for one in made)
    assert first == second != third


@pytest.mark.parametrize("spelling", TEXTS)
def test_other_texts_do_not(spelling: str) -> None:
    """Neither a name of that length nor an identifier of another."""
    value = plain(Types("sqlite", Schema()).named(spelling), Column(TEXTS[spelling], spelling), 1)
    assert "-4000-8000" not in str(value)
