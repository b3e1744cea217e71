"""All rows of a table go away at once."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import MYSQL, POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import spoken


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.Truncate):
        yield Hit(
            _in_partitions(change) if change.partitions else _whole(statement, change),
            statement,
            table=change.table,
            remedy=remedy(
                "Remove rows by hand where they are known to be of no use, with a copy kept; not in a revision that "
                "runs on every database."
            ),
        )


def _whole(statement: Statement, change: c.Truncate) -> str:
    children = tuple(sorted({table.name for table, _ in statement.before.referencing(change.table)} - {change.table}))
    also = f", and with CASCADE those of {spoken(children)}" if change.cascade and children else ""
    return (
        f"TRUNCATE destroys all rows of {change.table}{also}, and stops all its reads and writes until the "
        "transaction ends."
    )


def _in_partitions(change: c.Truncate) -> str:
    """MySQL's and MariaDB's: they commit at once, so nothing waits longer than the statement takes."""
    what, them = ("partitions", "them") if len(change.partitions) > 1 else ("partition", "it")
    verb = "Dropping" if change.drops else "TRUNCATE of"
    return f"{verb} {what} {spoken(change.partitions)} of {change.table} destroys every row in {them}."


rule = Rule(
    title="TRUNCATE",
    why="The rows are gone on every database that this revision ever runs on.",
    find=find,
    harms={Category.DATA_LOSS: Severity.ERROR},
    dialects=(*POSTGRESQL, *MYSQL),
    unsafe=(Example(('op.execute("TRUNCATE orders CASCADE")',)),),
    safe=(
        Example(
            (
                'op.execute("CREATE TABLE staging (id int)")\n'
                'op.execute("INSERT INTO staging VALUES (1)")\n'
                'op.execute("TRUNCATE staging")',
            )
        ),
    ),
)
