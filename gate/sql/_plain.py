"""Statements that MySQL, MariaDB and SQLite share, word by word: tables, indexes, views, triggers, transactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from gate.facts.changes import (
    Change,
    CodeBlock,
    ColumnSpec,
    ConstraintSpec,
    CreateIndex,
    CreateTable,
    CreateTrigger,
    CreateView,
    DropIndex,
    DropTable,
    DropTrigger,
    DropView,
    Harmless,
    Query,
    TransactionControl,
)
from gate.sql import _dml
from gate.sql._columns import column, constraint
from gate.sql._parsed import Parsed
from gate.sql._words import NotRead, Reader, Word

ReadStatement = Callable[[Reader], tuple[Change, ...]]
_INDEX_WORDS = ("INDEX", "KEY", "FULLTEXT", "SPATIAL", "VECTOR", "UNIQUE")


def read(sql: str, words: tuple[Word, ...], verbs: Mapping[str, ReadStatement], dialect: str) -> Parsed:
    """One statement: the dialect's own verbs first, then DML, then those of no interest."""
    if not words:
        return Parsed()
    verb = words[0].upper
    if verb in verbs:
        try:
            return Parsed(verbs[verb](Reader(sql, words)))
        except NotRead:
            return Parsed(understood=False)
    if verb in _CONTROL:
        partial = verb == "ROLLBACK" and "TO" in {word.upper for word in words[1:3]}  # the transaction goes on
        return Parsed((TransactionControl("savepoint" if partial else _CONTROL[verb]),))
    if verb in _DML:
        return _dml.parse(sql, words, dialect)
    return Parsed((_OTHERS[verb](verb.lower()),)) if verb in _OTHERS else Parsed(understood=False)


_CONTROL = {
    "BEGIN": "begin",
    "START": "begin",
    "COMMIT": "commit",
    "END": "commit",
    "ROLLBACK": "rollback",
    "SAVEPOINT": "savepoint",
    "RELEASE": "release",
}
_DML = {"INSERT", "REPLACE", "UPDATE", "DELETE", "SELECT", "WITH", "VALUES", "("}


def _query(_: str) -> Change:
    return Query()


_OTHERS: dict[str, Callable[[str], Change]] = {
    **dict.fromkeys(("SHOW", "DESCRIBE", "DESC", "EXPLAIN", "TABLE"), _query),
    **dict.fromkeys(("GRANT", "REVOKE", "USE", "UNLOCK", "FLUSH", "ATTACH", "DETACH", "KILL", "INSTALL"), Harmless),
    **dict.fromkeys(("CALL", "DO", "PREPARE", "EXECUTE", "DEALLOCATE", "HANDLER"), CodeBlock),
}


def if_not_exists(reader: Reader) -> bool:
    """Step over IF NOT EXISTS."""
    return reader.accept("IF", "NOT", "EXISTS")


def if_exists(reader: Reader) -> bool:
    """Step over IF EXISTS."""
    return reader.accept("IF", "EXISTS")


def create(reader: Reader) -> tuple[Change, ...]:
    """Everything that starts with CREATE."""
    reader.take()
    replacing = reader.accept("OR", "REPLACE")
    temporary = bool(reader.any_of("TEMPORARY", "TEMP"))
    made = Reader(reader.text, reader.words)
    made.at = reader.at
    kind = next((word.upper for word in reader.words[reader.at :] if word.upper in _CREATED), "")
    if not kind:
        raise NotRead("CREATE of something unknown")
    return _CREATED[kind](made, replacing, temporary)


def _create_table(reader: Reader, replacing: bool, temporary: bool) -> tuple[Change, ...]:
    reader.accept("VIRTUAL")
    reader.expect("TABLE")
    exists = if_not_exists(reader)
    table = reader.name()
    made = CreateTable(table, if_not_exists=exists, temporary=temporary)
    dropped: tuple[Change, ...] = (DropTable(table, if_exists=True),) if replacing else ()
    if reader.peek() == "(" and reader.peek(1) not in ("SELECT", "LIKE", "WITH"):
        made = _table_items(reader, made)
    return (*dropped, replace(made, as_query="SELECT" in {word.upper for word in reader.words[reader.at :]}))


