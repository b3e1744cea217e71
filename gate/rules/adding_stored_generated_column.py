"""A new column that the server computes and stores."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import MYSQL, POSTGRESQL, Example, Hit, Rule
from gate.rules import _elsewhere as elsewhere
from gate.rules._mysql import copied
from gate.rules._recipes import backfill, key_of, remedy
from gate.rules._sa_types import add_nullable
from gate.rules._world import rewrote


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddColumn):
        new = change.column
        if new.generated != "stored" or (deploy.dialect == "postgresql" and rewrote(statement, change.table) is False):
            continue
        if deploy.dialect in MYSQL and copied(deploy, statement, change) is None:
            continue
        blocked = "reads and writes" if deploy.dialect == "postgresql" else "writes"
        yield Hit(
            f"{change.table}.{new.name} is computed and stored for every row: the whole table {change.table} is "
            f"written anew while its {blocked} wait.",
            statement,
            table=change.table,
            column=new.name,
            remedy=remedy(
                "Use a plain column that the code (or a trigger) fills, or a VIRTUAL column where the server has them.",
                (
                    1,
                    "Deploy with code that writes it",
                    add_nullable(change.table, new.name, new.type),
                ),
                (
                    2,
                    "Fill the old rows in batches",
                    elsewhere.batches(deploy, change.table, new.name)
                    if deploy.dialect in MYSQL
                    else backfill(change.table, new.name, key=key_of(statement, change.table)),
                ),
            ),
        )


rule = Rule(
    title="Stored generated column on a table with rows",
    why="The server computes the value of each row at once and writes the table anew under a blocking lock.",
    find=find,
    harms={Category.REWRITE: Severity.ERROR},
    dialects=(*POSTGRESQL, *MYSQL),
    split=("deploy",),
    unsafe=(
        Example(('op.add_column("users", sa.Column("twice", sa.Integer(), sa.Computed("age * 2", persisted=True)))',)),
    ),
    safe=(Example(('op.add_column("users", sa.Column("twice", sa.Integer()))',)),),
)
