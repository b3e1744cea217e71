"""Remedies of the shared recipes on dialects other than PostgreSQL."""

from __future__ import annotations

import pytest

from gate.checks._portable import portable
from gate.model import Category, Finding, Remedy, Severity
from gate.rules import _recipes as recipes


def steps(remedy: Remedy, dialect: str) -> list[tuple[int, str, str]]:
    """The steps as a finding of this dialect shows them."""
    finding = Finding("x", "safe-operations", Category.LOCK, Severity.ERROR, "x", remedy=remedy)
    told = portable(finding, dialect).remedy
    assert told is not None
    return [(step.deploy, step.title, step.code) for step in told.steps]


@pytest.mark.parametrize(
    ("dialect", "where", "last"),
    [
        (
            "mysql",
            'WHERE age IS NULL LIMIT 1000"\n',
            'op.alter_column("users", "age", nullable=False)',
        ),
        (
            "sqlite",
            'WHERE id IN ("\n        "SELECT id FROM users WHERE age IS NULL LIMIT 1000)"\n',
            'with op.batch_alter_table("users") as batch_op:\n    batch_op.alter_column("age", nullable=False)',
        ),
    ],
)
def test_not_null_needs_no_helper_there(dialect, where, last):
    """No NOT VALID, no VALIDATE; the backfill and the last step in the dialect's own words."""
    first, second = steps(recipes.make_required("users", "age"), dialect)
    assert where in first[2]
    assert second[2] == last
    assert "helper" not in second[1]


def test_an_index_is_built_as_it_is():
    """CONCURRENTLY and its autocommit block are PostgreSQL's."""
    [(_, title, code)] = steps(recipes.concurrently("t", "ix", ("a",), unique=False), "mariadb")
    assert (title, code) == ("In a revision of its own", 'op.create_index("ix", "t", ["a"])')


def test_postgresql_keeps_its_own():
    """Nothing is changed there."""
    remedy = recipes.make_required("users", "age")
    assert steps(remedy, "postgresql") == [(one.deploy, one.title, one.code) for one in remedy.steps]
