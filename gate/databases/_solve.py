"""Makes a server take a row: other values in the columns of the condition that refused it, until one is accepted."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from gate.databases._types import Types
from gate.databases._values import Value, candidates
from gate.facts.schema import Column, Constraint, Table

_TRIES = 500
_UNUSUAL = ("xml", "range", "vector", "geometry", "words", "path", "hstore", "array", "money", "bits", "address", "mac")
# How many values of each column are combined, by number of columns: about 500 combinations.
_POOL = {1: 200, 2: 22, 3: 8, 4: 5}

Row = dict[str, Value]


@dataclass(frozen=True)
class Refusal:
    """Why the server refused a row: its words, what kind of condition, and the condition's name or columns."""

    message: str
    kind: Literal["check", "unique", "not-null", "foreign-key", "other"] = "other"
    name: str | None = None
    columns: tuple[str, ...] = ()


class SeedEngine(Protocol):
    """How one kind of database takes rows. Nothing it refuses may leave anything behind."""

    dialect: str

    def filled(self, tables: Sequence[Table]) -> set[str]:
        """The names of those tables that have rows already."""
        ...

    def sample(self, table: Table, columns: Sequence[str]) -> list[Row]:
        """The first rows of a table, values as text."""
        ...

    def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> Refusal | None:
        """Insert all of these rows, or none and say why not."""
        ...

    def inserted(self, table: Table) -> None:
        """Called once after a table got rows: put its sequences behind them."""
        ...


def foreign_keys(table: Table) -> list[Constraint]:
    """The foreign keys of a table."""
    return [one for one in table.constraints if one.kind == "foreign-key"]


