"""What the release still running sends, made from the base's schema: SELECT, INSERT, UPDATE and DELETE of each table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from gate.facts.schema import Column, Table

Verb = Literal["SELECT", "INSERT", "UPDATE", "DELETE"]
Quote = Callable[[str], str]
_READ_ONLY = ("view", "foreign-table")
_INTEGER = re.compile(r"(?:tiny|small|medium|big)?int(?:eger)?\b(?!\(1\))", re.IGNORECASE)
_TEXT = re.compile(r"(?:var)?char(?:acter)?(?: varying)?\b(?:\((\d+)\))?|text\b", re.IGNORECASE)
# SQLite resolves the names in a trigger when the INSERT is prepared: there no row has to get that far.
_ANY_TEXT = {
    "postgresql": "left(md5(random()::text), {})",
    "mysql": "left(uuid(), {})",  # its 9.7 has no md5()
    "mariadb": "left(uuid(), {})",
}


def quoting(dialect: str) -> Quote:
    """How this dialect quotes a name; in one of SQLite's a dot is a letter like any other."""
    if dialect == "sqlite":
        return lambda name: '"' + name.replace('"', '""') + '"'
    mark = "`" if dialect in ("mysql", "mariadb") else '"'
    return lambda name: ".".join(mark + part.replace(mark, mark * 2) + mark for part in name.split("."))


def queries(table: Table, dialect: str, *, firing: bool) -> Iterator[tuple[Verb, str]]:
    """The four statements that a mapped class sends; ``firing`` ones reach every row, so that its triggers run.

    Columns are qualified, as SQLAlchemy does: SQLite takes a quoted name that it does not know for a text
    (https://www.sqlite.org/quirks.html#double_quoted_string_literals_are_accepted).
    """
    quote = quoting(dialect)
    name, where = quote(table.name), "" if firing else " WHERE 1 = 0"
    yield "SELECT", f"SELECT {', '.join(_of(name, one, quote) for one in table.columns)} FROM {name} LIMIT 1"
    written = [one for one in table.columns if one.generated is None and not one.identity]
    if table.kind in _READ_ONLY or not any(one.generated is None for one in table.columns):
        return
    yield from _inserts(table, written, dialect)
    if written:
        settings = ", ".join(f"{quote(one.name)} = {_of(name, one, quote)}" for one in written)
        yield "UPDATE", f"UPDATE {name} SET {settings}{where}"
    yield "DELETE", f"DELETE FROM {name}{where}"


def _inserts(table: Table, written: list[Column], dialect: str) -> Iterator[tuple[Verb, str]]:
    """The INSERT repeats a row that is there (and is rolled back), with its key and, where the server gives that, without.

    NOT NULL is judged before keys are, so a key that stands twice says that everything else was accepted.
    """
    quote, key = quoting(dialect), given_key(table, dialect)
    name = quote(table.name)
    for columns in (written, [one for one in written if one.name != key] if key else []):
        if columns:
            names = ", ".join(quote(one.name) for one in columns)
            values = ", ".join(_of(name, one, quote) for one in columns)
            yield "INSERT", f"INSERT INTO {name} ({names}) SELECT {values} FROM {name} LIMIT 1"


def new_row(table: Table, dialect: str) -> Iterator[str]:
    """An INSERT with keys that no row has, where such can be made up: only that reaches the triggers AFTER INSERT."""
    if dialect not in _ANY_TEXT or table.kind in _READ_ONLY:
        return
    quote = quoting(dialect)
    name = quote(table.name)
    written = {one.name: one for one in table.columns if one.generated is None and not one.identity}
    values = {one: _of(name, column, quote) for one, column in written.items()}
    bound = {column for one in table.constraints if one.kind == "foreign-key" for column in one.columns}
    for key in (one.columns for one in table.indexes if one.unique):
        made = [
            (one, _made_up(written[one], name, dialect, quote)) for one in key if one in written and one not in bound
        ]
        found = next(((one, text) for one, text in made if text), None)
        if found is not None:
            values[found[0]] = found[1]
        elif set(key) <= set(written):
            return
    if values:
        names = ", ".join(map(quote, values))
        yield f"INSERT INTO {name} ({names}) SELECT {', '.join(values.values())} FROM {name} LIMIT 1"


def _made_up(column: Column, name: str, dialect: str, quote: Quote) -> str:
    text = _TEXT.match(column.type)
    if text:
        return _ANY_TEXT[dialect].format(min(int(text[1] or 32), 32))
    return f"(SELECT max({quote(column.name)}) + 1 FROM {name})" if _INTEGER.match(column.type) else ""


def again(table: Table) -> Iterator[str]:
    """Every row of a SQLite table written in its own place once more, so that AFTER triggers run too.

    First whole, then with nothing but what a row must have. https://www.sqlite.org/lang_conflict.html
    """
    quote = quoting("sqlite")
    name = quote(table.name)
    keys = {column for one in table.constraints if one.kind == "primary-key" for column in one.columns}
    written = [one for one in table.columns if one.generated is None]
    needed = [one for one in written if one.name in keys or not (one.nullable or one.default is not None)]
    for columns in (written, needed) if keys and table.kind == "table" else ():
        names = ", ".join(quote(one.name) for one in columns)
        values = ", ".join(_of(name, one, quote) for one in columns)
        yield f"INSERT OR REPLACE INTO {name} ({names}) SELECT {values} FROM {name}"


def _of(name: str, column: Column, quote: Quote) -> str:
    return f"{name}.{quote(column.name)}"


def given_key(table: Table, dialect: str) -> str | None:
    """The key column that the server fills where an INSERT leaves it out: by a sequence, or SQLite by the row's number.

    https://www.sqlite.org/lang_createtable.html#rowid
    """
    keys = [one.columns for one in table.constraints if one.kind == "primary-key"]
    column = table.column(keys[0][0]) if len(keys) == 1 and len(keys[0]) == 1 else None
    if column is None:
        return None
    numbered = dialect == "sqlite" and column.type.upper() == "INTEGER" and "without rowid" not in table.options
    return column.name if numbered or "nextval(" in (column.default or "") else None
