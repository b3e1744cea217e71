"""A partition leaves its parent: its rows vanish from the parent's queries."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import MYSQL, POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import AUTOCOMMIT, code_first
from gate.rules._says import execute, ident, spoken


def find(deploy: Deploy) -> Iterator[Hit]:
    yield from _exchanged(deploy)
    for statement, change in deploy.changes(c.DetachPartition):
        if not deploy.existed(change.partition, statement):
            continue
        yield Hit(
            f"The rows of {change.partition} leave {change.table}: queries of the release still running no longer find "
            "them, and its INSERTs of that range fail.",
            statement,
            table=change.table,
            remedy=code_first(
                f"the rows of {change.partition}",
                "Then detach, in a revision of its own",
                AUTOCOMMIT
                + execute(f"ALTER TABLE {ident(change.table)} DETACH PARTITION {ident(change.partition)} CONCURRENTLY"),
            ),
        )


def _exchanged(deploy: Deploy) -> Iterator[Hit]:
    """MySQL and MariaDB swap a partition with a table: no row is copied, but all of them change their place."""
    for statement, change in deploy.changes(c.AlterPartitions):
        if change.action != "exchange" or not change.other:
            continue
        rows = f"rows of partition {spoken(change.names)}"
        yield Hit(
            f"The {rows} leave {change.table} for {change.other}, and those of {change.other} take their place: "
            f"queries of the release still running no longer find the old rows in {change.table}.",
            statement,
            table=change.table,
            remedy=code_first(f"the {rows}", "Then exchange, in a revision of its own", ""),
        )


_VISITS = (
    'op.execute("CREATE TABLE visits (id INT) PARTITION BY RANGE (id) (PARTITION p1 VALUES LESS THAN (100))")\n'
    'op.execute("CREATE TABLE visits_old (id INT)")'
)
rule = Rule(
    title="Partition detached",
    why="The release still running expects the rows in the parent.",
    find=find,
    harms={Category.BACKWARD_INCOMPATIBLE: Severity.WARNING},
    dialects=(*POSTGRESQL, *MYSQL),
    split=("deploy",),
    unsafe=(
        Example(
            (
                "with op.get_context().autocommit_block():\n"
                '    op.execute("ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY")',
            )
        ),
        Example(
            ('op.execute("ALTER TABLE visits EXCHANGE PARTITION p1 WITH TABLE visits_old")',),
            earlier=(_VISITS,),
            dialect="mysql",  # MariaDB 10.11 waits for itself there unless the session commits by itself
        ),
    ),
    safe=(
        Example(
            ('op.execute("ALTER TABLE visits ADD PARTITION (PARTITION p2 VALUES LESS THAN (200))")',),
            earlier=(_VISITS,),
            dialect="mariadb",
        ),
        Example(('op.execute("ALTER TABLE events ALTER COLUMN id SET STATISTICS 200")',)),
    ),
)
