"""DETACH PARTITION that locks parent and partition against everybody."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import AUTOCOMMIT, remedy
from gate.rules._says import execute, ident


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.DetachPartition):
        if change.concurrently or not deploy.existed(change.partition, statement):
            continue
        yield Hit(
            f"DETACH PARTITION takes ACCESS EXCLUSIVE locks on {change.table} and {change.partition}: all reads and "
            "writes of the whole partitioned table queue behind it.",
            statement,
            table=change.table,
            remedy=remedy(
                "Use DETACH PARTITION ... CONCURRENTLY (PostgreSQL 14 and later).",
                (
                    1,
                    "A revision with only the autocommit block",
                    AUTOCOMMIT
                    + execute(
                        f"ALTER TABLE {ident(change.table)} DETACH PARTITION {ident(change.partition)} CONCURRENTLY"
                    ),
                ),
            ),
        )


rule = Rule(
    title="Partition detached without CONCURRENTLY",
    why="Parent and partition are locked against everybody until the transaction ends.",
    find=find,
    harms={Category.LOCK: Severity.WARNING, Category.BACKWARD_INCOMPATIBLE: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(Example(('op.execute("ALTER TABLE events DETACH PARTITION events_1")',)),),
    safe=(
        Example(
            (
                'op.execute("CREATE TABLE next_events (LIKE events INCLUDING ALL)")\n'
                'op.execute("ALTER TABLE events ATTACH PARTITION next_events FOR VALUES FROM (1000) TO (2000)")\n'
                'op.execute("ALTER TABLE events DETACH PARTITION next_events")',
            )
        ),
    ),
)
