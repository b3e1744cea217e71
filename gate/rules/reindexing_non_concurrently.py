"""REINDEX while the table cannot be written to."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import execute, ident


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.all_changes(c.Reindex):
        table = _table(statement, change)
        if change.concurrently or (
            change.what in ("index", "table") and not (table and deploy.existed(table, statement))
        ):
            continue
        yield Hit(
            f"REINDEX stops all writes to {table or 'every table'} until the index is built anew, and reads through "
            "the index wait too.",
            statement,
            table=table,
            remedy=remedy(
                "Use REINDEX ... CONCURRENTLY (PostgreSQL 12 and later).",
                (
                    1,
                    "A revision with only the autocommit block",
                    "with op.get_context().autocommit_block():\n"
                    "    " + execute(f"REINDEX {change.what.upper()} CONCURRENTLY {ident(change.name)}"),
                ),
            ),
        )


def _table(statement: Statement, change: c.Reindex) -> str | None:
    if change.what == "table":
        return change.name
    owner = statement.before.index_owner(change.name) if change.what == "index" else None
    return owner.name if owner else None


rule = Rule(
    title="REINDEX without CONCURRENTLY",
    why="All writes to the table wait until the index is built anew.",
    find=find,
    harms={Category.LOCK: Severity.ERROR},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(Example(('op.execute("REINDEX TABLE users")',)),),
    safe=(Example(('with op.get_context().autocommit_block():\n    op.execute("REINDEX TABLE CONCURRENTLY users")',)),),
)
