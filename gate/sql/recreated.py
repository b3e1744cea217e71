"""SQLite's make-the-table-anew, folded into the changes that it amounts to.

The steps are https://www.sqlite.org/lang_altertable.html#otheralter; Alembic's batch mode takes them with a table named
``_alembic_tmp_<table>``, people write them by hand with names of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gate.facts.changes import (
    AddColumn,
    AddConstraint,
    AlterColumnType,
    Change,
    ColumnSpec,
    ConstraintSpec,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropNotNull,
    DropTable,
    Harmless,
    Insert,
    RecreateTable,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
)
from gate.facts.rehearsal import Statement
from gate.facts.schema import Constraint, Table
from gate.sql import _types
from gate.sql.modified import plain_default

if TYPE_CHECKING:
    from gate.sql._copied import Source

PREFIX = "_alembic_tmp_"
STEP = Harmless("recreate")


@dataclass(frozen=True)
class _Recreate:
    """One recreate: where its steps stand, the table as it was, as it is made, and where each column comes from.

    ``anchor`` is the step that tells the changes: the copy, since it is there that rows refuse them.
    """

    table: str
    temporary: str
    steps: frozenset[int]
    anchor: int
    old: Table | None
    new: CreateTable
    sources: Mapping[str, Source] = field(default_factory=dict)


def folded(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Every recreate as one ``RecreateTable`` with its changes, at the statement that copies the rows."""
    found = list(_recreates(statements))
    return tuple(_rewritten(statement, found) for statement in statements)


def _recreates(statements: tuple[Statement, ...]) -> Iterator[_Recreate]:
    for at, statement in enumerate(statements):
        for change in statement.changes:
            if isinstance(change, CreateTable):
                found = _followed(statements[at:], change)
                if found:
                    yield found


def _followed(statements: tuple[Statement, ...], made: CreateTable) -> _Recreate | None:
    """The steps after CREATE TABLE, as far as they came, within one revision."""
    first = statements[0]
    mine = [one for one in statements if one.revision == first.revision]
    table = _goal(mine, made)
    copy = next((one for one in mine if any(_copies(change, made.table) for change in one.changes)), None)
    drop = next((one for one in mine if DropTable(table) in _bare_drops(one)), None) if table else None
    if table is None or (copy is None and drop is None):
        return None
    rename = next((one for one in mine if RenameTable(made.table, table) in one.changes), None)
    clean = next((one for one in mine if DropTable(made.table) in _bare_drops(one)), None)
    steps = [one.number for one in (first, copy, drop, rename, clean) if one]
    anchor = (copy or drop or first).number
    sources = _sources(copy.sql, made) if copy else {}
    return _Recreate(table, made.table, frozenset(steps), anchor, first.before.table(table), made, sources)


def _bare_drops(statement: Statement) -> list[DropTable]:
    return [DropTable(change.table) for change in statement.changes if isinstance(change, DropTable)]


def _goal(mine: list[Statement], made: CreateTable) -> str | None:
    """The table that the new one will stand for."""
    if made.table.startswith(PREFIX):
        return made.table.removeprefix(PREFIX)
    for statement in mine:
        for change in statement.changes:
            if isinstance(change, RenameTable) and change.table == made.table:
                return change.to
    return None


def _copies(change: Change, temporary: str) -> bool:
    return isinstance(change, Insert) and change.table == temporary and change.from_query


def _sources(sql: str, made: CreateTable) -> Mapping[str, Source]:
    from gate.sql._copied import column_sources  # a parser that most runs can do without takes 0.1 s to load

    return column_sources(sql, [column.name for column in made.columns if not column.generated])


def _rewritten(statement: Statement, found: list[_Recreate]) -> Statement:
    for one in found:
        if statement.number == one.anchor:
            made = (RecreateTable(one.table, one.temporary, tuple(sorted(one.steps))), *_changes(one))
            return replace(statement, changes=made, understood=True)
        if statement.number in one.steps:
            return replace(statement, changes=(STEP,), understood=True)
        if statement.number > one.anchor:
            statement = replace(statement, changes=tuple(_index(change, one) for change in statement.changes))
    return statement


def _index(change: Change, one: _Recreate) -> Change:
    """An index that the old table had too is only put back."""
    if isinstance(change, CreateIndex) and change.table == one.table and one.old and change.name:
        was = one.old.index(change.name)
        if was and was.columns == change.columns and was.unique == change.unique:
            return STEP
    return change


def spec_of(table: Table) -> CreateTable:
    """A table of the catalogue as a statement would write it; constraints that nobody named have no name."""
    columns = tuple(
        ColumnSpec(one.name, one.type, one.nullable, one.default, one.generated, one.identity, collation=one.collation)
        for one in table.columns
    )
    return CreateTable(table.name, columns, tuple(_spec(table.name, one) for one in table.constraints))


