"""Steps that must be parted: what the rules of ``split-steps`` have in common."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.rules._columns import ColumnEdit, made_required
from gate.rules._loops import marks, rows_written_back
from gate.rules._world import added_here, fills, is_unique, same_transaction, table_before


def backfills(deploy: Deploy) -> Iterator[tuple[Statement, c.Update | c.Insert]]:
    """Writes over rows of tables that are there: UPDATE of more than known keys, INSERT from a query.

    A loop that reads all rows and writes them back by their keys writes as many.
    """
    looped = marks(rows_written_back(deploy))
    for statement, change in deploy.changes(c.Change):
        if isinstance(change, c.Update):
            if not _by_few(statement, change) or (statement.number, change) in looped:
                yield statement, change
        elif isinstance(change, c.Insert) and change.from_query:
            yield statement, change


def _by_few(statement: Statement, change: c.Update) -> bool:
    return change.by_key or is_unique(table_before(statement, change.table), change.equals)


def added_then_required(deploy: Deploy) -> Iterator[tuple[Statement, c.AddColumn, ColumnEdit]]:
    """Columns that one deploy both adds and makes NOT NULL, with the statement that added them."""
    for edit in made_required(deploy):
        new = added_here(deploy, edit.table, edit.column, edit.statement)
        if new is not None:
            yield *new, edit


def required_too_early(deploy: Deploy) -> Iterator[tuple[Statement, c.AddColumn, ColumnEdit]]:
    """Those of them that have no default by then: the release still running leaves NULL in them."""
    return (one for one in added_then_required(deploy) if (one[2].before or one[1].column).default is None)


def filled_then_required(deploy: Deploy) -> Iterator[tuple[Statement, ColumnEdit]]:
    """Columns that one deploy both fills and makes NOT NULL, with the statement that fills them last."""
    latest_first = list(backfills(deploy))[::-1]
    for edit in made_required(deploy):
        for statement, change in latest_first:
            if statement.number < edit.statement.number and change.table == edit.table and fills(change, edit.column):
                yield statement, edit
                break


# What an UPDATE after it in the same transaction has to wait through: the strongest lock is kept until the end.
ALTERS = (
    c.AddColumn,
    c.DropColumn,
    c.RenameColumn,
    c.AlterColumnType,
    c.ModifyColumn,
    c.SetNotNull,
    c.DropNotNull,
    c.SetDefault,
    c.DropDefault,
    c.AddConstraint,
    c.DropConstraint,
)


def altered_before(deploy: Deploy, statement: Statement, table: str, write: c.Change | None = None) -> Statement | None:
    """The statement of the same transaction that altered the table before this one, or before a write in its text."""
    for one in deploy.statements:
        if one.number > statement.number:
            return None
        own = one.number == statement.number
        changes = one.changes if not own else _before(one.changes, write) if write is not None else ()
        if (own or same_transaction(one, statement)) and any(
            isinstance(change, ALTERS) and change.table == table for change in changes
        ):
            return one
    return None


def _before(changes: tuple[c.Change, ...], write: c.Change) -> tuple[c.Change, ...]:
    """What stands before a write in one text and is in its transaction."""
    found: list[c.Change] = []
    for one in changes[: changes.index(write)]:
        found = [] if isinstance(one, c.TransactionControl) and one.verb in ("commit", "rollback") else [*found, one]
    return tuple(found)


def revisions(*statements: Statement) -> tuple[str, ...]:
    """The other revisions that a finding spans, the last statement's own left out."""
    own = statements[-1].revision
    return tuple(dict.fromkeys(one.revision for one in statements[:-1] if one.revision != own))
