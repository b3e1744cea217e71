"""What statements really did, where their text alone does not tell.

On PostgreSQL a DO block, a function or text made at run time is told by the catalogue before and after and by the rows that the
server counted. IF NOT EXISTS over what exists did nothing. A name without its schema is found through the search path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace

from gate.facts import changes as c
from gate.facts.rehearsal import Statement
from gate.facts.schema import Schema
from gate.sql import _called
from gate.sql._differences import differences

_TABLE_FIELDS = ("table", "partition", "partition_of", "view")
_WRITES = (c.Update, c.Delete, c.Insert)
_UNSEEN = (c.LockTable, c.Truncate, c.SetSetting, c.TransactionControl, c.Maintenance)


def effective(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The statements with the changes that they made."""
    return tuple(map(_one, _shadowed(statements)))


def _shadowed(statements: tuple[Statement, ...]) -> Iterator[Statement]:
    """Statements whose bare names mean a temporary table, which goes before all others of its name.

    A statement that was seen locking the other one, or that names its schema, means that one.
    """
    made: dict[str, Statement] = {}
    for statement in statements:
        hidden = {name for name, by in made.items() if _means_temporary(statement, name, by)}
        yield replace(statement, changes=tuple(_temporary(one, hidden) for one in statement.changes))
        for one in statement.changes:
            if isinstance(one, c.CreateTable) and one.temporary and statement.before.table(one.table):
                made[one.table] = statement
            if isinstance(one, c.DropTable) and (one.table in hidden or one.table.startswith("pg_temp.")):
                made.pop(one.table.removeprefix("pg_temp."), None)


def _means_temporary(statement: Statement, name: str, by: Statement) -> bool:
    if re.search(r"(?i)\bON\s+COMMIT\s+DROP\b", by.sql) and statement.transaction != by.transaction:
        return False
    observed = statement.observed
    seen = observed is not None and any(lock.table == name for lock in observed.locks)
    return not seen and f"public.{name}" not in statement.sql.replace('"', "")


def _temporary(change: c.Change, names: set[str]) -> c.Change:
    new = {
        field.name: f"pg_temp.{value}"
        for field in fields(change)
        if field.name in _TABLE_FIELDS and (value := getattr(change, field.name)) in names
    }
    return replace(change, **new) if new else change


