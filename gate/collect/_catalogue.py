"""Keeps the catalogue as of now while the deploy runs: after each statement only what it touched is read again.

PostgreSQL's uncommitted objects are seen by the project's own connection alone, so its rows come through the probe; there
only tables that the statement may have changed are asked about. SQLite is small enough to be read whole; MySQL and MariaDB
commit each DDL statement, so our own connection sees it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from gate.databases import _catalog_postgresql, _catalog_sqlite
from gate.databases.base import ScratchDatabase
from gate.errors import GateError, ProjectBroken
from gate.facts.changes import (
    AddEnumValue,
    AlterDomain,
    Change,
    CodeBlock,
    CreateEnum,
    CreateSchema,
    Delete,
    DropIndex,
    DropObject,
    DropSchema,
    DropType,
    Harmless,
    Insert,
    MoveTable,
    Query,
    Reindex,
    RenameColumn,
    RenameEnumValue,
    RenameIndex,
    RenameSchema,
    RenameTable,
    RenameType,
    SetSetting,
    TransactionControl,
    Update,
)
from gate.facts.schema import Schema

Rows = Callable[[str], list[tuple[Any, ...]]]
_ROWS_ONLY = (Insert, Update, Delete, Query, SetSetting, TransactionControl)
# What reading an answer raises that is none: it came from the project's process.
_NO_CATALOGUE = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
_VIEWS = ("view", "materialized-view")
_OTHERS = (
    CreateEnum,
    AddEnumValue,
    RenameEnumValue,
    DropType,
    AlterDomain,
    CodeBlock,
    Harmless,
    CreateSchema,
    DropSchema,
    DropObject,
    RenameType,
    RenameSchema,
)


class Catalogue:
    """The schema now. ``refresh`` is told what a statement did; ``is_new`` answers for relations made by this deploy.

    Without ``looking`` it stays as it was at the start, and nothing is observed: for a run of which only the failure counts.
    """

    def __init__(self, database: ScratchDatabase, version_table: str = "alembic_version", looking: bool = True) -> None:
        self._database, self._left_out, self.version_table = database, frozenset({version_table}), version_table
        self.dialect, self._looking = database.server.dialect, looking
        self.home = database.parts["database"] if self.dialect in ("mysql", "mariadb") else ""
        self.now = database.schema()
        self.watching = database.watching() if looking else None
        self._oids: dict[int, str] = {}
        self._by_name: dict[str, int] = {}
        if self.dialect == "postgresql" and looking:
            self._know(_catalog_postgresql.identities(database.execute))
        self._old = frozenset(self._oids)
        self._old_names = set(self.now.tables)

    def refresh(self, changes: Iterable[Change], understood: bool, seen: Mapping[str, Any], ask: Rows) -> Schema:
        """The schema after one statement."""
        doing = tuple(changes)
        if not self._looking:
            return self.now
        back = any(isinstance(one, TransactionControl) and one.verb.startswith("rollback") for one in doing)
        if understood and doing and not back and all(isinstance(one, _ROWS_ONLY) for one in doing):
            return self.now
        try:
            self._look(doing, understood, seen, ask)
        except GateError:
            pass  # the picture stays as it was; the final one is read from our own connection
        except _NO_CATALOGUE as error:
            raise ProjectBroken("the catalogue could not be read on the project's connection") from error
        return self.now

    def is_new(self, table: str) -> bool:
        """Was this relation made by the deploy (by identity on PostgreSQL, by name elsewhere)?"""
        oid = self._by_name.get(table)
        return table not in self._old_names if oid is None else oid not in self._old

    def _look(self, doing: tuple[Change, ...], understood: bool, seen: Mapping[str, Any], ask: Rows) -> None:
        if self.dialect == "sqlite":
            self.now = _catalog_sqlite.read_schema(ask, self._left_out)
        elif self.dialect != "postgresql":
            self.now = self._database.schema()
        elif seen.get("known"):
            self.now = _catalog_postgresql.read_schema(ask, self._left_out)
            self._know(_catalog_postgresql.identities(ask))
        else:
            self._touched(self._changed(doing, understood, seen) | self._respelled(doing), seen, ask)
            if not understood or any(isinstance(one, _OTHERS) for one in doing):
                self._others(ask)

    def _changed(self, doing: tuple[Change, ...], understood: bool, seen: Mapping[str, Any]) -> set[int]:
        """The tables that the statement may have changed, by oid: of those on which it holds a lock that changing takes.

        Where its text tells which, only those and what it locked just now: a transaction may hold hundreds by its end.
        """
        held = [_Held(*row) for row in seen.get("changing", ())]
        names = self._names(doing) if understood else None
        if names is not None:
            meant = [one for one in held if one.fresh or one.name.rpartition(".")[2] in names]
            held = held if any(one.heirs for one in meant) else meant
        return {one.oid for one in held}

    def _respelled(self, doing: tuple[Change, ...]) -> set[int]:
        """Tables and views whose own text names what gets another name; the statement need not lock them."""
        if any(isinstance(one, (RenameType, RenameSchema)) for one in doing):
            return set(self._oids)
        about = [self.now.table(one.table) for one in doing if isinstance(one, (RenameTable, RenameColumn, MoveTable))]
        renamed = [one.name for one in about if one]
        found = {table.name for name in renamed for table, _ in self.now.referencing(name)}
        found |= {name for name, table in self.now.tables.items() if renamed and table.kind in _VIEWS}
        return {self._by_name[name] for name in found if name in self._by_name}

    def _names(self, doing: tuple[Change, ...]) -> set[str] | None:
        """Bare names of the tables that the changes are about; None when more than the named ones may be changed."""
        found: set[str | None] = set()
        for one in doing:
            if getattr(one, "cascade", False):
                return None
            index = self.now.index_owner(one.name) if isinstance(one, (DropIndex, RenameIndex, Reindex)) else None
            found |= {index.name if index else getattr(one, "table", None)}
            found |= {getattr(one, name) for name in ("to", "partition") if hasattr(one, name)}
        return None if None in found else {str(name).rpartition(".")[2] for name in found}

    def _touched(self, oids: set[int], seen: Mapping[str, Any], ask: Rows) -> None:
        """Read these tables anew; what is gone is gone."""
        tables = dict(self.now.tables)
        for name in seen.get("gone", ()):
            tables.pop(name, None)
        answers = [(given, str(seen["tables"]))] if (given := set(seen.get("read", ()))) else []
        if (missing := oids - given) and self.watching:
            ((answer,),) = ask(self.watching.queries["tables"].replace("{known}", ", ".join(map(str, sorted(missing)))))
            answers.append((missing, str(answer)))
        for about, answer in answers:
            rows = _catalog_postgresql.told(answer)
            for oid in about & self._oids.keys():
                tables.pop(self._oids[oid], None)  # it may have another name by now
            tables.update(_catalog_postgresql.read_tables(rows, self._left_out).tables)
            self._know(_catalog_postgresql.identities(rows))
        self.now = dataclasses.replace(self.now, tables=tables)

    def _others(self, ask: Rows) -> None:
        others = _catalog_postgresql.read_others(ask)
        hanging = {name: body for name, body in self.now.routines.items() if name.startswith(("trigger ", "policy "))}
        self.now = dataclasses.replace(others, tables=self.now.tables, routines={**hanging, **others.routines})

    def _know(self, names: Mapping[int, str]) -> None:
        self._oids.update(names)
        self._by_name.update({name: oid for oid, name in names.items()})


class _Held(NamedTuple):
    """A table on which a lock is held: new by this statement (``fresh``), with partitions or children (``heirs``)."""

    oid: int
    name: str
    fresh: bool
    heirs: bool
