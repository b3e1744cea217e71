"""DROP PRIMARY KEY without a new one in the same statement: the table is copied, and rows lose their identity."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Evidence, EvidenceKind, Remedy, Severity, Step
from gate.rule import MYSQL, Example, Hit, Rule
from gate.rules._mysql import adds_primary_key, cost, replaces_primary_key
from gate.rules._online_tool import online_tool
from gate.rules._says import execute, ticked


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.DropConstraint):
        if change.kind != "primary-key" or replaces_primary_key(statement):
            continue
        price, renewed = cost(deploy, statement), adds_primary_key(statement)
        for category, message in _harms(statement, change.table):
            if category is Category.LOCK and renewed and not price.stops_writes:
                continue
            yield Hit(
                message,
                statement,
                category=category,
                table=change.table,
                evidence=(Evidence(EvidenceKind.SQL, statement.sql), *price.evidence),
                remedy=online_tool(deploy, statement, change.table) if renewed else _recipe(statement, change.table),
            )


def _harms(statement: Statement, table: str) -> Iterator[tuple[Category, str]]:
    renewed = adds_primary_key(statement)
    if not renewed:  # else the new column's own rule speaks of the rebuild
        yield Category.REWRITE, f"{table} is ordered by its primary key, so dropping it copies the whole table."
    yield Category.LOCK, f"Nobody can write to {table} while it is {'built anew' if renewed else 'copied'}."
    if _keeps_unique(statement, table):
        return
    yield (
        Category.BACKWARD_INCOMPATIBLE,
        f"The release still running finds and updates rows of {table} by the key; without it duplicates are let in and "
        "each lookup reads the whole table. Row-based replication does too.",
    )


def _keeps_unique(statement: Statement, table: str) -> bool:
    """Whether the old key's columns stay unique, by an index that is there or that the same statement makes."""
    known = statement.before.table(table)
    keys = [one for one in (known.constraints if known else ()) if one.kind == "primary-key"]
    if known is None or not keys:
        return False
    others = [one.columns for one in known.indexes if one.unique and one.name not in ("PRIMARY", keys[0].name)]
    others += [one.columns for one in statement.changes if isinstance(one, c.CreateIndex) and one.unique]
    added = (one.constraint for one in statement.changes if isinstance(one, c.AddConstraint))
    others += [one.columns for one in added if one.kind in ("unique", "primary-key")]
    return any(columns and set(columns) <= set(keys[0].columns) for columns in others)


def _recipe(statement: Statement, table: str) -> Remedy:
    return Remedy(
        "Drop the old key and add the new one in one ALTER: then the table is rebuilt online.",
        (
            Step(
                1,
                "One statement for both",
                execute(f"ALTER TABLE {ticked(table)} DROP PRIMARY KEY, ADD PRIMARY KEY (...)"),
            ),
        ),
    )


rule = Rule(
    title="Primary key dropped",
    why="InnoDB keeps the table in the order of its key: without one the whole table is copied while writes wait.",
    find=find,
    harms={
        Category.REWRITE: Severity.ERROR,
        Category.LOCK: Severity.ERROR,
        Category.BACKWARD_INCOMPATIBLE: Severity.WARNING,
    },
    dialects=MYSQL,
    split=("statement",),
    unsafe=(Example(('op.execute("ALTER TABLE users MODIFY id INT NOT NULL, DROP PRIMARY KEY")',), dialect="mariadb"),),
    safe=(
        Example(
            (
                'op.create_table("tickets", sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False))\n'
                'op.execute("ALTER TABLE tickets DROP PRIMARY KEY")',
            ),
            dialect="mariadb",
        ),
    ),
)
