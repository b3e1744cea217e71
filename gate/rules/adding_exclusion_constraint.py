"""An EXCLUDE constraint: its index can only be built under the strongest lock."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._constraints import added, old_code
from gate.rules._recipes import remedy
from gate.rules._rows import may_fail


def find(deploy: Deploy) -> Iterator[Hit]:
    for one in added(deploy, "exclude"):
        recipe = remedy(
            "An exclusion constraint can be neither NOT VALID nor built concurrently: create it with the table, run "
            "this in a maintenance window, or check overlaps in a trigger.",
        )
        yield Hit(
            f"Adding EXCLUDE {one.name} builds an index over every row of {one.table} while an ACCESS EXCLUSIVE lock "
            "stops all its reads and writes.",
            one.statement,
            category=Category.LOCK,
            table=one.table,
            remedy=recipe,
        )
        yield from may_fail(
            deploy,
            one.statement,
            f"Rows of {one.table} that exclude each other make it fail.",
            table=one.table,
            remedy=recipe,
            by_value=True,
        )
        yield old_code(one, "exclude each other", recipe)


rule = Rule(
    title="Exclusion constraint on a table with rows",
    why="There is no way to build it without stopping all reads and writes.",
    find=find,
    harms={
        Category.LOCK: Severity.ERROR,
        Category.FAILS_ON_EXISTING_ROWS: Severity.WARNING,
        Category.BACKWARD_INCOMPATIBLE: Severity.WARNING,
    },
    dialects=POSTGRESQL,
    unsafe=(Example(('op.execute("ALTER TABLE orders ADD CONSTRAINT ex_orders EXCLUDE USING btree (note WITH =)")',)),),
    safe=(
        Example(
            ('op.execute("CREATE TABLE stays (room int, CONSTRAINT ex_stays EXCLUDE USING btree (room WITH =))")',)
        ),
    ),
)
