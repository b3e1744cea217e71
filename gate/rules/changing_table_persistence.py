"""SET LOGGED, SET UNLOGGED, SET TABLESPACE: the table is written anew."""

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
        if change.option not in ("logged", "unlogged", "tablespace") or rewrote(statement, change.table) is False:
            continue
        recipe = remedy("Choose it when the table is made, or run it in a maintenance window.")
        yield Hit(
            f"SET {change.option.upper()} writes the whole table {change.table} and its indexes anew while an ACCESS "
            "EXCLUSIVE lock stops all its reads and writes.",
            statement,
            category=Category.REWRITE,
            table=change.table,
            remedy=recipe,
        )
        if change.option == "unlogged":
            yield Hit(
                f"An UNLOGGED table is emptied after a crash and is not replicated: {change.table} loses its rows "
                "then.",
                statement,
                category=Category.DATA_LOSS,
                table=change.table,
                remedy=recipe,
            )


rule = Rule(
    title="Table's persistence or tablespace changed",
    why="Every row is written anew, and an unlogged table does not survive a crash.",
    find=find,
    harms={Category.REWRITE: Severity.ERROR, Category.DATA_LOSS: Severity.WARNING},
    dialects=POSTGRESQL,
    unsafe=(Example(('op.execute("ALTER TABLE logs SET UNLOGGED")',)),),
    safe=(Example(('op.execute("CREATE TABLE staging (id int)")\nop.execute("ALTER TABLE staging SET UNLOGGED")',)),),
)
