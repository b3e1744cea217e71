"""Where two schemas differ, object by object, in the words of the report's ``drift``.

What only differs in how a server or its version spells it is no difference; see ``gate.databases._spelling``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from gate.databases._spelling import constraint_key, default_key, index_key, type_key, view_key
from gate.facts.schema import Column, Constraint, EnumType, Index, Schema, Table

DriftKind = Literal[
    "missing-table", "extra-table", "missing-column", "extra-column", "type", "nullable", "default", "missing-index",
    "extra-index", "missing-constraint", "extra-constraint", "enum", "comment", "other",
]  # fmt: skip
_VIEWS = ("view", "materialized-view")


@dataclass(frozen=True)
class Difference:
    """One difference: what it is about, which kind, and both sides in the server's words (None: not there)."""

    object: str
    kind: DriftKind
    expected: str | None
    actual: str | None


def differences(expected: Schema, actual: Schema) -> tuple[Difference, ...]:
    """Everything that differs, tables in order of name; inside a table columns, constraints, indexes, the rest."""
    found: list[Difference] = []
    for name in sorted({*expected.tables, *actual.tables}):
        mine, theirs = expected.tables.get(name), actual.tables.get(name)
        if mine is None and theirs is not None:
            if not _is_partition_of_known(theirs, expected):
                found.append(Difference(name, "extra-table", None, theirs.kind))
        elif theirs is None and mine is not None:
            kind: DriftKind = "other" if _is_partition_of_known(mine, actual) else "missing-table"
            found.append(Difference(name, kind, mine.kind, None))
        elif mine is not None and theirs is not None:
            found.extend(_table(mine, theirs, expected, actual))
    found.extend(_free_objects(expected, actual))
    return tuple(found)


def _is_partition_of_known(table: Table, other: Schema) -> bool:
    """Partitions come and go with time, by schedule: one more or less is no drift of the schema."""
    return table.partition_of is not None and table.partition_of in other.tables


def _table(mine: Table, theirs: Table, expected: Schema, actual: Schema) -> Iterator[Difference]:
    if mine.kind != theirs.kind:
        yield Difference(mine.name, "other", mine.kind, theirs.kind)
    if mine.kind in _VIEWS:
        if view_key(mine.definition) != view_key(theirs.definition):
            yield Difference(mine.name, "other", mine.definition.strip(), theirs.definition.strip())
        return
    yield from _columns(mine, theirs, expected, actual)
    yield from _constraints(mine, theirs)
    yield from _indexes(mine, theirs)
    yield from _names(mine.name, "trigger", mine.triggers, theirs.triggers)
    if (mine.comment or "") != (theirs.comment or ""):
        yield Difference(mine.name, "comment", mine.comment, theirs.comment)
    if ("row-security" in mine.options) != ("row-security" in theirs.options):
        yield Difference(mine.name, "other", mine.options or None, theirs.options or None)


def _columns(mine: Table, theirs: Table, expected: Schema, actual: Schema) -> Iterator[Difference]:
    there = {one.name: one for one in theirs.columns}
    for column in mine.columns:
        name = f"{mine.name}.{column.name}"
        other = there.pop(column.name, None)
        if other is None:
            yield Difference(name, "missing-column", _shown(column), None)
        else:
            yield from _column(name, column, other, expected, actual)
    for column in there.values():
        yield Difference(f"{mine.name}.{column.name}", "extra-column", None, _shown(column))


def _shown(column: Column) -> str:
    null = "" if column.nullable else " NOT NULL"
    default = f" DEFAULT {column.default}" if column.default is not None and column.generated is None else ""
    return f"{column.type}{null}{default}"


