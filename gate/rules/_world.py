"""What rules ask about the world around a statement: what it was before, what ran with it, what the server did."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Column, Constraint, Table

# https://www.postgresql.org/docs/current/explicit-locking.html, table 13.2: modes that stop writers, and those that
# stop readers too.
STOPS_READS = frozenset({"AccessExclusiveLock"})
STOPS_WRITES = STOPS_READS | {"ExclusiveLock", "ShareRowExclusiveLock", "ShareLock"}


def table_before(statement: Statement, name: str) -> Table | None:
    """The table as it was before the statement."""
    return statement.before.table(name)


def column_before(statement: Statement, table: str, column: str) -> Column | None:
    """The column as it was before the statement."""
    known = statement.before.table(table)
    return known.column(column) if known else None


def constraint_before(statement: Statement, table: str, name: str) -> Constraint | None:
    """The constraint as it was before the statement."""
    known = statement.before.table(table)
    return known.constraint(name) if known else None


def final_table(deploy: Deploy, statement: Statement, table: str) -> Table | None:
    """The table at the end of the revision; None where the revision never got there."""
    mine = [one for one in deploy.statements if one.revision == statement.revision]
    return mine[-1].after.table(table) if not any(one.error for one in mine) else None


def same_transaction(one: Statement, other: Statement) -> bool:
    """Whether two statements ran in one transaction, so that locks of the first last over the second."""
    return one.transaction == other.transaction and not (one.autocommit or other.autocommit)


def earlier(deploy: Deploy, statement: Statement) -> Iterator[Statement]:
    """The deploy's statements before this one, the last first."""
    return (one for one in reversed(deploy.statements) if one.number < statement.number)


def added_here(deploy: Deploy, table: str, column: str, until: Statement) -> tuple[Statement, c.AddColumn] | None:
    """Where this deploy added the column, if it did; renames of the column and of its table are followed."""
    place, name = table, column.lower()
    for statement in earlier(deploy, until):
        for change in reversed(statement.changes):
            place = c.called_before(change, place)
            if isinstance(change, c.RenameColumn) and (change.table, change.to.lower()) == (place, name):
                name = change.column.lower()
            if isinstance(change, c.AddColumn) and (change.table, change.column.name.lower()) == (place, name):
                return statement, change
    same = (change for change in until.changes if isinstance(change, c.AddColumn) and change.table == table)
    return next(((until, change) for change in same if change.column.name.lower() == column.lower()), None)


def column_at_start(deploy: Deploy, table: str, column: str, until: Statement) -> Column | None:
    """The column as the release still running knows it, from before the deploy; None where the deploy added it.

    Renames of the column and of its table are followed.
    """
    if added_here(deploy, table, column, until) is not None:
        return None
    name = column.lower()
    for change in (change for one in earlier(deploy, until) for change in reversed(one.changes)):
        if isinstance(change, c.RenameColumn) and (change.table, change.to.lower()) == (table, name):
            name = change.column.lower()
        table = c.called_before(change, table)
    known = deploy.baseline.table(table)
    columns = known.columns if known else ()
    return next((one for one in columns if one.name.lower() == name), None)


def drops_its_own(deploy: Deploy, drop: c.DropColumn, at: Statement) -> bool:
    """Whether the column that goes away came with this deploy.

    Of one statement (or text) that drops a name and adds it, what goes is the column that was there before.
    """
    made = added_here(deploy, drop.table, drop.column, at)
    if made is None or made[0] is not at:
        return made is not None
    known = table_before(at, drop.table)
    if known is not None and known.columns:
        return known.column(drop.column) is None
    return at.changes.index(made[1]) < at.changes.index(drop)


def holds_only_null(deploy: Deploy, table: str, columns: tuple[str, ...], at: Statement) -> bool:
    """Whether the deploy itself adds these columns, nullable and without a default: no row has a value in them.

    Neither old rows nor the release still running, which does not know them, can break a key over them.
    """
    return bool(columns) and all(_is_only_null(deploy, table, name, at) for name in columns)


def tells_apart(deploy: Deploy, table: str, columns: tuple[str, ...], at: Statement) -> tuple[str, ...]:
    """Those of a unique key's columns that keep the release still running from repeating it: new ones.

    It leaves NULL in them, which differs from every NULL (but under NULLS NOT DISTINCT), or a number or UUID of the
    server's.
    """
    null = not re.search(r"\bnulls\s+not\s+distinct\b", at.sql, re.IGNORECASE)
    return tuple(
        name
        for name in columns
        if (null and _is_only_null(deploy, table, name, at)) or _is_numbered(deploy, table, name, at)
    )


