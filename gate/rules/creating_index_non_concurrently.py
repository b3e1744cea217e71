"""An index built while nobody can write to the table."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._index_recipes import without_blocking
from gate.rules._indexes import created
from gate.rules._world import table_before


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in created(deploy):
        if change.concurrently:
            continue
        table = table_before(statement, change.table)
        parted = table is not None and table.kind == "partitioned"
        yield Hit(
            f"CREATE INDEX without CONCURRENTLY stops all writes to {change.table}"
            f"{' and all its partitions' if parted else ''} until the index over all its rows is built.",
            statement,
            table=change.table,
            column=change.columns[0] if len(change.columns) == 1 else None,
            remedy=without_blocking(statement, change),
        )


rule = Rule(
    title="Index built without CONCURRENTLY",
    why="The table can be read but not written to until the index is built.",
    find=find,
    harms={Category.LOCK: Severity.ERROR},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(
        Example(('op.create_index("ix_orders_note", "orders", ["note"])',)),
        Example(('op.add_column("orders", sa.Column("ref", sa.Text(), index=True))',)),
    ),
    safe=(
        Example(
            (
                "with op.get_context().autocommit_block():\n"
                '    op.create_index("ix_orders_note", "orders", ["note"], postgresql_concurrently=True)',
            )
        ),
        Example(
            (
                'op.create_table("tickets", sa.Column("id", sa.Integer()), sa.Column("note", sa.Text()))\n'
                'op.create_index("ix_tickets_note", "tickets", ["note"])',
            )
        ),
    ),
)