def _column(name: str, mine: Column, theirs: Column, expected: Schema, actual: Schema) -> Iterator[Difference]:
    labels, others = _labels(mine, expected), _labels(theirs, actual)
    if labels is not None and others is not None:
        if labels != others:
            yield Difference(name, "enum", ", ".join(labels), ", ".join(others))
    elif not _same_type(mine, theirs):
        yield Difference(name, "type", mine.type, theirs.type)
    if mine.nullable != theirs.nullable:
        yield Difference(name, "nullable", _null(mine), _null(theirs))
    if mine.generated != theirs.generated:
        yield Difference(name, "other", _generation(mine), _generation(theirs))
    elif default_key(mine) != default_key(theirs):
        yield Difference(name, "default", _default(mine), _default(theirs))
    if (mine.comment or "") != (theirs.comment or ""):
        yield Difference(name, "comment", mine.comment, theirs.comment)
    if (mine.collation or "").lower() != (theirs.collation or "").lower():
        yield Difference(name, "other", mine.collation, theirs.collation)


def _same_type(mine: Column, theirs: Column) -> bool:
    """MariaDB stores JSON as ``longtext`` (https://mariadb.com/kb/en/json-data-type/)."""
    keys = {type_key(mine.type), type_key(theirs.type)}
    return len(keys) == 1 or keys == {"json", "longtext"}


def _labels(column: Column, schema: Schema) -> tuple[str, ...] | None:
    """The labels of an enumerated column, of PostgreSQL or MySQL."""
    enum = schema.enums.get(column.type) or schema.enums.get(column.type.replace('"', ""))
    if enum is not None:
        return enum.values
    if column.type.lower().startswith("enum("):
        return tuple(one.strip()[1:-1] for one in column.type[5:-1].split(","))
    return None


def _null(column: Column) -> str:
    return "NULL" if column.nullable else "NOT NULL"


def _default(column: Column) -> str | None:
    return "IDENTITY" if column.identity else column.default


def _generation(column: Column) -> str:
    return f"GENERATED {column.generated}" if column.generated else "not generated"


def _constraints(mine: Table, theirs: Table) -> Iterator[Difference]:
    """By name, then by meaning. NOT NULL, a named constraint since PostgreSQL 18, is the column's ``nullable``."""
    wanted = [one for one in mine.constraints if one.kind != "not-null"]
    there = [one for one in theirs.constraints if one.kind != "not-null"]
    named = {one.name: one for one in there}
    rest: list[Constraint] = []
    for one in wanted:
        other = named.get(one.name)
        if other is not None and constraint_key(one) == constraint_key(other):
            there.remove(other)
            if one.validated and not other.validated:
                yield Difference(f"{mine.name}.{one.name}", "other", one.definition, other.definition)
        else:
            rest.append(one)
    for one in rest:
        yield from _unmatched_constraint(one, mine, theirs, there)
    for one in there:
        if not _stands_as_index(one, mine):
            yield Difference(f"{mine.name}.{one.name}", "extra-constraint", None, one.definition)


def _unmatched_constraint(one: Constraint, mine: Table, theirs: Table, there: list[Constraint]) -> Iterator[Difference]:
    twin = next((other for other in there if constraint_key(other) == constraint_key(one)), None)
    if twin is not None:
        there.remove(twin)
        if not _made_up(one.name, twin.name):
            yield Difference(f"{mine.name}.{one.name}", "other", one.name, twin.name)
        return
    if _stands_as_index(one, theirs):
        return
    changed = next((other for other in there if other.name == one.name), None)
    if changed is not None:
        there.remove(changed)
    actual = None if changed is None else changed.definition
    yield Difference(f"{mine.name}.{one.name}", "missing-constraint", one.definition, actual)


def _made_up(*names: str) -> bool:
    """Names that a server gives by itself and that nobody refers to."""
    return any(name.startswith("sqlite_autoindex_") or "_ibfk_" in name or name.upper() == "PRIMARY" for name in names)


def _stands_as_index(constraint: Constraint, table: Table) -> bool:
    """Whether a unique constraint of one side is a unique index on the other: the same thing to every row."""
    return constraint.kind == "unique" and any(
        one.unique and one.columns == constraint.columns and one.predicate is None for one in table.indexes
    )


