"""A partition leaves its parent: its rows vanish from the parent's queries."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import AUTOCOMMIT, code_first
from gate.rules._says import execute, ident


def find(deploy: Deploy) -> Iterator[Hit]:
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


rule = Rule(
    title="Partition detached",
    why="The release still running expects the rows in the parent.",
    find=find,
    harms={Category.BACKWARD_INCOMPATIBLE: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("deploy",),
    unsafe=(
        Example(
            (
                "with op.get_context().autocommit_block():\n"
                '    op.execute("ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY")',
            )
        ),
    ),
    safe=(Example(('op.execute("ALTER TABLE events ALTER COLUMN id SET STATISTICS 200")',)),),
)
