"""Which changes of a statement write the whole table anew: the server (PostgreSQL) only shows that one of them did."""

from __future__ import annotations

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.rules._columns import TypeEdit, is_retyped
from gate.rules._types import is_free
from gate.rules._world import column_before

OPTIONS = frozenset({"logged", "unlogged", "access-method", "tablespace"})


def writes_rows(deploy: Deploy, statement: Statement, change: c.Change) -> bool:
    """Whether the change by itself writes every row, so that a rule of its own tells the rewrite."""
    if isinstance(change, c.AddColumn):
        return _fills_rows(deploy, statement, change.column)
    if isinstance(change, c.AlterColumnType):
        return is_retyped(statement, change) and not is_catalogue_only(deploy, statement, change)
    return isinstance(change, c.SetTableOption) and change.option in OPTIONS


def _fills_rows(deploy: Deploy, statement: Statement, new: c.ColumnSpec) -> bool:
    """Whether each row gets a value for the new column, by what the statement says of it."""
    if new.identity or new.generated:
        return new.identity or new.generated == "stored"
    if new.default is not None and (new.volatile or (bool(deploy.version) and deploy.version[0] < 11)):
        return True
    domain = statement.before.domains.get(new.type)
    return domain is not None and bool(domain.constraints) and not new.volatile


def is_catalogue_only(deploy: Deploy, statement: Statement, change: c.AlterColumnType | TypeEdit) -> bool:
    """Whether the new type takes the values as they are stored."""
    was = column_before(statement, change.table, change.column)
    zone = deploy.settings.get("timezone", "UTC")
    return was is not None and is_free(was.type, change.type, change.using, zone)


def is_bystander(deploy: Deploy, edit: TypeEdit) -> bool:
    """Whether the type change leaves the rows alone and stands beside one that writes the table anew."""
    return is_catalogue_only(deploy, edit.statement, edit) and any(
        writes_rows(deploy, edit.statement, other)
        for other in edit.statement.changes
        if getattr(other, "table", None) == edit.table
    )
