"""A statement that refuses to run inside a transaction, inside one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Remedy, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import AUTOCOMMIT, remedy
from gate.sql import split

# What the server says of any of them: PreventInTransactionBlock, access/transam/xact.c in PostgreSQL's source.
_REFUSED = re.compile(r"([A-Z][A-Z ]+) cannot run inside a transaction block")


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement in deploy.statements:
        verb, table = _refusing(statement)
        if not verb or (statement.observed is not None and statement.error is None):
            continue
        parts = split(statement.sql, deploy.dialect) if statement.autocommit else ()
        if not statement.autocommit:
            yield Hit(
                f"{verb} cannot run inside a transaction, and Alembic runs revisions in one: the upgrade always fails "
                "here.",
                statement,
                table=table,
                remedy=_own_block(statement),
            )
        elif len(parts) > 1:
            yield Hit(
                f"{verb} cannot run inside a transaction, and PostgreSQL runs the statements of one text in one, also "
                "in an autocommit block: the upgrade always fails here.",
                statement,
                table=table,
                remedy=_one_by_one(parts),
            )


def _own_block(statement: Statement) -> Remedy:
    return remedy(
        "Put it into an autocommit block, in a revision that holds nothing else.",
        (1, "The revision", f"{AUTOCOMMIT}{_first_line(statement)}"),
    )


def _one_by_one(parts: tuple[str, ...]) -> Remedy:
    """https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT"""
    return remedy(
        "Give each statement an op.execute() of its own, inside the autocommit block.",
        (1, "The revision", AUTOCOMMIT + "\n    ".join(f'op.execute("""{one.strip()}""")' for one in parts)),
    )


def _refusing(statement: Statement) -> tuple[str, str | None]:
    """The words of the manual's "cannot be executed within a transaction block", with the table where one is named."""
    for change in statement.changes:
        if isinstance(change, c.CreateIndex) and change.concurrently:
            return "CREATE INDEX CONCURRENTLY", change.table
        if isinstance(change, c.DropIndex) and change.concurrently:
            owner = statement.before.index_owner(change.name)
            return "DROP INDEX CONCURRENTLY", owner.name if owner else None
        if isinstance(change, c.Reindex) and (change.concurrently or change.what in ("schema", "system", "database")):
            return "REINDEX CONCURRENTLY" if change.concurrently else f"REINDEX {change.what.upper()}", None
        if isinstance(change, c.DetachPartition) and change.concurrently:
            return "DETACH PARTITION CONCURRENTLY", change.table
        if isinstance(change, c.Maintenance) and change.verb in ("vacuum", "vacuum-full"):
            return "VACUUM", change.table
    told = _REFUSED.search(statement.error or "")
    return (told[1] if told else ""), None


def _first_line(statement: Statement) -> str:
    return statement.source.strip() or f'op.execute("""{statement.sql.strip()}""")'


rule = Rule(
    title="CONCURRENTLY inside a transaction",
    why="PostgreSQL refuses it; the upgrade fails on every database.",
    find=find,
    harms={Category.TRANSACTION: Severity.ERROR},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(
        Example(('op.create_index("ix_orders_note", "orders", ["note"], postgresql_concurrently=True)',)),
        Example(
            (
                "with op.get_context().autocommit_block():\n"
                "    op.execute(\"SET lock_timeout = '3s'; CREATE INDEX CONCURRENTLY ix_orders_note ON orders (note)\")",
            )
        ),
    ),
    safe=(
        Example(
            (
                "with op.get_context().autocommit_block():\n"
                '    op.create_index("ix_orders_note", "orders", ["note"], postgresql_concurrently=True)',
            )
        ),
    ),
)
