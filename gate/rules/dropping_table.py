"""A table with rows goes away while the release still running uses it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import code_first
from gate.rules._says import bare, python, schema_argument


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.DropTable):
        table = statement.before.table(change.table)
        parents = sorted({one.references for one in (table.constraints if table else ()) if one.references})
        also = f" It also locks {', '.join(parents)}, which it points at, against everybody." if parents else ""
        recipe = code_first(
            change.table,
            "When no release uses it, and a copy is kept or not needed",
            f"op.drop_table({python(bare(change.table))}{schema_argument(change.table)})",
        )
        yield Hit(
            f"Dropping {change.table} destroys all its rows; a downgrade brings back the table, not the data.{also}",
            statement,
            category=Category.DATA_LOSS,
            table=change.table,
            remedy=recipe,
        )
        if not deploy.used(change.table):
            continue  # the base's models have let go of it already: the second of the two deploys
        yield Hit(
            f"Every query of the release still running on {change.table} fails at once.",
            statement,
            category=Category.BACKWARD_INCOMPATIBLE,
            table=change.table,
            remedy=recipe,
        )


rule = Rule(
    title="Table dropped",
    why="The data is gone, and the release still running uses the table.",
    find=find,
    harms={Category.DATA_LOSS: Severity.ERROR, Category.BACKWARD_INCOMPATIBLE: Severity.ERROR},
    dialects=EVERY,
    split=("deploy",),
    unsafe=(Example(('op.drop_table("items")',)),),
    safe=(
        Example(
            ('op.create_table("tickets", sa.Column("id", sa.Integer(), primary_key=True))\nop.drop_table("tickets")',)
        ),
    ),
)
