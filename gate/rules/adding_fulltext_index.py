"""A FULLTEXT index: the one kind of index that MySQL and MariaDB cannot build while rows are written."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Evidence, EvidenceKind, Severity
from gate.rule import MYSQL, Example, Hit, Rule
from gate.rules._mysql import cost, first_fulltext
from gate.rules._mysql_session import is_ignoring
from gate.rules._online_tool import online_tool


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.CreateIndex):
        price = cost(deploy, statement)
        if not price.stops_writes or not _is_the_cause(deploy, statement, change):
            continue
        evidence = (Evidence(EvidenceKind.SQL, statement.sql), *price.evidence)
        remedy = online_tool(
            deploy, statement, change.table, "Build it in a quiet window, or with an online schema change tool."
        )
        yield Hit(
            f"Building {change.name or 'the index'} stops all writes to {change.table} until it is done.",
            statement,
            category=Category.LOCK,
            table=change.table,
            evidence=evidence,
            remedy=remedy,
        )
        if change.fulltext and first_fulltext(statement.before.table(change.table)):
            yield Hit(
                f"{change.name or 'The index'} is the first FULLTEXT index of {change.table}: the hidden column it "
                "needs makes the server build the whole table anew.",
                statement,
                category=Category.REWRITE,
                table=change.table,
                evidence=evidence,
                remedy=remedy,
            )


def _is_the_cause(deploy: Deploy, statement: Statement, change: c.CreateIndex) -> bool:
    """A kind that needs the lock; of a plain index it was seen (MyISAM) with nothing beside it that asks for one."""
    if change.fulltext or change.method == "spatial":
        return True
    alone = all(isinstance(one, c.CreateIndex) for one in statement.changes)
    return statement.observed is not None and alone and not is_ignoring(deploy, statement)


rule = Rule(
    title="FULLTEXT index on a table with rows",
    why="It is built with LOCK=SHARED, and the first one rebuilds the table.",
    find=find,
    harms={Category.LOCK: Severity.WARNING, Category.REWRITE: Severity.WARNING},
    dialects=MYSQL,
    unsafe=(Example(('op.execute("CREATE FULLTEXT INDEX ft_orders_note ON orders (note)")',), dialect="mariadb"),),
    safe=(Example(('op.create_index("ix_orders_state", "orders", ["state"])',), dialect="mariadb"),),
)