def is_filled(deploy: Deploy, table: str, column: str, until: Statement) -> bool:
    """Whether an UPDATE of the deploy gave the column values before this statement."""
    writes = (change for one in earlier(deploy, until) for change in one.changes if isinstance(change, c.Update))
    return any(one.table == table and fills(one, column) for one in writes)


def fills(change: c.Update | c.Insert, column: str) -> bool:
    """Whether a write gives the column values (an UPDATE whose columns are not known may)."""
    return not change.columns or column.lower() in (name.lower() for name in change.columns)


def _is_only_null(deploy: Deploy, table: str, column: str, at: Statement) -> bool:
    made = added_here(deploy, table, column, at)
    spec = made[1].column if made else None
    return spec is not None and spec.nullable and spec.default is None and spec.generated is None


def _is_numbered(deploy: Deploy, table: str, column: str, at: Statement) -> bool:
    """Whether the server itself gives each row, old or new, a value of its own in a column of the deploy."""
    made = added_here(deploy, table, column, at)
    if made is None or made[1].column.generated:
        return False
    spec = made[1].column
    told = f"{spec.type} {spec.default or ''}"
    return spec.identity or re.search(r"serial\b|(nextval|uuid\w*)\s*\(", told, re.IGNORECASE) is not None


def existed_column(deploy: Deploy, table: str, column: str, at: Statement) -> bool:
    """Whether the release still running knows the column: its table and itself are older than the deploy."""
    return deploy.existed(table, at) and added_here(deploy, table, column, at) is None


def with_partitions(statement: Statement, table: str) -> tuple[str, ...]:
    """The table and every partition below it, as they were before the statement."""
    return statement.before.with_partitions(table)


def rewrote(statement: Statement, table: str) -> bool | None:
    """Whether the server wrote the whole table anew; None where nobody watched."""
    if statement.observed is None or statement.error is not None:
        return None
    names = with_partitions(statement, table)
    return any(_same(name, one) for one in statement.observed.rewrites for name in names)


def scanned(statement: Statement, table: str) -> bool | None:
    """Whether the server read the whole table; None where nobody watched."""
    if statement.observed is None or statement.error is not None:
        return None
    names = with_partitions(statement, table)
    return any(one.scans and _same(name, one.table) for one in statement.observed.touched for name in names)


def noticed(statement: Statement, text: str) -> bool:
    """Whether one of the server's own messages holds the text."""
    return statement.observed is not None and any(text in one for one in statement.observed.notices)


def locked(statement: Statement, table: str, modes: frozenset[str] = STOPS_WRITES) -> bool | None:
    """Whether the statement holds one of these locks on the table; None where nobody watched."""
    if statement.observed is None or statement.error is not None:
        return None
    held = (*statement.observed.locks, *statement.observed.held)
    return any(lock.mode in modes and _same(table, lock.table) for lock in held)


def _same(one: str, other: str) -> bool:
    return one.removeprefix("public.") == other.removeprefix("public.")


def not_null_check(table: Table | None, column: str) -> Constraint | None:
    """The validated CHECK that already says ``column IS NOT NULL``, so that SET NOT NULL reads nothing (PG 12)."""
    checks = [one for one in table.constraints if one.validated and one.kind == "check"] if table else []
    return next((one for one in checks if _says_not_null(one, column)), None)


def _says_not_null(constraint: Constraint, column: str) -> bool:
    text = constraint.definition.lower().replace('"', "")
    named = re.search(rf"(?<![\w$.]){re.escape(column.lower())} is not null", text)
    return named is not None and not re.search(r"\bor\b|\bcase\b|\bnot\s*\(", text)


def is_unique(table: Table | None, columns: tuple[str, ...]) -> bool:
    """Whether rows that match these columns by value are at most one each."""
    given = {name.lower() for name in columns}
    if table is None or not given:
        return False
    keys = [one.columns for one in table.indexes if one.unique and not one.predicate]
    keys += [one.columns for one in table.constraints if one.kind in ("primary-key", "unique")]
    return any(key and {name.lower() for name in key} <= given for key in keys)
