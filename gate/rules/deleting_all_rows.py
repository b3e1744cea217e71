"""DELETE without a condition, or with one that every row meets, at once or in the batches of a loop."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._loops import empties_in_loop
from gate.rules._recipes import remedy


def find(deploy: Deploy) -> Iterator[Hit]:
    seen: set[tuple[str, int, str]] = set()
    for statement, change in deploy.changes(c.Delete):
        place = (statement.revision, statement.location.line, change.table)
        looped = empties_in_loop(deploy, statement, change)
        if not (change.always or looped) or (looped and place in seen):
            continue
        seen.add(place)
        how = f"its WHERE ({change.where}) holds for every row" if change.where else "there is no WHERE"
        how += ", and the loop goes on until none is left" if looped else ""
        yield Hit(
            f"DELETE removes every row of {change.table}: {how}. A downgrade does not bring them back.",
            statement,
            table=change.table,
            remedy=remedy(
                "Name the rows that are to go, keep a copy of them, and remove them in batches outside of the schema "
                "upgrade."
            ),
        )


rule = Rule(
    title="All rows deleted",
    why="The rows are gone on every database that this revision ever runs on.",
    find=find,
    harms={Category.DATA_LOSS: Severity.ERROR},
    dialects=EVERY,
    unsafe=(
        Example(('op.execute("DELETE FROM items")',)),
        Example(('op.execute("DELETE FROM items WHERE 1 = 1")',)),
    ),
    safe=(Example(('op.execute("CREATE TABLE staging (id int)")\nop.execute("DELETE FROM staging")',)),),
)
