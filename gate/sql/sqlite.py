"""SQLite's statements. Source: https://www.sqlite.org/lang.html."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gate.facts.changes import (
    AddColumn,
    Change,
    DropColumn,
    Harmless,
    Maintenance,
    Reindex,
    RenameColumn,
    RenameTable,
    SetSetting,
)
from gate.sql import _plain, _words
from gate.sql._columns import column
from gate.sql._parsed import Parsed
from gate.sql._words import NotRead, Reader, sqlite_words


def parse(sql: str) -> Parsed:
    """Every change that the text means. An ALTER that SQLite does not have is not understood."""
    changes: list[Change] = []
    understood = True
    for statement in split(sql):
        parsed = _plain.read(statement, sqlite_words(statement), _VERBS, "sqlite")
        changes += parsed.changes
        understood = understood and parsed.understood
    return Parsed(tuple(map(_in_main, changes)), understood)


def _in_main(change: Change) -> Change:
    """The same with names as the catalogue has them: ``main`` is the database itself, and may stand before any of them."""
    names: dict[str, Any] = {}
    for field, told in vars(change).items():
        if field in _NAMES and isinstance(told, str):
            names[field] = _bare(told)
        elif field in _LISTS:
            names[field] = tuple(map(_bare, told))
    return replace(change, **names) if names else change


_NAMES = ("table", "name", "view")
_LISTS = ("reads", "tables")


def _bare(name: str) -> str:
    schema, dot, rest = name.partition(".")
    return rest if dot and schema.lower() == "main" else name


def split(text: str) -> tuple[str, ...]:
    """The statements of a script."""
    return _words.split(text, sqlite_words(text))


def _alter(reader: Reader) -> tuple[Change, ...]:
    """The four forms that there are: https://www.sqlite.org/lang_altertable.html."""
    reader.expect("ALTER", "TABLE")
    table = reader.name()
    if reader.accept("RENAME", "TO"):
        return (RenameTable(table, reader.name()),)
    if reader.accept("RENAME"):
        reader.accept("COLUMN")
        name = reader.name()
        reader.expect("TO")
        return (RenameColumn(table, name, reader.name()),)
    if reader.accept("ADD") and reader.peek() not in _NOT_COLUMNS:
        reader.accept("COLUMN")
        return (AddColumn(table, column(reader)),)
    if reader.accept("DROP") and reader.peek() not in _NOT_COLUMNS:
        reader.accept("COLUMN")
        return (DropColumn(table, reader.name()),)
    raise NotRead("SQLite has no such ALTER")


_NOT_COLUMNS = ("CONSTRAINT", "PRIMARY", "FOREIGN", "UNIQUE", "CHECK", "INDEX")


def _pragma(reader: Reader) -> tuple[Change, ...]:
    reader.take()
    name = reader.name().rpartition(".")[2]
    if reader.accept("="):
        return (SetSetting(f"pragma {name.lower()}", reader.between(reader.at, len(reader.words)).strip("'\"")),)
    if reader.peek() == "(":
        return (SetSetting(f"pragma {name.lower()}", reader.grouped().strip("'\"")),)
    return (Harmless("pragma"),)


def _reindex(reader: Reader) -> tuple[Change, ...]:
    reader.take()
    return (Reindex("index", "" if reader.done else reader.name()),)


def _maintain(reader: Reader) -> tuple[Change, ...]:
    return (Maintenance(reader.take().text.lower(), None),)


_VERBS: dict[str, _plain.ReadStatement] = {
    "ALTER": _alter,
    "CREATE": _plain.create,
    "DROP": _plain.drop,
    "PRAGMA": _pragma,
    "REINDEX": _reindex,
    "VACUUM": _maintain,
    "ANALYZE": _maintain,
}