@dataclass
class Attempt:
    """One row on its way into one table. ``done`` are the table's rows so far, ``parents`` gives those of others.

    ``refused`` is shared by the attempts of a table: the values that a condition on one column has refused before.
    """

    engine: SeedEngine
    types: Types
    table: Table
    names: Sequence[str]
    row: Row
    number: int
    done: Sequence[Row]
    parents: Callable[[str, Sequence[str]], list[Row]]
    refused: dict[tuple[str, str | None], set[Value]] = field(default_factory=dict)
    _solved: list[tuple[Column, Refusal]] = field(default_factory=list)
    _searched: set[frozenset[str]] = field(default_factory=set)

    def insert(self) -> str | None:
        """Insert the row, changing it where needed. The server's reason when it never takes it."""
        refusal = self._try()
        blamed: list[Column] = []
        while refusal is not None:
            now = self._blamed(refusal)
            if frozenset(one.name for one in now) in self._searched:
                # Two conditions on shared columns undo each other's answers: look for both together.
                now = list({one.name: one for one in (*blamed, *now)}.values())[: max(_POOL)]
            key = frozenset(one.name for one in now)
            if not now or key in self._searched:
                refusal = self._shed(refusal)
                return None if refusal is None else refusal.message
            self._searched.add(key)
            blamed = now
            refusal = self._search(now, refusal)
        return None

    def taught(self, rows: Sequence[Row]) -> list[Row]:
        """Other rows with what this one has learned: values near the accepted ones, different in every row."""
        rows = [dict(row) for row in rows]
        for column, refusal in self._solved:
            taken = {self.row[column.name]}
            for number, row in enumerate(rows, self.number + 1):
                text = self._condition(refusal)
                kind = self.types.of(column, self.table)
                bad = self.refused.get((column.name, refusal.name), set()) | taken
                found = candidates(kind, column, number, " ".join((text, *kind.checks)))
                row[column.name] = next((value for value in found if value not in bad), self.row[column.name])
                taken.add(row[column.name])
        return rows

    def _try(self) -> Refusal | None:
        return self.engine.insert(self.table, self.names, [self.row])

    def _blamed(self, refusal: Refusal) -> list[Column]:
        """The columns whose values the refusal is about."""
        names = set(refusal.columns)
        for name, columns, _ in _conditions(self.table):
            if name == refusal.name:
                names |= set(columns)
        text = self._condition(refusal)
        if self._is_without_partition(refusal):
            names = {one.name for one in self.table.columns if _mentions(self.table.definition, one.name)}
        if not names and refusal.kind in ("check", "unique"):
            names = {one.name for one in self.table.columns if _mentions(text or refusal.message, one.name)}
        if not names and refusal.kind == "check":
            names = {one.name for one in self.table.columns if self.types.of(one, self.table).checks}
        return [one for one in self.table.columns if one.name in names and one.name in self.names][: max(_POOL)]

    def _condition(self, refusal: Refusal) -> str:
        if self._is_without_partition(refusal):
            return " ".join(self._bounds(self.table.name))
        return " ".join(text for name, _, text in _conditions(self.table) if name == refusal.name)

    def _is_without_partition(self, refusal: Refusal) -> bool:
        return self.table.kind == "partitioned" and refusal.kind == "check" and refusal.name is None

    def _bounds(self, name: str) -> list[str]:
        """The bounds of a table's partitions, at every level."""
        parts = [one for one in self.types.schema.tables.values() if one.partition_of == name]
        return [text for one in parts for text in (one.definition, *self._bounds(one.name))]

    def _shed(self, refusal: Refusal) -> Refusal | None:
        """Leave out the values of unusual types, where NULL is allowed: a server may be built without a type."""
        last: Refusal | None = refusal
        for column in self.table.columns:
            kind = self.types.of(column, self.table)
            if (
                last is not None
                and column.nullable
                and kind.family in _UNUSUAL
                and self.row.get(column.name) is not None
            ):
                self.row[column.name] = None
                last = self._try()
        return last

    def _search(self, blamed: Sequence[Column], refusal: Refusal) -> Refusal | None:
        """Try other values in the blamed columns; the last refusal when none is accepted."""
        names = [one.name for one in blamed]
        text = " ".join(text for _, columns, text in _conditions(self.table) if set(columns) & set(names))
        text = f"{self._condition(refusal)} {text}"
        pools = [self._pool(column, refusal, text, _POOL[len(blamed)]) for column in blamed]
        last = refusal
        for values in itertools.islice(_combined(pools), _TRIES):
            self.row.update(zip(names, values, strict=True))
            answer = self._try()
            if answer is None:
                if len(blamed) == 1 and not any(blamed[0].name in one.columns for one in foreign_keys(self.table)):
                    self._solved.append((blamed[0], refusal))
                return None
            if len(names) == 1 and answer.kind == "check":
                # A condition on one column refuses the value in every row.
                self.refused.setdefault((names[0], answer.name), set()).add(values[0])
            if answer.kind != "other":
                last = answer
                if {one.name for one in self._blamed(answer)} - set(names):
                    return answer
        return last

    def _pool(self, column: Column, refusal: Refusal, text: str, size: int) -> list[Value]:
        """Values to try in a column: those that no other row has first; of a foreign key only its parent's."""
        used = {row.get(column.name) for row in self.done}
        for constraint in foreign_keys(self.table):
            if column.name in constraint.columns and constraint.references:
                target = constraint.referenced_columns[constraint.columns.index(column.name)]
                known: list[Value] = [one.get(target) for one in self.parents(constraint.references, [target])]
                return [*known, None] if column.nullable else known
        kind = self.types.of(column, self.table)
        found = [self.row.get(column.name), *candidates(kind, column, self.number, " ".join((text, *kind.checks)))]
        bad = self.refused.get((column.name, refusal.name), set())
        unique = [value for value in dict.fromkeys(found) if value not in bad]
        fresh = [value for value in unique if value not in used or value is None]
        return (fresh + [value for value in unique if value in used and value is not None])[:size]


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _conditions(table: Table) -> list[tuple[str, tuple[str, ...], str]]:
    """Name, columns and text of everything that can refuse a row."""
    checks = [(one.name, one.columns, one.definition) for one in table.constraints if one.kind != "not-null"]
    return checks + [(one.name, one.columns, one.definition) for one in table.indexes if one.unique]


def _combined(pools: Sequence[Sequence[Value]]) -> Iterable[tuple[Value, ...]]:
    """Every combination, those of the first values of all pools first."""
    ranked = sorted(itertools.product(*(range(len(pool)) for pool in pools)), key=sum)
    return (tuple(pool[at] for pool, at in zip(pools, places, strict=True)) for places in ranked)
