"""SET ACCESS METHOD: the table is written anew."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._world import rewrote


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.SetTableOption):
        if change.option != "access-method" or rewrote(statement, change.table) is False:
            continue
        yield Hit(
            f"SET ACCESS METHOD {change.value} writes the whole table {change.table} anew while an ACCESS EXCLUSIVE "
            "lock stops all its reads and writes.",
            statement,
            table=change.table,
            remedy=remedy("Make a new table with the method, copy in batches, and swap; or use a maintenance window."),
        )


rule = Rule(
    title="Table's access method changed",
    why="Every row is written anew under the strongest lock.",
    find=find,
    harms={Category.REWRITE: Severity.ERROR},
    dialects=POSTGRESQL,
    unsafe=(Example(('op.execute("ALTER TABLE logs SET ACCESS METHOD other_heap")',)),),
    safe=(Example(('op.execute("ALTER TABLE logs SET ACCESS METHOD heap")',)),),
)
