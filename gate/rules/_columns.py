"""Changes to columns told in one way, however a dialect writes them.

PostgreSQL has a sub-command for each attribute; ``gate.sql.resolve`` has told MySQL's MODIFY and SQLite's recreate as
the same changes before rules are asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Column
from gate.rules._world import column_before, constraint_before, not_null_check, noticed, table_before

_OneColumn = c.SetNotNull | c.DropNotNull | c.DropDefault


@dataclass(frozen=True)
class ColumnEdit:
    """One attribute of one column of a table that is older than the deploy. ``before`` is None where unknown."""

    statement: Statement
    table: str
    column: str
    before: Column | None


@dataclass(frozen=True)
class TypeEdit(ColumnEdit):
    """A type change. ``using`` is PostgreSQL's conversion, ``collation`` a COLLATE that was written."""

    type: str
    using: str | None = None
    collation: str | None = None


@dataclass(frozen=True)
class Renaming(ColumnEdit):
    """A rename of a column."""

    to: str


def made_required(deploy: Deploy) -> Iterator[ColumnEdit]:
    """Columns that become NOT NULL, those that already were left out."""
    for edit in _edits(deploy, c.SetNotNull):
        if edit.before is None or edit.before.nullable:
            yield edit


def proven(deploy: Deploy, edit: ColumnEdit) -> bool:
    """Whether a validated CHECK proves that the column holds no NULL.

    Then, from PostgreSQL 12, SET NOT NULL reads no row, none can be refused, and nobody writes NULL any more.
    """
    if deploy.dialect != "postgresql" or (deploy.version and deploy.version[0] < 12):
        return False
    return told_proven(edit) or not_null_check(table_before(edit.statement, edit.table), edit.column) is not None


def told_proven(edit: ColumnEdit) -> bool:
    """Whether the server said that a CHECK spared it the reading of the rows."""
    return noticed(edit.statement, f'"{edit.table.rpartition(".")[2]}.{edit.column}" are sufficient')


def made_nullable(deploy: Deploy) -> Iterator[ColumnEdit]:
    """Columns that lose NOT NULL, those that were nullable left out."""
    for edit in _edits(deploy, c.DropNotNull):
        if edit.before is None or not edit.before.nullable:
            yield edit
    yield from _constraints_dropped(deploy)


def _constraints_dropped(deploy: Deploy) -> Iterator[ColumnEdit]:
    """From PostgreSQL 18 NOT NULL is a constraint with a name, by which it may be dropped too."""
    for statement, change in deploy.changes(c.DropConstraint):
        known = constraint_before(statement, change.table, change.name) if change.name else None
        for name in known.columns if known and known.kind == "not-null" else ():
            after = statement.after.table(change.table)
            now = after.column(name) if after else None
            if now is None or now.nullable:
                yield ColumnEdit(statement, change.table, name, column_before(statement, change.table, name))


def defaults_dropped(deploy: Deploy) -> Iterator[ColumnEdit]:
    """Columns that lose their default."""
    for edit in _edits(deploy, c.DropDefault):
        if edit.before is None or edit.before.default is not None:
            yield edit


def _edits(deploy: Deploy, kind: type[_OneColumn]) -> Iterator[ColumnEdit]:
    for statement, change in deploy.changes(kind):
        yield ColumnEdit(statement, change.table, change.column, column_before(statement, change.table, change.column))


def retyped(deploy: Deploy) -> Iterator[TypeEdit]:
    """Columns that get another type, the same type left out."""
    for statement, change in deploy.changes(c.AlterColumnType):
        if is_retyped(statement, change):
            before = column_before(statement, change.table, change.column)
            new, using, collation = change.type, change.using, change.collation
            yield TypeEdit(statement, change.table, change.column, before, new, using, collation)


def is_retyped(statement: Statement, change: c.AlterColumnType) -> bool:
    """Whether the column gets another type or collation than it had."""
    before = column_before(statement, change.table, change.column)
    if before is None or not same_type(before.type, change.type):
        return True
    return bool(change.collation) and change.collation != before.collation


def same_type(one: str, other: str) -> bool:
    """Whether two spellings are one type."""
    return one.lower().replace(" ", "").removeprefix("public.") == other.lower().replace(" ", "").removeprefix(
        "public."
    )


def renamed(deploy: Deploy) -> Iterator[Renaming]:
    """Columns that get another name."""
    for statement, change in deploy.changes(c.RenameColumn):
        before = column_before(statement, change.table, change.column)
        yield Renaming(statement, change.table, change.column, before, change.to)
