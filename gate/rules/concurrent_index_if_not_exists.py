"""CREATE INDEX CONCURRENTLY IF NOT EXISTS takes an INVALID index of an earlier try for the real one."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._index_recipes import concurrent_text
from gate.rules._recipes import remedy
from gate.rules._says import execute, ident, python


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.CreateIndex):
        if not (change.concurrently and change.if_not_exists) or _dropped_before(deploy, statement.number, change.name):
            continue
        name = ident(change.name) if change.name else "..."
        yield Hit(
            f"When a concurrent build of {change.name} fails half way it leaves an INVALID index; IF NOT EXISTS then "
            "takes it for the real one and no query ever uses it.",
            statement,
            table=change.table,
            remedy=remedy(
                "Drop what an earlier try left, then build without IF NOT EXISTS.",
                (
                    1,
                    "Both in one autocommit block",
                    "with op.get_context().autocommit_block():\n"
                    f"    {execute(f'DROP INDEX CONCURRENTLY IF EXISTS {name}')}\n"
                    f"    op.execute({concurrent_text(statement, change) or python(statement.sql)})",
                ),
            ),
        )


def _dropped_before(deploy: Deploy, number: int, name: str | None) -> bool:
    """Whether the deploy first drops what an earlier try may have left."""
    drops = deploy.all_changes(c.DropIndex)
    bare = (name or "").rpartition(".")[2]
    return any(one.number < number and change.name.rpartition(".")[2] == bare for one, change in drops)


rule = Rule(
    title="CONCURRENTLY with IF NOT EXISTS",
    why="A failed concurrent build leaves an INVALID index that IF NOT EXISTS keeps for good.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("statement",),
    unsafe=(
        Example(
            (
                "with op.get_context().autocommit_block():\n"
                '    op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_orders_note ON orders (note)")',
            )
        ),
    ),
    safe=(
        Example(
            (
                "with op.get_context().autocommit_block():\n"
                '    op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_orders_note")\n'
                '    op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_orders_note ON orders (note)")',
            )
        ),
    ),
)
