"""The statement that fills a table made in the place of another, and what it leaves behind.

A new table, INSERT ... SELECT from the old one, the old one dropped, the new one under its name: SQLite's way to alter
(https://www.sqlite.org/lang_altertable.html#otheralter), taken by hand on other servers too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gate.facts.changes import Change, CodeBlock, CreateTable, Insert, RenameTable, Update
from gate.facts.rehearsal import Statement


@dataclass(frozen=True)
class Copy:
    """The statement that copies; ``names`` are those that old and new table have on the way."""

    statement: Statement
    insert: Insert
    names: frozenset[str]

    def leaves(self, column: str) -> bool:
        """Whether the new table does not get this column's values: it is left out, NULL is written, or `*` goes by place."""
        from gate.sql._copied import values_by_column  # a parser that most runs can do without takes 0.1 s to load

        values = values_by_column(self.statement.sql)
        if self.insert.columns:
            named = {name.lower() for name in self.insert.columns}
            return column.lower() not in named or values.get(column.lower()) == "null"
        return bool(values) and set(values.values()) <= {"column"}


def copy_of(table: str, statements: Iterable[Statement]) -> Copy | None:
    """The last copy of this table's rows into one made in its place, within one revision."""
    every = tuple(statements)
    return next((copy for one in reversed(every) if (copy := _copy(table, one, every))), None)


def _copy(table: str, statement: Statement, every: tuple[Statement, ...]) -> Copy | None:
    mine = [one for one in every if one.revision == statement.revision]
    names = frozenset({table.lower(), *_other_names(table, mine)})
    made = {change.table.lower() for change in _changes(mine) if isinstance(change, CreateTable)}
    for change in statement.changes:
        if isinstance(change, Insert) and change.from_query and change.table.lower() in names & made:
            read = {name.lower() for name in change.reads}
            if names & (read - {change.table.lower()}):
                return Copy(statement, change, names)
    return None


def _other_names(table: str, mine: Iterable[Statement]) -> Iterator[str]:
    """What the new table was called before, and the old one afterwards."""
    for change in _changes(mine):
        if isinstance(change, RenameTable) and change.to.lower() == table.lower():
            yield change.table.lower()
        if isinstance(change, RenameTable) and change.table.lower() == table.lower():
            yield change.to.lower()


def _changes(statements: Iterable[Statement]) -> Iterator[Change]:
    return (change for one in statements for change in one.changes)


def is_written(copy: Copy, column: str, statements: Iterable[Statement]) -> bool:
    """Whether another statement gives the column its values, or may do so: on purpose, as far as anybody can tell."""
    others = [one for one in statements if one.number != copy.statement.number]
    return any(_writes(change, copy, column) for change in _changes(others)) or not all(
        one.understood for one in others
    )


def _writes(change: Change, copy: Copy, column: str) -> bool:
    if isinstance(change, CodeBlock):
        return True
    if not isinstance(change, (Insert, Update)) or change.table.lower() not in copy.names:
        return False
    return not change.columns or column.lower() in {name.lower() for name in change.columns}
