"""A project's databases as one: the tables of all of them are what the base has, and each keeps a catalogue of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from gate.collect._catalogue import Catalogue, Rows
from gate.facts.changes import Change
from gate.facts.schema import Schema


def together(first: Schema, *others: Schema) -> Schema:
    """The schemas as one; of tables with one name the earlier database's counts."""
    tables = dict(first.tables)
    for other in others:
        tables.update({name: table for name, table in other.tables.items() if name not in tables})
    return dataclasses.replace(first, tables=tables) if others else first


class Several:
    """Follows every database; a statement is about the one that it ran on."""

    def __init__(self, first: Catalogue, others: Mapping[str, Catalogue]) -> None:
        self._first, self._others, self._here = first, others, first
        self.dialect, self.watching = first.dialect, first.watching

    def move(self, database: object) -> None:
        """The next statement ran on this database."""
        self._here = self._others.get(str(database), self._first)

    @property
    def now(self) -> Schema:
        """Every table, those of the statement's own database first."""
        every = (self._first, *self._others.values())
        return together(self._here.now, *(one.now for one in every if one is not self._here))

    @property
    def version_table(self) -> str:
        """Alembic's own table."""
        return self._here.version_table

    @property
    def home(self) -> str:
        """The database whose name says nothing before a table's."""
        return self._here.home

    def refresh(self, changes: Iterable[Change], understood: bool, seen: Mapping[str, Any], ask: Rows) -> Schema:
        """All schemas after one statement."""
        self._here.refresh(changes, understood, seen, ask)
        return self.now

    def is_new(self, table: str) -> bool:
        """Was this relation made by the deploy?"""
        return self._here.is_new(table)
