"""An index built while nobody can write to the table."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Remedy, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._indexes import created
from gate.rules._recipes import concurrently, remedy
from gate.rules._says import ident
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
            remedy=_parted(change.table, change.name)
            if parted
            else concurrently(change.table, change.name, change.columns, unique=change.unique),
        )


def _parted(table: str, name: str | None) -> Remedy:
    """A partitioned table takes no CONCURRENTLY: https://www.postgresql.org/docs/current/ddl-partitioning.html."""
    index = name or "ix"
    return remedy(
        "Build the index on each partition concurrently and attach it to an index of the parent that starts invalid.",
        (1, "Instant: reads no partition", f'op.execute("CREATE INDEX {index} ON ONLY {ident(table)} (...)")'),
        (
            1,
            "For each partition, in a revision of its own with an autocommit block",
            f'op.execute("CREATE INDEX CONCURRENTLY {index}_part ON <partition> (...)")\n'
            f'op.execute("ALTER INDEX {index} ATTACH PARTITION {index}_part")',
        ),
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