def _table_items(reader: Reader, made: CreateTable) -> CreateTable:
    columns: list[ColumnSpec] = []
    constraints: list[ConstraintSpec] = []
    for part in reader.parts(*reader.group()):
        found = constraint(part)
        if found:
            constraints.append(found)
        elif part.peek() not in _INDEX_WORDS and not part.accept("PERIOD", "FOR"):
            columns.append(column(part))
    return replace(made, columns=tuple(columns), constraints=tuple(constraints))


def _create_index(reader: Reader, replacing: bool, temporary: bool) -> tuple[Change, ...]:
    kind = reader.any_of("UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR")
    reader.expect("INDEX")
    exists = if_not_exists(reader)
    name = reader.name()
    method = reader.take().text.lower() if reader.accept("USING") else None
    reader.expect("ON")
    return (index(reader, CreateIndex(reader.name(), name, if_not_exists=exists, method=method), kind),)


def index(reader: Reader, made: CreateIndex, kind: str) -> CreateIndex:
    """An index from its columns on; ``kind`` is the word before INDEX."""
    lengths = reader.lengths()
    columns = reader.names()
    where = None
    if reader.accept("WHERE"):
        where = reader.between(reader.at, len(reader.words))
        reader.at = len(reader.words)
    method = "spatial" if kind == "SPATIAL" else made.method
    unique, fulltext = kind == "UNIQUE", kind == "FULLTEXT"
    return replace(made, columns=columns, unique=unique, fulltext=fulltext, where=where, method=method, lengths=lengths)


def _create_view(reader: Reader, replacing: bool, temporary: bool) -> tuple[Change, ...]:
    while not reader.accept("VIEW"):
        reader.take()
    if_not_exists(reader)
    return (CreateView(reader.name(), replace=replacing),)


def _create_trigger(reader: Reader, replacing: bool, temporary: bool) -> tuple[Change, ...]:
    while not reader.accept("TRIGGER"):
        reader.take()
    if_not_exists(reader)
    name = reader.name()
    while not reader.accept("ON"):
        reader.take()
    return (CreateTrigger(reader.name(), name),)


def _create_code(reader: Reader, replacing: bool, temporary: bool) -> tuple[Change, ...]:
    return (CodeBlock("create"),)


def _create_other(reader: Reader, replacing: bool, temporary: bool) -> tuple[Change, ...]:
    return (Harmless("create"),)


_CREATED: dict[str, Callable[[Reader, bool, bool], tuple[Change, ...]]] = {
    "TABLE": _create_table,
    "INDEX": _create_index,
    "VIEW": _create_view,
    "TRIGGER": _create_trigger,
    **dict.fromkeys(("FUNCTION", "PROCEDURE", "EVENT", "PACKAGE"), _create_code),
    **dict.fromkeys(("USER", "ROLE", "SEQUENCE", "SERVER", "DATABASE", "SCHEMA", "TABLESPACE"), _create_other),
}


def drop(reader: Reader) -> tuple[Change, ...]:
    """DROP of tables, views, triggers, indexes; the rest is of no interest or code."""
    reader.take()
    reader.accept("TEMPORARY")
    kind = reader.take().upper
    exists = if_exists(reader)
    if kind in ("TABLE", "TABLES", "VIEW"):
        names = [part.name() for part in reader.rest()]
        if kind == "VIEW":
            return tuple(DropView(name) for name in names)
        return tuple(DropTable(name, if_exists=exists) for name in names)
    if kind == "INDEX":
        name = reader.name()
        return (DropIndex(name, reader.name() if reader.accept("ON") else None, if_exists=exists),)
    if kind == "TRIGGER":
        return (DropTrigger("", reader.name()),)
    if kind in _DROPPED:
        return (_DROPPED[kind]("drop"),)
    raise NotRead(f"DROP {kind}")


_DROPPED: dict[str, Callable[[str], Change]] = {
    **dict.fromkeys(("FUNCTION", "PROCEDURE", "EVENT", "PACKAGE"), CodeBlock),
    **dict.fromkeys(("USER", "ROLE", "SEQUENCE", "SERVER", "PREPARE", "TABLESPACE"), Harmless),
}
