"""Fills the tables of a schema with a few rows, whatever the server: driven by the catalogue alone.

Parents come before children; row *i* of a child points at row *i* of its parent. When the server refuses a row, the
columns of the refusing condition get other values, drawn first from the condition's own text, until one is accepted.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gate.databases._solve import Attempt, Row, SeedEngine, foreign_keys
from gate.databases._types import Types, ValueType
from gate.databases._values import Value, large, low, orphan, plain
from gate.databases.base import Seeded, SeedProfile
from gate.facts.schema import Column, Constraint, Schema, Table

ROWS = 4
_FULL, _LARGE, _NULLS, _COPY = range(ROWS)
_IDENTIFIER = re.compile(r".+_(id|uuid|pk|key)$|.+Id$")


@dataclass
class _Work:
    """One seeding in progress."""

    engine: SeedEngine
    schema: Schema
    types: Types
    profile: SeedProfile
    rows: dict[str, list[Row]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def seed(engine: SeedEngine, schema: Schema, profile: SeedProfile, tables: Iterable[str] | None) -> Seeded:
    """Seed the empty base tables of the schema, or only those named."""
    wanted = _wanted(schema, tables)
    work = _Work(engine, schema, Types(engine.dialect, schema), profile)
    filled = engine.filled(wanted)
    count = 0
    for table in _parents_first(schema, wanted):
        if table.name in filled:
            continue
        count += _seed_table(work, table)
    seeded = sum(1 for table in wanted if work.rows.get(table.name) and table.name not in filled)
    return Seeded(seeded, count, dict(sorted(work.reasons.items())), tuple(sorted(filled)))


def _wanted(schema: Schema, names: Iterable[str] | None) -> list[Table]:
    """Tables that take rows of their own: partitions get theirs through the parent."""
    chosen = schema.tables.values() if names is None else [one for one in map(schema.table, names) if one]
    return [table for table in chosen if table.kind in ("table", "partitioned") and table.partition_of is None]


def _parents_first(schema: Schema, tables: Sequence[Table]) -> list[Table]:
    """The tables so that parents precede children; within a cycle, in the order given."""
    order: dict[str, Table] = {}
    names = {table.name for table in tables}
    for start in tables:
        path = [(start, iter(_parents(start)))]
        open_ = {start.name}
        while path:
            table, parents = path[-1]
            name = next((one for one in parents if one in names and one not in order and one not in open_), None)
            if name is not None:
                open_.add(name)
                path.append((schema.tables[name], iter(_parents(schema.tables[name]))))
            else:
                order.setdefault(table.name, table)
                path.pop()
    return list(order.values())


def _parents(table: Table) -> list[str]:
    return [one.references for one in foreign_keys(table) if one.references and one.references != table.name]


def _seed_table(work: _Work, table: Table) -> int:
    """Rows inserted into this table; its reasons are noted when there are fewer than planned."""
    columns = [one for one in table.columns if one.generated is None]
    keys = _keys(table)
    planned = [_plan(work, table, columns, keys, number) for number in range(ROWS)]
    names = [one.name for one in columns]
    refusal = work.engine.insert(table, names, planned)
    done = planned if refusal is None else _one_by_one(work, table, names, planned)
    work.rows[table.name] = done
    if done:
        work.engine.inserted(table)
        if table.name in work.reasons:
            work.reasons[table.name] = f"{len(done)} of {ROWS} rows only: {work.reasons[table.name]}"
    return len(done)


def _one_by_one(work: _Work, table: Table, names: Sequence[str], planned: Sequence[Row]) -> list[Row]:
    """The rows that the server takes in the end; what the first one teaches is tried on the others together."""
    done: list[Row] = []
    parents = functools.partial(_rows_of, work)
    wanted = [dict(row) for row in planned]
    refused: dict[tuple[str, str | None], set[Value]] = {}
    for number, row in enumerate(planned):
        if number == _COPY and work.profile == "hostile" and done:
            # A copy of the first row as it was accepted, not as it was planned.
            row.update({name: done[0][name] for name in names if wanted[number][name] == wanted[_FULL][name]})
        attempt = Attempt(work.engine, work.types, table, names, row, number, done, parents, refused)
        reason = attempt.insert()
        if reason is None:
            done.append(row)
        else:
            work.reasons.setdefault(table.name, reason)
        if number == _FULL and reason is None and work.profile == "plain":
            rest = attempt.taught(planned[1:])
            if work.engine.insert(table, names, rest) is None:
                return [row, *rest]
    return done


def _keys(table: Table) -> list[tuple[str, ...]]:
    """Column sets that must be unique; an expression index counts with every column it mentions."""
    keys = [
        one.columns for one in table.constraints if one.kind in ("primary-key", "unique", "exclude") and one.columns
    ]
    for index in table.indexes:
        if index.unique:
            keys.append(index.columns or _mentioned(table, index.definition.partition("(")[2]))
    return list(dict.fromkeys(key for key in keys if key))


def _mentioned(table: Table, text: str) -> tuple[str, ...]:
    return tuple(one.name for one in table.columns if re.search(rf"\b{re.escape(one.name)}\b", text))


def _distinct(table: Table, keys: Sequence[tuple[str, ...]]) -> set[str]:
    """Columns that must differ for every key to differ: as few as possible, the last of each key."""
    chosen: set[str] = set()
    for key in sorted(keys, key=len):
        if not chosen & set(key):
            chosen.add(key[-1])
    return chosen


def _plan(work: _Work, table: Table, columns: Sequence[Column], keys: Sequence[tuple[str, ...]], number: int) -> Row:
    hostile = work.profile == "hostile"
    distinct = _distinct(table, keys)
    row: Row = {}
    for constraint in foreign_keys(table):
        copy = hostile and number == _COPY and not distinct & set(constraint.columns)
        row.update(_parent_values(work, table, constraint, row, _FULL if copy else number))
    primary = {name for one in table.constraints if one.kind == "primary-key" for name in one.columns}
    for column in columns:
        kind = work.types.of(column, table)
        if hostile and number == _NULLS and column.nullable and not kind.required and column.name not in primary:
            row[column.name] = None
        elif column.name not in row:
            copied = hostile and number == _COPY and column.name not in distinct
            row[column.name] = _value(work, column, kind, _FULL if copied else number, column.name in primary)
    return {column.name: row[column.name] for column in columns}


def _value(work: _Work, column: Column, kind: ValueType, number: int, primary: bool) -> Value:
    counted = column.identity or "nextval(" in (column.default or "")
    if work.profile == "hostile" and number == _LARGE and not counted:
        if _IDENTIFIER.match(column.name) and not primary:
            return orphan(kind, column, number)
        if not (primary and kind.family == "integer"):
            return large(kind, column, number)
    if work.profile == "hostile" and number == _FULL and not (counted or primary or _IDENTIFIER.match(column.name)):
        return low(kind, column, number)
    return plain(kind, column, number)


def _parent_values(work: _Work, table: Table, constraint: Constraint, row: Row, number: int) -> Row:
    """The values of a foreign key's columns: those of a row of the parent that agrees with what the row already has."""
    pairs = list(zip(constraint.columns, constraint.referenced_columns, strict=False))
    if constraint.references == table.name:
        return _own_values(work, table, pairs, row, number)
    parents = _rows_of(work, constraint.references or "", [target for _, target in pairs])
    if not parents:
        return {}
    start = number % len(parents)
    for parent in parents[start:] + parents[:start]:
        values = {name: parent.get(target) for name, target in pairs}
        if all(row.get(name, value) == value for name, value in values.items()):
            return values
    return {}


