"""The changes that lead from one schema to another: what a block of code did, told by the catalogue.

A table or column that went while one like it came counts as renamed.
"""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.schema import Column, Constraint, Schema, Table


def differences(before: Schema, after: Schema) -> Iterator[c.Change]:
    """Every change between two pictures of one database, tables first."""
    if before == after:
        return
    renamed = dict(_renamed_tables(before, after))
    for name, table in before.tables.items():
        if name in after.tables:
            yield from _table(table, after.tables[name])
        elif name in renamed:
            yield _renamed(name, renamed[name])
        else:
            yield _dropped(table)
    for name, table in after.tables.items():
        if name not in before.tables and name not in renamed.values():
            yield _created(table)
    yield from _types(before, after)


def _renamed_tables(before: Schema, after: Schema) -> Iterator[tuple[str, str]]:
    gone = [table for name, table in before.tables.items() if name not in after.tables]
    new = [table for name, table in after.tables.items() if name not in before.tables]
    for old in gone:
        twins = [one for one in new if one.columns == old.columns and one.kind == old.kind]
        if len(twins) == 1 and old.columns:
            yield old.name, twins[0].name


def _renamed(old: str, new: str) -> c.Change:
    """The same name in another schema is a move; ``public`` goes without saying."""
    schema, _, name = new.rpartition(".")
    return c.MoveTable(old, schema or "public") if name == old.rpartition(".")[2] else c.RenameTable(old, new)


def _dropped(table: Table) -> c.Change:
    if table.kind in ("view", "materialized-view"):
        return c.DropView(table.name, materialized=table.kind == "materialized-view")
    return c.DropTable(table.name)


def _created(table: Table) -> c.Change:
    if table.kind in ("view", "materialized-view"):
        return c.CreateView(table.name, materialized=table.kind == "materialized-view")
    return c.CreateTable(table.name, tuple(map(_spec, table.columns)), partition_of=table.partition_of)


def _spec(column: Column) -> c.ColumnSpec:
    return c.ColumnSpec(
        column.name, column.type, column.nullable, column.default, column.generated, column.identity,
        collation=column.collation, volatile=column.identity,
    )  # fmt: skip


def _table(old: Table, new: Table) -> Iterator[c.Change]:
    name = new.name
    renamed = dict(_renamed_columns(old, new))
    for column in old.columns:
        now = new.column(renamed.get(column.name, column.name))
        if column.name in renamed:
            yield c.RenameColumn(name, column.name, renamed[column.name])
        if now is None:
            yield c.DropColumn(name, column.name)
        else:
            yield from _column(name, column, now)
    for column in new.columns:
        if old.column(column.name) is None and column.name not in renamed.values():
            yield c.AddColumn(name, _spec(column))
    yield from _constraints(old, new)
    yield from _indexes(old, new)
    yield from (c.CreateTrigger(name, one) for one in new.triggers if one not in old.triggers)
    yield from (c.DropTrigger(name, one) for one in old.triggers if one not in new.triggers)


def _renamed_columns(old: Table, new: Table) -> Iterator[tuple[str, str]]:
    """A column of the same type at the same place, where no other went or came."""
    if len(old.columns) == len(new.columns):
        for before, after in zip(old.columns, new.columns, strict=True):
            if before.name != after.name and before.type == after.type and new.column(before.name) is None:
                yield before.name, after.name


def _column(table: str, old: Column, new: Column) -> Iterator[c.Change]:
    if old.type != new.type:
        yield c.AlterColumnType(table, new.name, new.type)
    if old.nullable != new.nullable:
        yield c.DropNotNull(table, new.name) if new.nullable else c.SetNotNull(table, new.name)
    if old.default != new.default:
        yield c.DropDefault(table, new.name) if new.default is None else c.SetDefault(table, new.name, new.default)


def _constraints(old: Table, new: Table) -> Iterator[c.Change]:
    for one in old.constraints:
        now = new.constraint(one.name)
        if now is None and all(new.column(name) for name in one.columns):
            yield c.DropConstraint(new.name, one.name, one.kind)
        elif now is not None and now.validated and not one.validated:
            yield c.ValidateConstraint(new.name, one.name)
    for one in new.constraints:
        if old.constraint(one.name) is None and one.kind != "not-null":
            yield c.AddConstraint(new.name, _constraint(one))


def _constraint(one: Constraint) -> c.ConstraintSpec:
    body = one.definition.removesuffix("NOT VALID").strip()
    return c.ConstraintSpec(
        one.kind, one.name, one.columns, expression=body[5:].strip() if one.kind == "check" else None,
        references=one.references, referenced_columns=one.referenced_columns, on_delete=one.on_delete,
        not_valid=not one.validated, deferrable=one.deferrable,
    )  # fmt: skip


def _indexes(old: Table, new: Table) -> Iterator[c.Change]:
    keys = {one.name for table in (old, new) for one in table.constraints}
    for index in new.indexes:
        if old.index(index.name) is None and index.name not in keys:
            yield c.CreateIndex(
                new.name, index.name, index.columns, unique=index.unique, where=index.predicate, method=index.method
            )
    for index in old.indexes:
        if new.index(index.name) is None and index.name not in keys and all(new.column(one) for one in index.columns):
            yield c.DropIndex(index.name, new.name)


def _types(before: Schema, after: Schema) -> Iterator[c.Change]:
    renamed = dict(_renamed_types(before, after))
    yield from (c.RenameType(old, new) for old, new in renamed.items())
    for name, enum in after.enums.items():
        known = before.enums.get(name)
        if known is not None:
            yield from _values(name, known.values, enum.values)
        elif name not in renamed.values():
            yield c.CreateEnum(name, enum.values)
    yield from (c.DropType(name) for name in before.enums if name not in after.enums and name not in renamed)


def _renamed_types(before: Schema, after: Schema) -> Iterator[tuple[str, str]]:
    new = [(name, enum.values) for name, enum in after.enums.items() if name not in before.enums]
    for old in (name for name in before.enums if name not in after.enums):
        twins = [name for name, values in new if values == before.enums[old].values]
        if len(twins) == 1:
            yield old, twins[0]


def _values(type: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[c.Change]:
    """A label that stands where one is gone is that one under another name: PostgreSQL takes none away."""
    for place, value in enumerate(new):
        if value in old:
            continue
        was = old[place] if len(old) == len(new) else value
        yield c.AddEnumValue(type, value) if was in new else c.RenameEnumValue(type, was, value)
