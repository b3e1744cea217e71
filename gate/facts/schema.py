"""A database's schema as plain values: what a catalogue says, object by object.

Names are unquoted and, outside the default schema, qualified: ``orders``, ``audit.events``. The default schema is
``public`` on PostgreSQL, the connected database on MySQL and MariaDB, ``main`` on SQLite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ConstraintKind = Literal["primary-key", "unique", "foreign-key", "check", "exclude", "not-null"]
TableKind = Literal["table", "partitioned", "view", "materialized-view", "foreign-table"]


@dataclass(frozen=True)
class Column:
    """A column. ``type`` is the server's own spelling (``character varying(50)``); ``default`` its expression.

    ``also`` is what else MySQL and MariaDB write into its definition: INVISIBLE, ON UPDATE without a default, MariaDB's
    CHECK of the column.
    """

    name: str
    type: str
    nullable: bool = True
    default: str | None = None
    generated: Literal["stored", "virtual"] | None = None
    identity: bool = False
    comment: str | None = None
    collation: str | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Index:
    """An index; ``definition`` is the server's own text, ``columns`` its plain columns (empty for expressions)."""

    name: str
    columns: tuple[str, ...] = ()
    unique: bool = False
    valid: bool = True
    definition: str = ""
    predicate: str | None = None
    method: str = "btree"


@dataclass(frozen=True)
class Constraint:
    """A constraint; ``definition`` is the server's text. ``validated`` is false for PostgreSQL's NOT VALID."""

    name: str
    kind: ConstraintKind
    columns: tuple[str, ...] = ()
    definition: str = ""
    validated: bool = True
    references: str | None = None
    referenced_columns: tuple[str, ...] = ()
    on_delete: str | None = None
    deferrable: bool = False


@dataclass(frozen=True)
class Table:
    """A table or view with everything that hangs on it. A ``foreign-table`` shows rows that are kept elsewhere.

    ``trigger_texts`` are the statements that made the ``triggers``, in their order, where the catalogue keeps them.
    """

    name: str
    kind: TableKind = "table"
    columns: tuple[Column, ...] = ()
    indexes: tuple[Index, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    triggers: tuple[str, ...] = ()
    partition_of: str | None = None
    definition: str = ""
    options: str = ""
    comment: str | None = None
    trigger_texts: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """The column of this name, letter case folded."""
        return next((one for one in self.columns if one.name.lower() == name.lower()), None)

    def index(self, name: str) -> Index | None:
        """The index of this name."""
        return next((one for one in self.indexes if one.name == name), None)

    def constraint(self, name: str) -> Constraint | None:
        """The constraint of this name."""
        return next((one for one in self.constraints if one.name == name), None)


@dataclass(frozen=True)
class EnumType:
    """An enumerated type (PostgreSQL) with its labels in order."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Domain:
    """A domain (PostgreSQL): base type and the constraints on it."""

    name: str
    base: str
    constraints: tuple[str, ...] = ()
    nullable: bool = True


@dataclass(frozen=True)
class Schema:
    """A whole schema. Mappings go from name to object; ``routines`` from signature to a digest of the body."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    enums: Mapping[str, EnumType] = field(default_factory=dict)
    domains: Mapping[str, Domain] = field(default_factory=dict)
    sequences: tuple[str, ...] = ()
    routines: Mapping[str, str] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()

    def table(self, name: str) -> Table | None:
        """The table of this name; a leading ``public.`` or ``main.`` is the default schema."""
        for prefix in ("public.", "main."):
            name = name.removeprefix(prefix)
        return self.tables.get(name)

    def referencing(self, name: str) -> tuple[tuple[Table, Constraint], ...]:
        """Every foreign key of another table (or itself) that points at this one."""
        return tuple(
            (table, constraint)
            for table in self.tables.values()
            for constraint in table.constraints
            if constraint.kind == "foreign-key" and constraint.references == name
        )

    def with_partitions(self, name: str) -> tuple[str, ...]:
        """The table and, of a partitioned one, every partition below it: the rows are there, the parent has none."""
        names = [name.removeprefix("public.")]
        for one in names:
            names += [table.name for table in self.tables.values() if table.partition_of == one]
        return tuple(names)

    def index_owner(self, name: str) -> Table | None:
        """The table that an index of this name stands on."""
        bare = name.rpartition(".")[2]
        return next((table for table in self.tables.values() if table.index(bare)), None)
