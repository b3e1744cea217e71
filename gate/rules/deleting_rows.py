"""DELETE of some rows."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import remedy


def find(deploy: Deploy) -> Iterator[Hit]:
    seen: set[tuple[str, int, str]] = set()
    for statement, change in deploy.changes(c.Delete):
        place = (statement.revision, statement.location.line, change.table)
        if change.always or place in seen:
            continue
        seen.add(place)
        yield Hit(
            f"DELETE removes rows of {change.table} for good; a downgrade does not bring them back.",
            statement,
            table=change.table,
            remedy=remedy(
                "Count the rows on production first and keep a copy of them.",
                (
                    1,
                    "Keep a copy in the same revision",
                    f'op.execute("CREATE TABLE {change.table}_deleted AS SELECT * FROM {change.table} WHERE ...")',
                ),
            ),
        )


rule = Rule(
    title="Rows deleted",
    why="Rows deleted by a revision are lost on every database it runs on, and no downgrade restores them.",
    find=find,
    harms={Category.DATA_LOSS: Severity.WARNING},
    dialects=EVERY,
    unsafe=(Example(("op.execute(\"DELETE FROM items WHERE label = 'old'\")",)),),
    safe=(Example(('op.execute("CREATE TABLE staging (id int)")\nop.execute("DELETE FROM staging WHERE id = 1")',)),),
)