def _own_indexes(table: Table) -> list[Index]:
    """Indexes that do not merely carry a constraint."""
    carried = {one.name for one in table.constraints if one.kind in ("primary-key", "unique", "exclude")}
    keys = {one.columns for one in table.constraints if one.kind in ("primary-key", "unique")}
    return [
        one
        for one in table.indexes
        if one.name not in carried and not (one.unique and _made_up(one.name) and one.columns in keys)
    ]


def _indexes(mine: Table, theirs: Table) -> Iterator[Difference]:
    wanted, there = _own_indexes(mine), _own_indexes(theirs)
    rest: list[Index] = []
    for one in wanted:
        other = next((index for index in there if index.name == one.name and index_key(index) == index_key(one)), None)
        if other is None:
            rest.append(one)
            continue
        there.remove(other)
        if one.valid and not other.valid:
            yield Difference(f"{mine.name}.{one.name}", "other", "valid", "INVALID")
    for one in rest:
        yield from _unmatched_index(one, mine, theirs, there)
    for one in there:
        if not _carries_constraint(one, mine):
            yield Difference(f"{mine.name}.{one.name}", "extra-index", None, _index_text(one))


def _unmatched_index(one: Index, mine: Table, theirs: Table, there: list[Index]) -> Iterator[Difference]:
    twin = next((other for other in there if index_key(other) == index_key(one)), None)
    if twin is not None:
        there.remove(twin)
        yield Difference(f"{mine.name}.{one.name}", "other", one.name, twin.name)
        return
    if _carries_constraint(one, theirs):
        return
    changed = next((other for other in there if other.name == one.name), None)
    if changed is not None:
        there.remove(changed)
    yield Difference(
        f"{mine.name}.{one.name}", "missing-index", _index_text(one), None if changed is None else _index_text(changed)
    )


def _carries_constraint(index: Index, table: Table) -> bool:
    """Whether the other side has a unique constraint where this is a unique index."""
    return (
        index.unique
        and index.predicate is None
        and any(one.kind in ("unique", "primary-key") and one.columns == index.columns for one in table.constraints)
    )


def _index_text(index: Index) -> str:
    return index.definition or f"{'UNIQUE ' if index.unique else ''}({', '.join(index.columns)})"


def _names(owner: str, what: str, mine: Iterable[str], theirs: Iterable[str]) -> Iterator[Difference]:
    wanted, there = set(mine), set(theirs)
    for name in sorted(wanted - there):
        yield Difference(f"{owner}.{name}", "other", what, None)
    for name in sorted(there - wanted):
        yield Difference(f"{owner}.{name}", "other", None, what)


def _free_objects(expected: Schema, actual: Schema) -> Iterator[Difference]:
    """What hangs on no table: enums that no column uses, sequences, routines; bodies that changed."""
    used = {
        column.type.replace('"', "")
        for side in (expected, actual)
        for table in side.tables.values()
        for column in table.columns
    }
    for name in sorted({*expected.enums, *actual.enums} - used):
        wanted, there = expected.enums.get(name), actual.enums.get(name)
        if wanted != there:
            yield Difference(name, "enum", _joined(wanted), _joined(there))
    for name in sorted(set(expected.sequences) ^ set(actual.sequences)):
        sides = ("sequence", None) if name in expected.sequences else (None, "sequence")
        yield Difference(name, "other", *sides)
    for name in sorted({*expected.routines, *actual.routines}):
        mine, theirs = expected.routines.get(name), actual.routines.get(name)
        of_table = name.startswith(("trigger ", "policy ")) and (mine is None or theirs is None)
        if mine != theirs and not (of_table and name.startswith("trigger ")):
            yield Difference(name, "other", _body(mine), _body(theirs))


def _joined(enum: EnumType | None) -> str | None:
    return None if enum is None else ", ".join(enum.values)


def _body(digest: str | None) -> str | None:
    return None if digest is None else f"body {digest}"
