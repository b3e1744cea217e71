"""A statement that asks for a copy or a lock itself, or that changes how the table is stored by copying it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Evidence, EvidenceKind, Remedy, Severity, Step
from gate.rule import MYSQL, Example, Hit, Rule
from gate.rules._mysql import copy_hit, cost
from gate.rules._says import spoken


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AlterAlgorithm):
        if change.algorithm == "COPY":
            yield _wished(statement, change, Category.REWRITE, f"ALGORITHM=COPY copies {change.table} row by row")
        if change.stops_writes:
            lock = change.lock if change.lock in ("SHARED", "EXCLUSIVE") else "SHARED"
            blocked = "reads and writes" if lock == "EXCLUSIVE" else "writes"
            yield _wished(
                statement, change, Category.LOCK, f"LOCK={lock} stops all {blocked} of {change.table} until it is done"
            )
    for statement, option in deploy.changes(c.SetTableOption):
        if option.option != "convert-charset" and _is_storage_only(statement):
            yield from copy_hit(deploy, statement, option, "This change of its storage", table=option.table)
    for statement, upkeep in deploy.changes(c.Maintenance):
        if upkeep.table and _is_storage_only(statement):
            yield from copy_hit(deploy, statement, upkeep, "This rebuild", table=upkeep.table)
    for statement, parts in deploy.changes(c.AlterPartitions):
        if parts.action in ("by", "remove"):
            yield from copy_hit(deploy, statement, parts, "This change of its partitions", table=parts.table)
        elif parts.action not in ("add", "exchange"):
            yield _rebuilt(deploy, statement, parts)


def _rebuilt(deploy: Deploy, statement: Statement, change: c.AlterPartitions) -> Hit:
    """Rows move into new files of the partitions named, or of all where they are spread over another number of them."""
    named = (
        f"partition{'s' if len(change.names) > 1 else ''} {spoken(change.names)}" if change.names else "every partition"
    )
    return Hit(
        f"The rows of {named} of {change.table} are written anew, and nobody can write to {change.table} meanwhile.",
        statement,
        category=Category.REWRITE,
        table=change.table,
        evidence=(Evidence(EvidenceKind.SQL, statement.sql), *cost(deploy, statement).evidence),
        remedy=Remedy(
            "Do it in a quiet window, one partition after the other: the fewer rows are in it, the shorter writes wait.",
        ),
    )


def _is_storage_only(statement: Statement) -> bool:
    """Changes of columns and keys are told by rules of their own."""
    return all(isinstance(one, (c.SetTableOption, c.Maintenance)) for one in statement.changes)


def _wished(statement: Statement, change: c.AlterAlgorithm, category: Category, what: str) -> Hit:
    comma = "," if statement.sql.lstrip()[:5].upper() == "ALTER" else ""
    return Hit(
        f"{what}, because the statement itself asks for it.",
        statement,
        category=category,
        table=change.table,
        evidence=(Evidence(EvidenceKind.SQL, statement.sql),),
        remedy=Remedy(
            "Remove the words: the server takes the weakest way by itself. Or ask for that, so that it refuses anything "
            "worse.",
            (Step(1, "In the statement, instead of the words that are there", f"ALGORITHM=INPLACE{comma} LOCK=NONE"),),
        ),
    )


rule = Rule(
    title="Copy of the table asked for",
    why="The server could do it online; the words in the statement make it copy the table while writes wait.",
    find=find,
    harms={Category.REWRITE: Severity.ERROR, Category.LOCK: Severity.ERROR},
    dialects=MYSQL,
    split=("statement",),
    unsafe=(
        Example(('op.execute("ALTER TABLE users ADD COLUMN level INT, ALGORITHM=COPY")',), dialect="mariadb"),
        Example(('op.execute("ALTER TABLE users ENGINE=MyISAM")',), dialect="mariadb"),
    ),
    safe=(
        Example(
            ('op.execute("ALTER TABLE users ADD COLUMN level INT, ALGORITHM=INPLACE, LOCK=NONE")',), dialect="mariadb"
        ),
    ),
)
