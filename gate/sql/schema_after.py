"""What a schema is after a change: for statements that were read but not run, where no catalogue can be asked.

Only what rules ask about is followed: tables, columns, keys, checks, indexes, enumerated types. An object that a change
names but the schema lacks is left alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from gate.facts import changes as c
from gate.facts.schema import Column, Constraint, EnumType, Index, Schema, Table


def schema_after(schema: Schema, changes: Iterable[c.Change]) -> Schema:
    """The schema with the changes applied in order."""
    return functools.reduce(_apply, changes, schema)


def _apply(schema: Schema, change: c.Change) -> Schema:
    step = _STEPS.get(type(change))
    return step(schema, change) if step else schema


def _plain(name: str) -> str:
    return name.removeprefix("public.").removeprefix("main.")


def _with(schema: Schema, table: Table) -> Schema:
    return replace(schema, tables={**schema.tables, table.name: table})


def _without(schema: Schema, name: str) -> Schema:
    return replace(schema, tables={key: table for key, table in schema.tables.items() if key != _plain(name)})


def column_of(spec: c.ColumnSpec) -> Column:
    """A written column as the catalogue would hold it."""
    return Column(
        spec.name,
        spec.type,
        spec.nullable and not spec.primary_key,
        spec.default,
        spec.generated,
        spec.identity,
        spec.comment,
        spec.collation,
        ("INVISIBLE",) if spec.visible is False else (),
    )


def constraint_of(table: str, spec: c.ConstraintSpec) -> Constraint:
    """A written constraint as the catalogue would hold it, named as PostgreSQL would where no name was given."""
    ending = {"primary-key": "pkey", "unique": "key", "foreign-key": "fkey", "check": "check"}.get(spec.kind, spec.kind)
    middle = "" if spec.kind == "primary-key" else "_".join(("", *spec.columns))
    return Constraint(
        name=spec.name or f"{table.rpartition('.')[2]}{middle}_{ending}",
        kind=spec.kind,
        columns=spec.columns,
        definition=f"CHECK ({spec.expression})" if spec.expression else "",
        validated=not spec.not_valid,
        references=spec.references,
        referenced_columns=spec.referenced_columns,
        on_delete=spec.on_delete,
        deferrable=spec.deferrable,
    )


def _inline(spec: c.ColumnSpec) -> Iterable[c.ConstraintSpec]:
    if spec.primary_key:
        yield c.ConstraintSpec("primary-key", columns=(spec.name,))
    if spec.unique:
        yield c.ConstraintSpec("unique", columns=(spec.name,))
    if spec.references:
        yield c.ConstraintSpec("foreign-key", columns=(spec.name,), references=spec.references)
    if spec.check:
        yield c.ConstraintSpec("check", columns=(spec.name,), expression=spec.check)


def _create_table(schema: Schema, change: c.CreateTable) -> Schema:
    if schema.table(change.table) or change.temporary:
        return schema
    name = _plain(change.table)
    written = dict.fromkeys((*change.constraints, *(one for spec in change.columns for one in _inline(spec))))
    made = {one.name: one for one in (constraint_of(name, spec) for spec in written)}
    columns = tuple(column_of(spec) for spec in change.columns)
    table = Table(name, columns=columns, constraints=tuple(made.values()), partition_of=change.partition_of)
    return _with(schema, functools.reduce(_keyed, made.values(), table))


def _keyed(table: Table, constraint: Constraint) -> Table:
    """A table with the index that a key brings and the NOT NULL that a primary key brings."""
    if constraint.kind in ("primary-key", "unique"):
        index = Index(constraint.name, constraint.columns, unique=True)
        table = replace(table, indexes=(*table.indexes, index))
    if constraint.kind == "primary-key":
        for name in constraint.columns:
            table = _edited(table, name, nullable=False)
    return table


def _edited(table: Table, column: str, **new: Any) -> Table:
    columns = tuple(replace(one, **new) if one.name.lower() == column.lower() else one for one in table.columns)
    return replace(table, columns=columns)


def _column(change: Any, **new: Any) -> Callable[[Schema], Schema]:
    def edit(schema: Schema) -> Schema:
        table = schema.table(change.table)
        return _with(schema, _edited(table, change.column, **new)) if table else schema

    return edit


def _add_column(schema: Schema, change: c.AddColumn) -> Schema:
    table = schema.table(change.table)
    if table is None or table.column(change.column.name):
        return schema
    table = replace(table, columns=(*table.columns, column_of(change.column)))
    for spec in _inline(change.column):
        table = _constrained(table, spec)
    return _with(schema, table)


def _constrained(table: Table, spec: c.ConstraintSpec) -> Table:
    made = constraint_of(table.name, spec)
    if spec.using_index and (index := table.index(spec.using_index)):
        made = replace(made, columns=index.columns)
        return replace(table, constraints=(*table.constraints, made))
    return _keyed(replace(table, constraints=(*table.constraints, made)), made)


def _drop_column(schema: Schema, change: c.DropColumn) -> Schema:
    table = schema.table(change.table)
    if table is None:
        return schema
    gone = change.column.lower()
    left = replace(
        table,
        columns=tuple(one for one in table.columns if one.name.lower() != gone),
        indexes=tuple(one for one in table.indexes if gone not in map(str.lower, one.columns)),
        constraints=tuple(one for one in table.constraints if gone not in map(str.lower, one.columns)),
    )
    return _with(schema, left)


def _rename_column(schema: Schema, change: c.RenameColumn) -> Schema:
    table = schema.table(change.table)
    if table is None:
        return schema
    swap = {change.column.lower(): change.to}
    named = replace(
        _edited(table, change.column, name=change.to),
        indexes=tuple(replace(i, columns=tuple(swap.get(n.lower(), n) for n in i.columns)) for i in table.indexes),
        constraints=tuple(
            replace(k, columns=tuple(swap.get(n.lower(), n) for n in k.columns)) for k in table.constraints
        ),
    )
    return _with(schema, named)


def _rename_table(schema: Schema, change: Any) -> Schema:
    table = schema.table(change.table)
    if table is None:
        return schema
    to = change.to if isinstance(change, c.RenameTable) else f"{change.schema}.{table.name.rpartition('.')[2]}"
    moved = _with(_without(schema, change.table), replace(table, name=_plain(to)))
    return replace(moved, tables={key: _pointing(one, table.name, _plain(to)) for key, one in moved.tables.items()})


def _pointing(table: Table, old: str, new: str) -> Table:
    """A table whose foreign keys follow the one that they point at."""
    if not any(one.references == old for one in table.constraints):
        return table
    keys = (replace(one, references=new) if one.references == old else one for one in table.constraints)
    return replace(table, constraints=tuple(keys))


def _modify(schema: Schema, change: c.ModifyColumn) -> Schema:
    table = schema.table(change.table)
    if table is None:
        return schema
    new = column_of(change.spec)
    columns = tuple(new if one.name.lower() == change.column.lower() else one for one in table.columns)
    return _with(schema, replace(table, columns=columns))


def _add_constraint(schema: Schema, change: c.AddConstraint) -> Schema:
    table = schema.table(change.table)
    if table is None:
        return schema
    made, bound = _constrained(table, change.constraint), change.constraint
    if bound.kind != "not-null" or bound.not_valid:
        return _with(schema, made)
    columns = tuple(replace(one, nullable=one.nullable and one.name not in bound.columns) for one in made.columns)
    return _with(schema, replace(made, columns=columns))


def _validate(schema: Schema, change: c.ValidateConstraint) -> Schema:
    table = schema.table(change.table)
    if table is None:
        return schema
    made = tuple(replace(one, validated=True) if one.name == change.name else one for one in table.constraints)
    return _with(schema, replace(table, constraints=made))


def _drop_constraint(schema: Schema, change: c.DropConstraint) -> Schema:
    table = schema.table(change.table)
    if table is None:
        return schema
    gone = table.constraint(change.name) if change.name else None
    freed = gone.columns if gone and gone.kind == "not-null" else ()
    left = replace(
        table,
        columns=tuple(replace(one, nullable=True) if one.name in freed else one for one in table.columns),
        constraints=tuple(one for one in table.constraints if one.name != change.name),
        indexes=tuple(one for one in table.indexes if one.name != change.name),
    )
    return _with(schema, left)


def _create_index(schema: Schema, change: c.CreateIndex) -> Schema:
    table = schema.table(change.table)
    name = change.name or "_".join((change.table.rpartition(".")[2], *change.columns, "idx"))
    if table is None or table.index(name):
        return schema
    made = Index(name, change.columns, change.unique, predicate=change.where, method=change.method or "btree")
    return _with(schema, replace(table, indexes=(*table.indexes, made)))


def _drop_index(schema: Schema, change: c.DropIndex) -> Schema:
    table = schema.table(change.table) if change.table else schema.index_owner(change.name)
    bare = change.name.rpartition(".")[2]
    if table is None:
        return schema
    return _with(schema, replace(table, indexes=tuple(one for one in table.indexes if one.name != bare)))


def _enum(schema: Schema, name: str, values: Iterable[str]) -> Schema:
    return replace(schema, enums={**schema.enums, name: EnumType(name, tuple(values))})


def _enum_value(schema: Schema, change: Any) -> Schema:
    known = schema.enums.get(change.type)
    if known is None:
        return schema
    if isinstance(change, c.AddEnumValue):
        return _enum(schema, change.type, dict.fromkeys((*known.values, change.value)))
    return _enum(schema, change.type, (change.to if one == change.value else one for one in known.values))


def _drop_type(schema: Schema, change: c.DropType) -> Schema:
    if change.cascade:
        for table in schema.tables.values():
            of_it = (one.name for one in table.columns if one.type.removesuffix("[]") == change.type)
            schema = functools.reduce(_drop_column, (c.DropColumn(table.name, name) for name in of_it), schema)
    return replace(
        schema,
        enums={name: one for name, one in schema.enums.items() if name != change.type},
        domains={name: one for name, one in schema.domains.items() if name != change.type},
    )


_STEPS: dict[type[c.Change], Callable[[Schema, Any], Schema]] = {
    c.CreateTable: _create_table,
    c.DropTable: lambda schema, change: _without(schema, change.table),
    c.RenameTable: _rename_table,
    c.MoveTable: _rename_table,
    c.CreateView: lambda schema, change: _with(
        schema, Table(_plain(change.view), "materialized-view" if change.materialized else "view")
    ),
    c.DropView: lambda schema, change: _without(schema, change.view),
    c.AddColumn: _add_column,
    c.DropColumn: _drop_column,
    c.RenameColumn: _rename_column,
    c.AlterColumnType: lambda schema, change: _column(change, type=change.type)(schema),
    c.ModifyColumn: _modify,
    c.SetNotNull: lambda schema, change: _column(change, nullable=False)(schema),
    c.DropNotNull: lambda schema, change: _column(change, nullable=True)(schema),
    c.SetDefault: lambda schema, change: _column(change, default=change.default)(schema),
    c.DropDefault: lambda schema, change: _column(change, default=None)(schema),
    c.AddConstraint: _add_constraint,
    c.ValidateConstraint: _validate,
    c.DropConstraint: _drop_constraint,
    c.CreateIndex: _create_index,
    c.DropIndex: _drop_index,
    c.CreateEnum: lambda schema, change: _enum(schema, change.type, change.values),
    c.AddEnumValue: _enum_value,
    c.RenameEnumValue: _enum_value,
    c.DropType: _drop_type,
}