def revealed(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """MySQL and MariaDB: what CALL and EXECUTE did to the schema, told by the catalogue, and what CALL wrote, by its text."""
    return tuple(
        replace(one, changes=(*_observed(one), *_called.writes(one, statements))) if _is_call(one) else one
        for one in statements
    )


def _is_call(statement: Statement) -> bool:
    return _is_code(statement) and any(isinstance(one, c.CodeBlock) for one in statement.changes)


def _one(statement: Statement) -> Statement:
    changes = statement.changes
    if _is_code(statement):
        changes = tuple(_observed(statement))
    changes = tuple(_placed(change, statement) for change in changes if not _is_idle(change, statement.before))
    return statement if changes == statement.changes else replace(statement, changes=changes)


def _is_code(statement: Statement) -> bool:
    """Whether the text does not tell what ran, and the server was watched."""
    if statement.observed is None or statement.error is not None:
        return False
    return not statement.understood or any(isinstance(one, c.CodeBlock) for one in statement.changes)


def _observed(statement: Statement) -> Iterator[c.Change]:
    """What the catalogue and the counted rows tell, and of the text what neither can show."""
    yield from (one for one in statement.changes if isinstance(one, (c.CodeBlock, c.Query)))
    found = tuple(differences(statement.before, statement.after))
    yield from (_written(one, statement) for one in found)
    touched = statement.observed.touched if statement.observed else ()
    for one in touched:
        if one.updated:
            yield _write(statement, c.Update, one.table) or c.Update(one.table)
        if one.deleted:
            yield _write(statement, c.Delete, one.table) or c.Delete(one.table, always=_is_without_condition(statement))
        if one.inserted:
            yield _write(statement, c.Insert, one.table) or c.Insert(one.table)
    yield from _without_rows(statement, {one.table for one in touched if one.updated or one.deleted or one.inserted})
    yield from _refreshed(statement)
    locked = {lock.table for lock in statement.observed.locks} if statement.observed else set()
    yield from (one for one in statement.changes if isinstance(one, _UNSEEN) and getattr(one, "table", "") in locked)


def _is_without_condition(statement: Statement) -> bool:
    """Whether a block that holds its text itself deletes rows and names no condition anywhere: a name put together."""
    said = {word.lower() for word in re.findall(r"\w+", statement.sql)}
    own = any(isinstance(one, c.CodeBlock) and one.verb == "do" for one in statement.changes)
    return own and "delete" in said and not said & {"where", "using", "perform", "call"}


def _refreshed(statement: Statement) -> Iterator[c.Change]:
    """A materialized view with a new file was refreshed; CONCURRENTLY writes into the one that it has."""
    for name in statement.observed.rewrites if statement.observed else ():
        was, now = statement.before.table(name), statement.after.table(name)
        if was is not None and was == now and was.kind == "materialized-view":
            yield c.RefreshMaterializedView(name)


def _without_rows(statement: Statement, written: set[str]) -> Iterator[c.Change]:
    """Writes that ran and met no row of the rehearsal: their lock shows it, a branch that is not taken takes none."""
    locks = statement.observed.locks if statement.observed else ()
    ran = {lock.table for lock in locks if lock.mode == "RowExclusiveLock"} - written
    yield from (one for one in statement.changes if isinstance(one, _WRITES) and one.table in ran)


def _written(change: c.Change, statement: Statement) -> c.Change:
    """The change as the text has it, which may say more (a default's function), else as the catalogue has it."""
    text = next((one for one in statement.changes if _key(one) == _key(change)), None)
    if isinstance(text, c.AddConstraint) and isinstance(change, c.AddConstraint):
        proven = replace(text.constraint, not_valid=change.constraint.not_valid)
        return replace(text, constraint=proven)  # added NOT VALID and validated by one block is added at once
    return text or _rewritten(change, statement)


def _rewritten(change: c.Change, statement: Statement) -> c.Change:
    """A column whose coming wrote the table anew has a default that differs by row."""
    if isinstance(change, c.AddColumn) and statement.observed and change.table in statement.observed.rewrites:
        return replace(change, column=replace(change.column, volatile=True))
    return change


def _key(change: c.Change) -> tuple[object, ...]:
    own = [getattr(change, name, None) for name in ("table", "column", "name", "view", "type")]
    if isinstance(change, c.AddColumn):
        own[1] = change.column.name
    if isinstance(change, c.AddConstraint):
        own[2] = change.constraint.name
    return (type(change), *own)


def _write(statement: Statement, kind: type[c.Change], table: str) -> c.Change | None:
    return next(
        (one for one in statement.changes if isinstance(one, kind) and getattr(one, "table", "") == table), None
    )


def _is_idle(change: c.Change, before: Schema) -> bool:
    """IF NOT EXISTS over what exists, IF EXISTS over what does not; CONCURRENTLY is refused in a transaction all the same."""
    if isinstance(change, c.AddColumn) and change.if_not_exists:
        table = before.table(change.table)
        return table is not None and table.column(change.column.name) is not None
    if isinstance(change, c.CreateTable) and change.if_not_exists:
        return before.table(change.table) is not None
    if isinstance(change, c.CreateIndex) and change.if_not_exists and change.name and not change.concurrently:
        return before.index_owner(change.name) is not None
    if isinstance(change, c.RenameIndex) and change.table is None:
        return bool(before.tables) and before.index_owner(change.name) is None
    return (
        isinstance(change, c.DropTable) and change.if_exists and bool(before.tables) and _unknown(change.table, before)
    )


def _unknown(table: str, schema: Schema) -> bool:
    return schema.table(table) is None and not any(_ends(name, table) for name in schema.tables)


def _ends(qualified: str, bare: str) -> bool:
    return "." not in bare and qualified.endswith(f".{bare}")


def _placed(change: c.Change, statement: Statement) -> c.Change:
    """The change with its tables' schemas, where the search path and not the text named them."""
    new = {}
    for field in fields(change):
        name = getattr(change, field.name)
        if field.name in _TABLE_FIELDS and isinstance(name, str) and (found := _found(name, statement)):
            new[field.name] = found
    return replace(change, **new) if new else change


def _found(name: str, statement: Statement) -> str | None:
    """The one relation of this bare name in another schema that the statement locked or left changed."""
    observed = statement.observed
    locked = {lock.table for lock in (*observed.locks, *observed.held)} if observed else set()
    known = dict.fromkeys((*statement.before.tables, *statement.after.tables))
    untouched = statement.before.tables.get(name) == statement.after.tables.get(name)
    if "." in name or (name in known and (not locked or name in locked or not untouched)):
        return None
    fitting = [one for one in known if _ends(one, name) and (not locked or one in locked)]
    return fitting[0] if len(fitting) == 1 else None
