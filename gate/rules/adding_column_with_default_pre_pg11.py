"""A new column with a default, on PostgreSQL 10 and older."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import backfill, remedy
from gate.rules._sa_types import add_nullable
from gate.rules._says import bare, python, schema_argument
from gate.rules._world import rewrote


def find(deploy: Deploy) -> Iterator[Hit]:
    if not deploy.version or deploy.version[0] >= 11:
        return
    for statement, change in deploy.changes(c.AddColumn):
        new = change.column
        if new.default is None or new.volatile or new.identity or rewrote(statement, change.table) is False:
            continue
        yield Hit(
            f"On PostgreSQL {deploy.version[0]} a default is written into every row: adding {change.table}.{new.name} "
            f"writes the whole table anew while all reads and writes of {change.table} wait.",
            statement,
            table=change.table,
            column=new.name,
            remedy=remedy(
                "Add the column without a default, set the default for new rows, fill the old rows in batches.",
                (
                    1,
                    "Both are instant",
                    f"{add_nullable(change.table, new.name, new.type)}\n"
                    f"op.alter_column({python(bare(change.table))}, {python(new.name)}, "
                    f"server_default=sa.text({python(new.default)}){schema_argument(change.table)})",
                ),
                (1, "In a revision of its own", backfill(change.table, new.name, new.default)),
            ),
        )


rule = Rule(
    title="Column with a default before PostgreSQL 11",
    why="PostgreSQL 11 learnt to store a constant default once; before, every row is written.",
    find=find,
    harms={Category.REWRITE: Severity.ERROR},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(
        Example(
            ('op.add_column("users", sa.Column("level", sa.Integer(), server_default="1"))',), env={"server": "10"}
        ),
    ),
    safe=(Example(('op.add_column("users", sa.Column("level", sa.Integer(), server_default="1"))',)),),
)