def _own_values(work: _Work, table: Table, pairs: Sequence[tuple[str, str]], row: Row, number: int) -> Row:
    """A row that points at itself: the only choice that keeps all rows different and needs no order."""
    primary = {name for one in table.constraints if one.kind == "primary-key" for name in one.columns}
    values: Row = {}
    for name, target in pairs:
        column = table.column(target)
        if column is not None:
            value = (
                row[target]
                if target in row
                else _value(work, column, work.types.of(column, table), number, target in primary)
            )
            values[name] = value
    return values


def _rows_of(work: _Work, name: str, columns: Sequence[str]) -> list[Row]:
    """Rows of a table: those seeded now, those that were there, or (in a cycle) those it is going to get."""
    if work.rows.get(name):
        return work.rows[name]
    table = work.schema.tables.get(name)
    if table is None:
        return []
    if name not in work.rows:
        found = work.engine.sample(table, columns)
        if found:
            work.rows[name] = found
            return found
        primary = {one for key in table.constraints if key.kind == "primary-key" for one in key.columns}
        kinds = [(one, work.types.of(one, table)) for one in table.columns if one.name in columns]
        return [
            {one.name: _value(work, one, kind, number, one.name in primary) for one, kind in kinds}
            for number in range(ROWS)
        ]
    return []
