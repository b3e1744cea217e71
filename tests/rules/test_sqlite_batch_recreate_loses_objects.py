"""What a recreate does not put back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Column, Constraint, Index, Schema, Table
from tests.rules._deploy import deploy, said
from tests.rules._recreate import recreate

ID = "sqlite-batch-recreate-loses-objects"
PLAIN = Table(
    "users", columns=(Column("id", "INTEGER", False), Column("name", "VARCHAR(50)"), Column("age", "INTEGER"))
)
RICH = replace(
    PLAIN,
    columns=(PLAIN.columns[0], replace(PLAIN.columns[1], collation="NOCASE"), PLAIN.columns[2]),
    indexes=(
        Index("ix_lower", definition="CREATE INDEX ix_lower ON users (lower(name))"),
        Index("ix_age", ("age",), definition="CREATE INDEX ix_age ON users (age) WHERE age > 1", predicate="age > 1"),
    ),
    constraints=(
        Constraint("users_check_1", "check", (), "CHECK (age > 0)"),
        Constraint("ck_named", "check", (), "CHECK (age < 200)"),
        Constraint("users_age_fkey", "foreign-key", ("age",), "FOREIGN KEY ...", True, "ages", ("id",), "CASCADE"),
    ),
    triggers=("g",),
    options="autoincrement",
)


def world(before: Table, after: Table, more: str = "") -> Deploy:
    """A recreate of ``users`` that turns one table into the other, with more statements after it."""
    made = deploy(f"{recreate('users')}; {more}", dialect="sqlite")
    schemas = Schema({"users": before}), Schema({"users": after})
    return replace(made, statements=tuple(replace(one, before=schemas[0], after=schemas[1]) for one in made.statements))


def test_everything_that_is_gone_is_named() -> None:
    """One finding for one table, with all that it lost without a word."""
    bare = replace(PLAIN, constraints=(replace(RICH.constraints[2], on_delete=None),), indexes=())
    [finding] = registry.rules()[ID].findings(world(RICH, bare))
    assert (str(finding.severity), str(finding.category), finding.table, finding.revision) == (
        "error",
        "data-loss",
        "users",
        "c1",
    )
    assert finding.message == (
        "Making users anew does not carry trigger g, the unnamed check CHECK (age > 0), ON DELETE CASCADE of the "
        "foreign key on age, expression index ix_lower, index ix_age, COLLATE NOCASE of name and AUTOINCREMENT: gone afterwards, "
        "without an error."
    )


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        (RICH, RICH, ""),
        (PLAIN, PLAIN, ""),
        (replace(RICH, constraints=(RICH.constraints[1],)), replace(RICH, constraints=()), ""),
        (replace(PLAIN, triggers=("g",)), PLAIN, "DROP TRIGGER g"),
        (replace(PLAIN, indexes=RICH.indexes[:1]), PLAIN, "DROP INDEX ix_lower"),
        (replace(PLAIN, indexes=RICH.indexes[1:]), replace(PLAIN, columns=PLAIN.columns[:2]), ""),
    ],
)
def test_what_is_put_back_or_dropped_on_purpose_is_not_lost(before: Table, after: Table, more: str) -> None:
    """Also what goes with a dropped column, and a constraint that was dropped by its name."""
    assert said(ID, world(before, after, more)) == []


def test_a_revision_that_stops_has_lost_nothing_yet() -> None:
    """Other rules speak of why it stopped."""
    stopped = world(RICH, PLAIN)
    last = replace(stopped.statements[-1], error="error in view v: no such table")
    assert said(ID, replace(stopped, statements=(*stopped.statements[:-1], last))) == []