def _spec(table: str, one: Constraint) -> ConstraintSpec:
    expression = one.definition.removeprefix("CHECK (").removesuffix(")") if one.kind == "check" else None
    name = None if is_unnamed(table, one) else one.name
    return ConstraintSpec(
        one.kind, name, one.columns, expression, one.references, one.referenced_columns, one.on_delete
    )


def is_unnamed(table: str, one: Constraint) -> bool:
    """Whether the catalogue made the name up, because the statement gave none (``gate.databases`` says how)."""
    made_up = {f"{table}_pkey", f"{table}_{'_'.join(one.columns)}_fkey"}
    return (
        one.name in made_up
        or one.name.startswith("sqlite_autoindex_")
        or re.fullmatch(rf"{re.escape(table)}_check_\d+", one.name) is not None
    )


def constraints_of(made: CreateTable) -> tuple[ConstraintSpec, ...]:
    """All constraints of a table, those written beside a column too."""
    inline: list[ConstraintSpec] = []
    for column in made.columns:
        if column.unique:
            inline.append(ConstraintSpec("unique", None, (column.name,)))
        if column.check:
            inline.append(ConstraintSpec("check", None, expression=column.check))
        if column.references:
            inline.append(ConstraintSpec("foreign-key", None, (column.name,), references=column.references))
    return (*made.constraints, *inline)


def _changes(one: _Recreate) -> tuple[Change, ...]:
    if one.old is None:
        return ()
    was = spec_of(one.old)
    return (*_columns(one, was), *_constraints(one, was))


def _columns(one: _Recreate, was: CreateTable) -> Iterator[Change]:
    old = {column.name.lower(): column for column in was.columns}
    keys = {name.lower() for made in (was, one.new) for name in _key(made)}
    kept, names = set(), {column.name.lower() for column in one.new.columns}
    for column in one.new.columns:
        copied = one.sources.get(column.name.lower())
        source = (copied.column if copied else column.name).lower()
        before = old.get(source)
        if before is None or (source != column.name.lower() and source in names - {*_moved(one)}):
            yield AddColumn(one.table, column)
            continue
        kept.add(source)
        if not _types.same(before.type, column.type):
            yield AlterColumnType(one.table, before.name, column.type, copied.using if copied else None)
        yield from _column(one.table, before, column, column.name.lower() in keys)
        if before.name.lower() != column.name.lower():
            yield RenameColumn(one.table, before.name, column.name)
    yield from (DropColumn(one.table, column.name) for name, column in old.items() if name not in kept)


def _moved(one: _Recreate) -> Iterator[str]:
    """New columns whose values come from another column than the one of their name."""
    yield from (new for new, copied in one.sources.items() if new != copied.column.lower())


def _key(made: CreateTable) -> tuple[str, ...]:
    inline = tuple(column.name for column in made.columns if column.primary_key)
    return next((one.columns for one in made.constraints if one.kind == "primary-key"), inline)


def _column(table: str, was: ColumnSpec, now: ColumnSpec, key: bool) -> Iterator[Change]:
    if was.nullable and not now.nullable and not key:
        yield SetNotNull(table, was.name)
    if not was.nullable and now.nullable and not key:
        yield DropNotNull(table, was.name)
    old, new = plain_default(was.default), plain_default(now.default)
    if old is not None and new is None:
        yield DropDefault(table, was.name)
    elif new is not None and old != new:
        yield SetDefault(table, was.name, now.default or "")


def _constraints(one: _Recreate, was: CreateTable) -> Iterator[Change]:
    """Constraints made, and those dropped by name. A rule of its own tells unnamed ones that vanish."""
    before = {_identity(spec): spec for spec in constraints_of(was)}
    after = {_identity(spec): spec for spec in constraints_of(one.new)}
    renamed = {new: one.sources[new].column for new in _moved(one)}
    moved = {_identity(_with_names(spec, renamed)): spec for spec in after.values()}
    for identity, spec in moved.items():
        if identity not in before and spec.kind != "primary-key":
            yield AddConstraint(one.table, spec)
    for identity, spec in before.items():
        if identity not in moved and spec.name:
            yield DropConstraint(one.table, spec.name, spec.kind)


def _with_names(spec: ConstraintSpec, renamed: Mapping[str, str]) -> ConstraintSpec:
    """The constraint in the old table's column names."""
    return replace(spec, columns=tuple(renamed.get(name.lower(), name) for name in spec.columns))


def _identity(spec: ConstraintSpec) -> tuple[object, ...]:
    columns = tuple(name.lower() for name in spec.columns)
    return (spec.kind, columns, plain_expression(spec.expression), (spec.references or "").lower())


def plain_expression(expression: str | None) -> str:
    """An expression to compare with: blanks, quotes of names and letter case outside strings do not count."""
    return "".join((expression or "").replace('"', "").replace("`", "").lower().split())


def constraint_key(one: Constraint) -> tuple[object, ...]:
    """What makes two constraints of the catalogue the same one, whatever they are called."""
    return _identity(_spec("", one))
