"""What statements mean together with the tables that they meet.

Two forms say nothing on their own. MySQL's MODIFY writes a whole column anew: only beside the column as it was does
it say what changes. SQLite has no ALTER for most changes, so the table is made anew: create, copy, drop, rename. Both
become the changes that every rule knows (``SetNotNull``, ``DropColumn`` ...), so a rule reads alike on every dialect.
"""

from __future__ import annotations

from dataclasses import replace

from gate.facts.changes import Change, DropTrigger
from gate.facts.rehearsal import Deploy, Statement
from gate.sql import _effects, modified, recreated


def resolved(deploy: Deploy) -> Deploy:
    """Give the same deploy with every statement's changes said in full. Harmless to call twice."""
    statements = tuple(map(_with_owner, deploy.statements))
    if deploy.dialect == "postgresql":
        statements = _effects.effective(statements)
    if deploy.dialect == "sqlite":
        statements = recreated.folded(statements)
    if deploy.dialect in ("mysql", "mariadb"):
        statements = modified.expanded(_effects.revealed(statements), deploy.sources)
    return replace(deploy, statements=statements)


def _with_owner(statement: Statement) -> Statement:
    """DROP TRIGGER names no table: the catalogue does."""
    if not any(isinstance(change, DropTrigger) and not change.table for change in statement.changes):
        return statement
    return replace(statement, changes=tuple(_owned(change, statement) for change in statement.changes))


def _owned(change: Change, statement: Statement) -> Change:
    if not isinstance(change, DropTrigger) or change.table:
        return change
    owners = (table.name for table in statement.before.tables.values() if _has_trigger(table.triggers, change.name))
    return replace(change, table=next(owners, ""))


def _has_trigger(triggers: tuple[str, ...], name: str) -> bool:
    """Catalogues give a trigger as its name or as the text that makes it."""
    return any(trigger == name or name in trigger.replace("`", " ").replace('"', " ").split() for trigger in triggers)
