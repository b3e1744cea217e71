"""LOCK TABLE by hand."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import MYSQL, POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy

# https://www.postgresql.org/docs/current/explicit-locking.html: the modes that conflict with reading or writing rows.
_HARMLESS = frozenset({"ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"})


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.LockTable):
        if change.mode.upper() in _HARMLESS or (deploy.dialect != "postgresql" and change.mode.upper() == "READ LOCAL"):
            continue
        if change.table is None:
            yield _everything(statement)
            continue
        yield Hit(
            f"LOCK TABLE {change.table} ({change.mode or 'ACCESS EXCLUSIVE'}) stops others until the transaction ends.",
            statement,
            table=change.table,
            remedy=remedy("Leave the lock out: each statement takes the weakest lock that it needs by itself."),
        )


def _everything(statement: Statement) -> Hit:
    return Hit(
        "This stops all writes to every table of the server, those of other databases too, until UNLOCK TABLES or the "
        "end of the connection.",
        statement,
        remedy=remedy("Leave the lock out: it is made for backups, and no change of a schema needs it."),
    )


rule = Rule(
    title="LOCK TABLE",
    why="The lock is held until the whole transaction ends.",
    find=find,
    harms={Category.LOCK: Severity.WARNING},
    dialects=(*POSTGRESQL, *MYSQL),
    split=("statement",),
    unsafe=(Example(('op.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")',)),),
    safe=(Example(('op.execute("LOCK TABLE users IN ACCESS SHARE MODE")',)),),
)
