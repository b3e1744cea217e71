"""CREATE TABLE ... PARTITION OF locks the parent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import execute, ident
from gate.sql import parse, split

_INNER = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"  # a list in parentheses, with up to two more inside
_BOUND = re.compile(
    rf"\bFOR\s+VALUES\s+(?:FROM|IN|WITH)\s*{_INNER}(?:\s*TO\s*{_INNER})?|\bDEFAULT(?=\s*$|\s+PARTITION\s+BY\b)",
    re.IGNORECASE,
)
_PARTED = re.compile(rf"\bPARTITION\s+BY\s+\w+\s*{_INNER}", re.IGNORECASE)
_SHOWN = 20  # partitions that a recipe spells out
_CREATE = re.compile(r"\s*CREATE\s+(?:UNLOGGED\s+)?TABLE\b", re.IGNORECASE)


def find(deploy: Deploy) -> Iterator[Hit]:
    made: dict[tuple[str, str, int, str], list[tuple[Statement, str]]] = {}
    for statement, change in deploy.all_changes(c.CreateTable):
        parent = change.partition_of
        if parent and deploy.existed(parent, statement) and not statement.before.table(change.table):
            place = (statement.revision, statement.location.path, statement.location.line, parent)
            made.setdefault(place, []).append((statement, change.table))
    for (_, _, _, parent), partitions in made.items():
        shown = [_beside(statement, parent, table) for statement, table in partitions[:_SHOWN]]
        rest = [f"# and the same for {len(partitions) - _SHOWN} more"] if len(partitions) > _SHOWN else []
        yield Hit(
            f"CREATE TABLE ... PARTITION OF takes an ACCESS EXCLUSIVE lock on {parent}: all reads and writes of "
            f"{parent} and its partitions queue behind it until the transaction ends.",
            partitions[0][0],
            table=parent,
            remedy=remedy(
                "Make the table on its own, then attach it: ATTACH lets reads and writes of the parent go on.",
                (1, "In one revision", "\n".join([*shown, *rest])),
            ),
        )


def _beside(statement: Statement, parent: str, table: str) -> str:
    """The partition made as a table of its own, then attached."""
    parted, bound = _taken_apart(statement, table)
    return "\n".join(
        (
            execute(f"CREATE TABLE {ident(table)} (LIKE {ident(parent)} INCLUDING ALL){parted}"),
            execute(f"ALTER TABLE {ident(parent)} ATTACH PARTITION {ident(table)} {bound}"),
        )
    )


def _taken_apart(statement: Statement, table: str) -> tuple[str, str]:
    """How the partition is parted itself (``""`` where it is not), and its bound.

    The catalogue knows: one text may make several partitions, and a loop writes its bounds as it runs. Of a partition
    that is parted again the catalogue tells the key, and its own statement the bound.
    """
    made = statement.after.table(table)
    written = _written(statement, table)
    bound, parted = _BOUND.search(written), _PARTED.search(written)
    if made is not None and made.definition:
        if made.kind != "partitioned":
            return "", made.definition
        return f" PARTITION BY {made.definition}", bound[0] if bound else "FOR VALUES ..."
    return f" {parted[0]}" if parted else "", bound[0] if bound else "FOR VALUES ..."


def _written(statement: Statement, table: str) -> str:
    """The CREATE TABLE of this partition among the statements of a text; nothing where a loop made it."""
    for one in split(statement.sql, "postgresql"):
        made = parse(one, "postgresql").changes
        if _CREATE.match(one) and any(isinstance(each, c.CreateTable) and each.table == table for each in made):
            return one.rstrip("; \n")
    return ""


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
