"""CREATE TABLE ... PARTITION OF locks the parent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import execute, ident


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.all_changes(c.CreateTable):
        parent = change.partition_of
        if not parent or not deploy.existed(parent, statement) or statement.before.table(change.table):
            continue
        attach = f"ALTER TABLE {ident(parent)} ATTACH PARTITION {ident(change.table)} {_bound(statement.sql)}"
        yield Hit(
            f"CREATE TABLE ... PARTITION OF takes an ACCESS EXCLUSIVE lock on {parent}: all reads and writes of "
            f"{parent} "
            "and its partitions queue behind it until the transaction ends.",
            statement,
            table=parent,
            remedy=remedy(
                "Make the table on its own, then attach it: ATTACH lets reads and writes of the parent go on.",
                (
                    1,
                    "In one revision",
                    f"{execute(f'CREATE TABLE {ident(change.table)} (LIKE {ident(parent)} INCLUDING ALL)')}\n"
                    f"{execute(attach)}",
                ),
            ),
        )


def _bound(sql: str) -> str:
    """The partition's bound as the statement has it."""
    found = re.search(
        r"\bFOR\s+VALUES\s+(?:FROM|IN|WITH)\s*\(.*?\)(?:\s*TO\s*\(.*?\))?|\bDEFAULT\s*;?\s*$", sql, re.I | re.S
    )
    return found[0].strip(" ;\n") if found else "FOR VALUES ..."


rule = Rule(
    title="Partition created in place",
    why="The parent is locked against everybody; attaching a table made beside it is not.",
    find=find,
    harms={Category.LOCK: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("statement",),
    unsafe=(Example(('op.execute("CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (1000) TO (2000)")',)),),
    safe=(
        Example(
            (
                'op.execute("CREATE TABLE next_events (LIKE events INCLUDING ALL)")\n'
                'op.execute("ALTER TABLE events ATTACH PARTITION next_events FOR VALUES FROM (1000) TO (2000)")',
            )
        ),
    ),
)
