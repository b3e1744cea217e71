"""How the source of an unsafe revision becomes the sources of safe ones."""

from __future__ import annotations

import ast

import pytest

from gate import registry
from gate._split_source import Part, new_id, render, split
from gate.model import Category, Finding, Location, Severity

LEVELS = {id: rule.split for id, rule in registry.rules().items()}


def source(upgrade: str, downgrade: str = "pass") -> str:
    up, down = ("\n".join(f"    {line}" for line in text.splitlines()) for text in (upgrade, downgrade))
    return (
        "from alembic import op\nimport sqlalchemy as sa\n\nrevision = 'r1'\ndown_revision = 'r0'\n\n\n"
        f"def upgrade():\n{up}\n\n\ndef downgrade():\n{down}\n"
    )


def found(id: str, line: int = 9, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(id, "safe-operations", Category.LOCK, severity, id, Location("v/r1.py", line), revision="r1")


def test_an_index_gets_a_revision_of_its_own():
    """PostgreSQL builds it CONCURRENTLY in an autocommit block; its way back moves along."""
    text = source(
        'op.create_index("ix", "t", ["a"])\nop.add_column("t", sa.Column("b"))',
        'op.drop_column("t", "b")\nop.drop_index("ix", "t")',
    )
    done = split(text, [found("creating-index-non-concurrently")], LEVELS, "postgresql")
    assert done.first == source('op.add_column("t", sa.Column("b"))', 'op.drop_column("t", "b")')
    assert done.parts == (
        Part(
            "The index, without blocking anybody",
            1,
            'with op.get_context().autocommit_block():\n    op.create_index("ix", "t", ["a"], postgresql_concurrently=True)',
            'with op.get_context().autocommit_block():\n    op.drop_index("ix", "t", postgresql_concurrently=True)',
        ),
    )
    assert done.left == ()


def test_a_constraint_is_validated_in_the_next_revision():
    """NOT VALID stays where it was; what is left of the function keeps its way back."""
    text = source('op.create_foreign_key(\n    "fk", "t", "s", ["a"], ["id"],\n)', 'op.drop_constraint("fk", "t")')
    done = split(text, [found("adding-foreign-key")], LEVELS, "postgresql")
    assert done.first == source(
        'op.create_foreign_key(\n    "fk", "t", "s", ["a"], ["id"], postgresql_not_valid=True)',
        'op.drop_constraint("fk", "t")',
    )
    assert [part.upgrade for part in done.parts] == ["op.execute('ALTER TABLE t VALIDATE CONSTRAINT fk')"]


def test_unique_becomes_an_index_and_then_the_constraint():
    """Two revisions more, and `pass` where nothing is left."""
    text = source('op.create_unique_constraint("uq", "t", ["a"])', 'op.drop_constraint("uq", "t")')
    done = split(text, [found("adding-unique-constraint")], LEVELS, "postgresql")
    assert done.first == source("pass", "pass")
    assert [(part.deploy, part.upgrade, part.downgrade) for part in done.parts] == [
        (
            1,
            "with op.get_context().autocommit_block():\n"
            "    op.create_index('uq', 't', ['a'], unique=True, postgresql_concurrently=True)",
            "with op.get_context().autocommit_block():\n"
            "    op.drop_index('uq', table_name='t', if_exists=True, postgresql_concurrently=True)",
        ),
        (1, "op.execute('ALTER TABLE t ADD CONSTRAINT uq UNIQUE USING INDEX uq')", 'op.drop_constraint("uq", "t")'),
    ]


@pytest.mark.parametrize(("dialect", "later"), [("postgresql", [2, 3, 3, 3]), ("mariadb", [2, 3]), ("sqlite", [2, 3])])
def test_a_required_column_takes_three_deploys(dialect, later):
    """Nullable now, filled in the second, NOT NULL in the third."""
    text = source('op.add_column("t", sa.Column("a", sa.Integer(), nullable=False))')
    done = split(text, [found("adding-not-nullable-column")], LEVELS, dialect)
    assert done.first == source('op.add_column("t", sa.Column("a", sa.Integer(), nullable=True))')
    assert [part.deploy for part in done.parts] == later


def test_what_goes_away_goes_one_deploy_later():
    """With the statement that brings it back."""
    text = source('op.drop_column("t", "a")', 'op.add_column("t", sa.Column("a"))')
    done = split(text, [found("dropping-column")], LEVELS, "mysql")
    assert done.first == source("pass", "pass")
    assert done.parts == (
        Part(
            "When no running release uses it any more",
            2,
            'op.drop_column("t", "a")',
            'op.add_column("t", sa.Column("a"))',
        ),
    )


def test_where_ddl_is_not_transactional_each_change_gets_its_revision():
    """The statement that can stop moves out of the others' way."""
    text = source('op.add_column("t", sa.Column("a"))\nop.create_unique_constraint("u", "t", ["b"])')
    done = split(text, [found("non-transactional-ddl", 10)], LEVELS, "mariadb")
    assert done.first == source('op.add_column("t", sa.Column("a"))')
    assert [part.upgrade for part in done.parts] == ['op.create_unique_constraint("u", "t", ["b"])']


@pytest.mark.parametrize(
    ("upgrade", "finding"),
    [
        ('op.alter_column("t", "a", type_=sa.BigInteger())', found("changing-column-type")),
        ('bind = op.get_bind()\nbind.execute("UPDATE t SET a = 1")', found("unbatched-backfill", 10)),
        ('for t in ["a", "b"]:\n    op.drop_table(t)', found("changing-column-type", 10)),
    ],
)
def test_what_needs_a_decision_is_left(upgrade, finding):
    """The text stays as it is, and the finding is named."""
    done = split(source(upgrade), [finding], LEVELS, "postgresql")
    assert (done.first, done.parts, done.left) == (source(upgrade), (), (finding,))


def test_notes_and_allowed_findings_move_nothing():
    """Only what counts is split."""
    text = source('op.drop_column("t", "a")')
    assert split(text, [found("dropping-column", severity=Severity.NOTE)], LEVELS, "sqlite").is_empty


def test_source_that_python_cannot_read_is_left():
    """With all that was found."""
    assert split("def upgrade(:", [found("dropping-column")], LEVELS, "sqlite").left == (found("dropping-column"),)


def test_a_part_is_rendered_as_a_revision_file():
    """With the imports of the file that it comes from, and an id that a second run gives again."""
    part = Part("Prove the old rows of t", 1, "op.execute('SELECT 1')")
    text = render(source("pass"), part, "0123456789ab", "r1")
    assert text == (
        '"""Prove the old rows of t.\n\nRevision ID: 0123456789ab\nRevises: r1\n"""\n\n'
        "from alembic import op\nimport sqlalchemy as sa\n\n"
        'revision = "0123456789ab"\ndown_revision = "r1"\nbranch_labels = None\ndepends_on = None\n\n\n'
        "def upgrade():\n    op.execute('SELECT 1')\n\n\ndef downgrade():\n    pass\n"
    )
    ast.parse(text)
    assert new_id("r1", 1, part) == new_id("r1", 1, part) != new_id("r1", 2, part)


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("mysql", "UPDATE `order` SET `key` = :value WHERE `key` IS NULL LIMIT 1000"),
        (
            "postgresql",
            'UPDATE "order" SET "key" = :value WHERE id IN (SELECT id FROM "order" WHERE "key" IS NULL LIMIT 1000)',
        ),
    ],
)
def test_reserved_words_are_quoted_as_the_server_takes_them(dialect, sql):
    """``UPDATE order`` is a syntax error everywhere."""
    text = source('op.add_column("order", sa.Column("key", sa.Integer(), nullable=False))')
    done = split(text, [found("adding-not-nullable-column")], LEVELS, dialect)
    assert f"sa.text({sql!r})" in done.parts[0].upgrade
