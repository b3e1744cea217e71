"""Keeps the catalogue as of now while the deploy runs: after each statement only what it touched is read again.

PostgreSQL's uncommitted objects are seen by the project's own connection alone, so its rows come through the probe; there
only relations that the statement locked are asked about. SQLite is small enough to be read whole; MySQL and MariaDB
commit each DDL statement, so our own connection sees it.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gate.databases import _catalog_postgresql, _catalog_sqlite
from gate.databases.base import ScratchDatabase
from gate.errors import GateError
from gate.facts.changes import (
    AddEnumValue,
    AlterDomain,
    Change,
    CodeBlock,
    CreateEnum,
    CreateSchema,
    Delete,
    DropSchema,
    DropType,
    Harmless,
    Insert,
    Query,
    RenameEnumValue,
    SetSetting,
    TransactionControl,
    Update,
)
from gate.facts.schema import Schema

Rows = Callable[[str], list[tuple[Any, ...]]]
_ROWS_ONLY = (Insert, Update, Delete, Query, SetSetting, TransactionControl)
_TYPES = (
    CreateEnum,
    AddEnumValue,
    RenameEnumValue,
    DropType,
    AlterDomain,
    CodeBlock,
    Harmless,
    CreateSchema,
    DropSchema,
)


class Catalogue:
    """The schema now. ``refresh`` is told what a statement did; ``born`` answers for relations made by this deploy.

    Without ``looking`` it stays as it was at the start: for a run of which only the failure counts.
    """

    def __init__(self, database: ScratchDatabase, version_table: str = "alembic_version", looking: bool = True) -> None:
        self._database, self._left_out, self.version_table = database, frozenset({version_table}), version_table
        self.dialect, self._looking = database.server.dialect, looking
        self.now = database.schema()
        self._oids = self._identities(database.execute) if self.dialect == "postgresql" else {}
        self._old = frozenset(self._oids)
        self._old_names = set(self.now.tables)

    def refresh(self, changes: Iterable[Change], understood: bool, seen: Mapping[str, Any], ask: Rows) -> Schema:
        """The schema after one statement."""
        doing = tuple(changes)
        if not self._looking:
            return self.now
        if understood and doing and all(isinstance(one, _ROWS_ONLY) for one in doing):
            return self.now
        with contextlib.suppress(
            GateError
        ):  # the picture stays as it was; the final one is read from our own connection
            self._look(doing, understood, seen, ask)
        return self.now

    def is_new(self, table: str) -> bool:
        """Was this relation made by the deploy (by identity on PostgreSQL, by name elsewhere)?"""
        if self.dialect != "postgresql":
            return table not in self._old_names
        oid = next((oid for oid, name in self._oids.items() if name == table), None)
        return (oid is not None and oid not in self._old) or (oid is None and table not in self._old_names)

    def _look(self, doing: tuple[Change, ...], understood: bool, seen: Mapping[str, Any], ask: Rows) -> None:
        if self.dialect == "sqlite":
            self.now = _catalog_sqlite.read_schema(ask, self._left_out)
        elif self.dialect != "postgresql":
            self.now = self._database.schema()
        elif seen.get("known") or not understood or any(isinstance(one, _TYPES) for one in doing):
            self.now = _catalog_postgresql.read_schema(ask, self._left_out)
            self._oids |= self._identities(ask)
        else:
            self._touched(seen, ask)

    def _touched(self, seen: Mapping[str, Any], ask: Rows) -> None:
        """Only the relations that the statement holds a lock on that changing takes."""
        oids = [int(one) for one in seen.get("oids", ()) if isinstance(one, int)]
        tables = {name: table for name, table in self.now.tables.items() if name not in set(seen.get("gone", ()))}
        if oids:
            narrow = _scoped(ask, oids)
            found = _catalog_postgresql.read_schema(narrow, self._left_out)
            renamed = {self._oids[oid] for oid in oids if oid in self._oids}
            tables = {name: table for name, table in tables.items() if name not in renamed} | dict(found.tables)
            self._oids |= self._identities(narrow)
        self.now = dataclasses.replace(self.now, tables=tables)

    def _identities(self, ask: Rows) -> dict[int, str]:
        return {int(row[0]): str(row[1]) for row in ask(_catalog_postgresql._TABLES)}


def _scoped(ask: Rows, oids: Iterable[int]) -> Rows:
    """The catalogue's bulk queries narrowed to some relations; those about other kinds of objects are left out."""
    relation, scope = _catalog_postgresql._RELATION, f"ARRAY[{', '.join(map(str, oids))}]::oid[]"

    def narrow(sql: str) -> list[tuple[Any, ...]]:
        if relation not in sql:
            return []
        if "ON c.oid = x.indexrelid" in sql:
            return ask(sql.replace(relation, f"(x.indrelid = ANY ({scope}) OR x.indexrelid = ANY ({scope}))"))
        return ask(sql.replace(relation, f"c.oid = ANY ({scope})"))

    return narrow
