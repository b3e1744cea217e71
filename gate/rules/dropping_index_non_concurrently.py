"""An index dropped under a lock on its table."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Index, Table
from gate.model import Category, Remedy, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._indexes import columns_that_go, dropped, table_goes
from gate.rules._recipes import drop_concurrently, remedy
from gate.rules._says import bare, python, schema_argument


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change, table, index in dropped(deploy):
        if change.concurrently or table.kind == "materialized-view":
            continue
        if table_goes(deploy, statement, table) or _goes_with_a_column(deploy, statement, table, index):
            continue
        parted = table.kind == "partitioned"
        yield Hit(
            f"DROP INDEX takes an ACCESS EXCLUSIVE lock on {table.name} itself"
            f"{' and all its partitions' if parted else ''}: it waits for every running query on the table, and all new reads and writes queue behind it until the transaction ends.",
            statement,
            table=table.name,
            remedy=_short(change.name, table.name) if parted else drop_concurrently(change.name, table.name),
        )


def _goes_with_a_column(deploy: Deploy, statement: Statement, table: Table, index: Index | None) -> bool:
    """Whether the deploy drops a column of the index: that takes the same lock, and the index along."""
    columns = (name.lower() for name in index.columns) if index else ()
    return not columns_that_go(deploy, statement, table).isdisjoint(columns)


def _short(name: str, table: str) -> Remedy:
    """A partitioned table takes no CONCURRENTLY (https://www.postgresql.org/docs/current/sql-dropindex.html)."""
    return remedy(
        "An index of a partitioned table cannot be dropped CONCURRENTLY: let it give up soon, and try again.",
        (
            1,
            "A revision with nothing else",
            "op.execute(\"SET LOCAL lock_timeout = '2s'\")\n"
            f"op.drop_index({python(bare(name))}, table_name={python(bare(table))}{schema_argument(table)})",
        ),
    )


rule = Rule(
    title="Index dropped without CONCURRENTLY",
    why="The lock is on the table, waits for its longest query, and is kept until the transaction ends.",
    find=find,
    harms={Category.LOCK: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(Example(('op.drop_index("ix_users_email", "users")',)),),
    safe=(
        Example(
            (
                "with op.get_context().autocommit_block():\n"
                '    op.drop_index("ix_users_email", "users", postgresql_concurrently=True)',
            )
        ),
    ),
)
