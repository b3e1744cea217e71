"""A json column, which cannot be compared."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import bare, python, schema_argument


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddColumn):
        if change.column.type.lower() != "json":
            continue
        yield Hit(
            f"{change.table}.{change.column.name} is json, which has no equality: SELECT DISTINCT, GROUP BY and UNION "
            f"over {change.table} fail from now on, also in the release still running.",
            statement,
            table=change.table,
            column=change.column.name,
            remedy=remedy(
                "Use jsonb.",
                (
                    1,
                    "from sqlalchemy.dialects import postgresql",
                    f"op.add_column({python(bare(change.table))}, sa.Column({python(change.column.name)}, "
                    f"postgresql.JSONB(), nullable=True){schema_argument(change.table)})",
                ),
            ),
        )


rule = Rule(
    title="json instead of jsonb",
    why="json has no equality operator and no index support.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("statement",),
    unsafe=(Example(('op.add_column("users", sa.Column("extra", sa.JSON()))',)),),
    safe=(Example(('op.execute("ALTER TABLE users ADD COLUMN extra jsonb")',)),),
)
