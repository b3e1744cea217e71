"""SQLite's make-the-table-anew, folded into the changes that it amounts to.

The steps are https://www.sqlite.org/lang_altertable.html#otheralter; Alembic's batch mode takes them with a table named
``_alembic_tmp_<table>``, people write them by hand with names of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
from gate.facts.schema import Constraint, Index, Schema, Table
from gate.sql import _types
from gate.sql.mentions import mentions
from gate.sql.modified import plain_default

if TYPE_CHECKING:
    from gate.sql._copied import Source

PREFIX = "_alembic_tmp_"
STEP = Harmless("recreate")


@dataclass(frozen=True)
class _Recreate:
    """One recreate: where its steps stand, the table as it was, as it is made, and where each column comes from.

    ``anchor`` is the step that tells the changes: the copy, since it is there that rows refuse them. ``aside`` is the
    name that the old table was given first; then ``before`` is the schema in which it still had its own.
    """

    table: str
    temporary: str
    steps: frozenset[int]
    anchor: int
    old: Table | None
    new: CreateTable
    sources: Mapping[str, Source] = field(default_factory=dict)
    aside: str | None = None
    before: Schema | None = None


def folded(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Every recreate as one ``RecreateTable`` with its changes, at the statement that copies the rows."""
    found = list(_recreates(statements))
    return tuple(_rewritten(statement, found) for statement in statements)


def _recreates(statements: tuple[Statement, ...]) -> Iterator[_Recreate]:
    for at, statement in enumerate(statements):
        for change in statement.changes:
            if isinstance(change, CreateTable):
                earlier = [one for one in statements[:at] if one.revision == statement.revision]
                later = [one for one in statements[at:] if one.revision == statement.revision]
                found = _in_place(earlier, later, change) or _followed(later, change)
                if found:
                    yield found


def _followed(mine: list[Statement], made: CreateTable) -> _Recreate | None:
    """A table made under another name that takes the old one's place in the end, as far as the steps came."""
    table = _goal(mine, made)
    if table is None:
        return None
    copy = _copy(mine, made, table)
    drop = _first(mine, DropTable(table))
    if copy is None and drop is None:
        return None
    rename = next((one for one in mine if RenameTable(made.table, table) in one.changes), None)
    return _recreate(table, made, (mine[0], copy, drop, rename, _first(mine, DropTable(made.table))), copy or drop)


def _in_place(earlier: list[Statement], mine: list[Statement], made: CreateTable) -> _Recreate | None:
    """A table made under the old one's name, which was renamed before; its rows are read from there."""
    for rename in reversed(earlier):
        for change in rename.changes:
            if isinstance(change, RenameTable) and change.table == made.table:
                copy = _copy(mine, made, change.to)
                if copy is None or not mentions(copy.sql, change.to):
                    return None
                steps = (rename, mine[0], copy, _first(mine, DropTable(change.to)))
                return replace(_recreate(made.table, made, steps, copy), aside=change.to, before=rename.before)
    return None


def _recreate(table: str, made: CreateTable, found: Iterable[Statement | None], anchor: Statement | None) -> _Recreate:
    steps = sorted((one for one in found if one), key=lambda one: one.number)
    told = anchor or steps[0]
    old, new = steps[0].before.table(table), _as_made(steps, made)
    numbers = frozenset(one.number for one in steps)
    return _Recreate(table, made.table, numbers, told.number, old, new, _sources(told, new))


def _as_made(steps: list[Statement], made: CreateTable) -> CreateTable:
    """The new table; one that a query makes is as the catalogue says."""
    if not made.as_query:
        return made
    known = next((one.after.table(made.table) for one in steps if made in one.changes), None)
    return replace(spec_of(known), as_query=True) if known else made


def _copy(mine: list[Statement], made: CreateTable, old: str) -> Statement | None:
    """The statement that fills the new table from a query: often the one that makes it."""
    if made.as_query and mentions(mine[0].sql, old):
        return mine[0]
    return next((one for one in mine if any(_copies(change, made.table) for change in one.changes)), None)


def _first(mine: list[Statement], drop: DropTable) -> Statement | None:
    return next((one for one in mine if drop in _bare_drops(one)), None)


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


def _sources(copy: Statement, made: CreateTable) -> Mapping[str, Source]:
    from gate.sql._copied import column_sources  # a parser that most runs can do without takes 0.1 s to load

    return column_sources(copy.sql, [column.name for column in made.columns if not column.generated])


def _rewritten(statement: Statement, found: list[_Recreate]) -> Statement:
    for one in found:
        if statement.number == one.anchor:
            made = (RecreateTable(one.table, one.temporary, tuple(sorted(one.steps)), one.aside), *_changes(one))
            return replace(statement, changes=made, understood=True, before=one.before or statement.before)
        if statement.number in one.steps:
            return replace(statement, changes=(STEP,), understood=True)
        if statement.number > one.anchor:
            statement = replace(statement, changes=tuple(_index(change, one) for change in statement.changes))
    return statement


def _index(change: Change, one: _Recreate) -> Change:
    """An index that the old table had too is only put back, under whatever name, also over a column with a new one."""
    if not isinstance(change, CreateIndex) or change.table != one.table:
        return change
    known, again = one.old.indexes if one.old else (), _in_old_names(change, _renamed(one))
    return STEP if any(_is_put_back(was, again) for was in known) else change


def _in_old_names(index: CreateIndex, renamed: Mapping[str, str]) -> CreateIndex:
    columns = tuple(renamed.get(name.lower(), name) for name in index.columns)
    where = index.where and re.sub(r"\w+", lambda word: renamed.get(word[0].lower(), word[0]), index.where)
    return replace(index, columns=columns, where=where)


def _renamed(one: _Recreate) -> dict[str, str]:
    """The old names of columns, by their new ones in lower case."""
    return {new: one.sources[new].column for new in _moved(one)}


def _is_put_back(was: Index, change: CreateIndex) -> bool:
    """Whether it is over the same columns; of an expression the columns tell nothing, so its name decides."""
    over = was.name == change.name or (bool(was.columns) and not is_expression(was))
    same = was.columns == change.columns and was.unique == change.unique
    return over and same and plain_expression(was.predicate) == plain_expression(change.where)


def is_expression(index: Index) -> bool:
    """An index over an expression, which SQLAlchemy cannot reflect."""
    inside = re.search(r"\bON\b[^(]*\((.*)\)", index.definition, re.IGNORECASE | re.DOTALL)
    return not index.columns or bool(inside and "(" in inside.group(1))


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
    if one.old is None or not one.new.columns:
        return ()
    was = spec_of(one.old)
    # A query makes columns alone: a rule of its own tells what they do not carry.
    return (*_columns(one, was), *(() if one.new.as_query else _constraints(one, was)))


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
        if not one.new.as_query:
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
    moved = {_identity(_with_names(spec, _renamed(one))): spec for spec in after.values()}
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
