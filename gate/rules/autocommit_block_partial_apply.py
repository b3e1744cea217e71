"""A revision that commits in the middle: when a later step fails it stays half applied."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy

_NO_TRACE = (c.SetSetting, c.Query, c.TransactionControl, c.Maintenance, c.Update)


def find(deploy: Deploy) -> Iterator[Hit]:
    for revision in deploy.revisions:
        own = [one for one in deploy.statements if one.revision == revision.id and _leaves_trace(one)]
        block = next((one for one in own if one.autocommit), None)
        if block is None or all(one.autocommit for one in own):
            continue
        risky = [one for one in own if one.autocommit and not _repeatable(one)]
        before = [one for one in own if not one.autocommit and one.number < own[-1].number and _commits_early(one, own)]
        if not (risky or before):
            continue
        yield Hit(
            "The autocommit block commits what this revision did before it. When a later statement fails, that stays, "
            "the version does not move, and the next try fails on what is already there.",
            block,
            table=next((getattr(change, "table", None) for change in block.changes), None),
            remedy=remedy(
                "Give the autocommit block a revision of its own.",
                (1, "Move everything else into the revision before or after it", ""),
            ),
        )


def _leaves_trace(statement: Statement) -> bool:
    return not statement.changes or not all(isinstance(change, _NO_TRACE) for change in statement.changes)


def _commits_early(statement: Statement, own: list[Statement]) -> bool:
    """Whether an autocommit block comes after this transactional statement."""
    return any(other.autocommit and other.number > statement.number for other in own)


def _repeatable(statement: Statement) -> bool:
    """Whether running it again does no harm (IF EXISTS, IF NOT EXISTS)."""
    words = " ".join(statement.sql.upper().split())
    return "IF NOT EXISTS" in words or "IF EXISTS" in words


rule = Rule(
    title="Autocommit block among other statements",
    why="What ran before the block is committed by it, whatever happens next.",
    find=find,
    harms={Category.TRANSACTION: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(
        Example(
            (
                'op.add_column("orders", sa.Column("ref", sa.Text()))\n'
                "with op.get_context().autocommit_block():\n"
                '    op.create_index("ix_orders_ref", "orders", ["ref"], postgresql_concurrently=True)',
            )
        ),
    ),
    safe=(
        Example(
            (
                'op.add_column("orders", sa.Column("ref", sa.Text()))',
                "with op.get_context().autocommit_block():\n"
                '    op.create_index("ix_orders_ref", "orders", ["ref"], postgresql_concurrently=True)',
            )
        ),
    ),
)
