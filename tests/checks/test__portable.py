"""Remedies of the shared recipes on dialects other than PostgreSQL."""

from __future__ import annotations

import pytest

from gate import registry
from gate.checks._portable import portable
from gate.model import Category, Finding, Remedy, Severity
from gate.rules import _recipes as recipes
from gate.sql import Dialect
from tests.rules._deploy import deploy


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


ORDER = "CREATE TABLE {0}order{0} (id int PRIMARY KEY, {0}key{0} varchar(20) DEFAULT 'x'); "
PAIRS = "CREATE TABLE pairs (a int, b int, c int, PRIMARY KEY (a, b)); "
EARLIER = {"mysql": ORDER.format("`") + PAIRS, "sqlite": ORDER.format('"') + PAIRS}


def told(id: str, dialect: Dialect, sql: str) -> list[str]:
    """The code of a rule's first finding as this dialect shows it."""
    version = (8, 0, 36) if dialect == "mysql" else (3, 40)
    world = deploy(sql, dialect=dialect, version=version, earlier=EARLIER[dialect])
    finding = portable(next(iter(registry.rules()[id].findings(world))), dialect)
    assert finding.remedy is not None
    return [step.code for step in finding.remedy.steps if step.code]


def batches(update: str) -> str:
    """A loop over batches."""
    return (
        "with op.get_context().autocommit_block():\n    while op.get_bind().execute(sa.text(\n"
        f"        {update}\n    )).rowcount:\n        pass"
    )


@pytest.mark.parametrize(
    ("dialect", "sql", "update"),
    [
        ("sqlite", "UPDATE logs SET text = 1", "UPDATE logs SET text = 1 WHERE logs.rowid >= :first"),
        ("sqlite", "UPDATE pairs SET c = 1", "UPDATE pairs SET c = 1 WHERE (pairs.a, pairs.b) >= (:first1, :first2)"),
        (
            "sqlite",
            'UPDATE "order" SET "key" = 1',
            'UPDATE \\"order\\" SET \\"key\\" = 1 WHERE \\"order\\".id >= :first',
        ),
        ("mysql", "UPDATE pairs SET c = 1", "UPDATE pairs SET c = 1 WHERE (pairs.a, pairs.b) >= (:first1, :first2)"),
        ("mysql", "UPDATE `order` SET `key` = 1", "UPDATE `order` SET `key` = 1 WHERE `order`.id >= :first"),
    ],
)
def test_batches_in_the_dialects_own_words(dialect, sql, update):
    """SQLite's row address, keys of several columns, names quoted as the server takes them."""
    [code] = told("unbatched-backfill", dialect, sql)
    assert f'            "{update} AND ' in code


def test_no_batches_where_rows_have_no_order():
    """A table without a key on MySQL: words."""
    assert told("unbatched-backfill", "mysql", "UPDATE logs SET text = 1") == []


def test_a_required_column_is_filled_by_the_tables_own_key():
    """Not by ``id``, which ``pairs`` does not have."""
    codes = told("adding-not-nullable-column", "sqlite", "ALTER TABLE pairs ADD COLUMN d varchar(9) NOT NULL")
    assert "WHERE (a, b) IN (" in codes[1]
    assert "SELECT a, b FROM pairs WHERE d IS NULL" in codes[1]


def test_a_renamed_column_of_a_reserved_name():
    """Added by SQL where SQLAlchemy has no type for it, filled from the old one: back ticks, no double quotes."""
    codes = told("renaming-column", "mysql", "ALTER TABLE `order` RENAME COLUMN `key` TO `rank`")
    update = '"UPDATE `order` SET `rank` = `key` WHERE `rank` IS NULL AND `key` IS NOT NULL LIMIT 1000"'
    assert codes[1] == batches(update)


def test_modify_quotes_names():
    """``MODIFY key`` is a syntax error."""
    codes = told("mysql-modify-drops-attributes", "mysql", "ALTER TABLE `order` MODIFY `key` varchar(30) NOT NULL")
    assert codes[0].startswith('op.execute("ALTER TABLE `order` MODIFY `key` varchar(30)')
