"""Session timeouts: what is set where, and which statement would need one first."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Severity
from gate.rule import Hit
from gate.rules._recipes import remedy
from gate.rules._world import STOPS_READS, STOPS_WRITES

_QUICK_BUT_STRONG = (c.AddColumn, c.DropColumn, c.SetNotNull, c.AddConstraint, c.AlterColumnType, c.RenameColumn)


def missing(deploy: Deploy, name: str, message: str, slow_only: bool = False) -> Iterator[Hit]:
    """One note for the whole deploy, at the first statement that stops others without the setting.

    With ``slow_only`` a statement that was seen to touch no row is left out: it cannot take long by itself.
    """
    if deploy.settings.get(name, "0") not in ("", "0", "0ms", "0s"):
        return
    for statement in deploy.statements:
        if any(isinstance(change, c.SetSetting) and change.name == name for change in statement.changes):
            return
        table = _stopped(deploy, statement)
        if table and not (slow_only and _quick(statement)):
            yield Hit(
                message.format(table=table),
                statement,
                severity=Severity.NOTE,
                table=table,
                remedy=remedy(
                    "Set it once for all migrations, in env.py, on the connection before the migrations run.",
                    (1, "env.py, just before context.run_migrations()", _setting(deploy, name)),
                ),
            )
            return


def _setting(deploy: Deploy, name: str) -> str:
    """The line for env.py, which needs no import; MySQL and MariaDB take whole seconds without a unit."""
    value = "'5s'" if deploy.dialect == "postgresql" else "5"
    return f'connection.exec_driver_sql("SET {name} = {value}")'


def _stopped(deploy: Deploy, statement: Statement) -> str | None:
    if statement.observed is not None:
        strong = STOPS_WRITES if deploy.dialect == "postgresql" else STOPS_READS
        return next((lock.table for lock in statement.observed.locks if lock.mode in strong), None)
    for change in statement.changes:
        if isinstance(change, _QUICK_BUT_STRONG) and deploy.existed(change.table, statement):
            return change.table
    return None


def _quick(statement: Statement) -> bool:
    """Was the statement seen running, and did it neither read, write, nor rewrite a row?"""
    seen = statement.observed
    return seen is not None and not (seen.touched or seen.rewrites or seen.indexes_built)
