"""Rows of a deferred foreign key are written, then their table is altered in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import own_transaction
from gate.rules._rows import is_at
from gate.rules._split import ALTERS
from gate.rules._world import same_transaction

_REFUSAL = "pending trigger events"


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement in deploy.statements:
        table = _altered(statement)
        if table is None or not (_refused(deploy, statement) or _would_be(deploy, statement, table)):
            continue
        for category in (Category.TRANSACTION, Category.FAILS_ON_EXISTING_ROWS):
            yield Hit(
                f"{table} is altered while checks of its DEFERRED foreign key still wait for rows that the same "
                f"transaction wrote: PostgreSQL refuses it as soon as there are rows ({_REFUSAL}).",
                statement,
                category=category,
                table=table,
                remedy=own_transaction("Or settle the checks first", 'op.execute("SET CONSTRAINTS ALL IMMEDIATE")'),
            )


def _altered(statement: Statement) -> str | None:
    kinds = (*ALTERS, c.DropTable, c.Truncate, c.CreateIndex)
    found = (getattr(change, "table", None) for change in statement.changes if isinstance(change, kinds))
    return next(found, None)


def _refused(deploy: Deploy, statement: Statement) -> bool:
    told = [run.failure.error for run in deploy.runs if run.failure and is_at(run.failure, statement)]
    return any(_REFUSAL in text for text in (*told, statement.error or ""))


def _would_be(deploy: Deploy, statement: Statement, table: str) -> bool:
    """Where nothing ran: rows of the table written before, and a deferrable foreign key on it."""
    known = statement.before.table(table)
    if statement.observed is not None or any(run.profile == "plain" for run in deploy.runs) or known is None:
        return False
    if not any(
        one.kind == "foreign-key" and "INITIALLY DEFERRED" in one.definition.upper() for one in known.constraints
    ):
        return False
    writes = [(one, change.table) for one, change in deploy.changes(c.Update)]
    writes += [(one, change.table) for one, change in deploy.changes(c.Insert)]
    return any(one.number < statement.number and to == table and same_transaction(one, statement) for one, to in writes)


rule = Rule(
    title="ALTER with pending trigger events",
    why="Deferred checks are queued per row; a table with queued checks cannot be altered.",
    find=find,
    harms={Category.TRANSACTION: Severity.ERROR, Category.FAILS_ON_EXISTING_ROWS: Severity.ERROR},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(
        Example(
            (
                'op.execute("UPDATE notes SET user_id = (SELECT min(id) FROM users)")\n'
                'op.add_column("notes", sa.Column("a", sa.Integer()))',
            )
        ),
    ),
    safe=(
        Example(
            (
                'op.execute("UPDATE items SET order_id = order_id WHERE id = 1")\n'
                'op.add_column("items", sa.Column("a", sa.Integer()))',
            )
        ),
    ),
)
