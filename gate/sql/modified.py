"""MySQL's MODIFY and CHANGE as what they change, given the column as it was."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gate.facts.changes import (
    AlterColumnType,
    Change,
    ColumnSpec,
    DropDefault,
    DropNotNull,
    ModifyColumn,
    RenameColumn,
    SetDefault,
    SetNotNull,
)
from gate.facts.rehearsal import Statement
from gate.facts.schema import Column
from gate.sql import _types

_STRINGS = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"")


def expanded(statements: tuple[Statement, ...], sources: Mapping[str, str]) -> tuple[Statement, ...]:
    """Each MODIFY followed by the changes that it amounts to; what it drops by accident is left to its own rule."""
    return tuple(_expanded(statement, sources) for statement in statements)


def _expanded(statement: Statement, sources: Mapping[str, str]) -> Statement:
    changes: list[Change] = []
    for change in statement.changes:
        changes.append(change)
        if isinstance(change, ModifyColumn):
            changes += [one for one in _meant(change, statement, sources) if one not in statement.changes]
    return replace(statement, changes=tuple(changes))


def column_before(change: ModifyColumn, statement: Statement) -> Column | None:
    """The column that a MODIFY meets, where the catalogue was seen."""
    table = statement.before.table(change.table)
    return table.column(change.column) if table else None


def _meant(change: ModifyColumn, statement: Statement, sources: Mapping[str, str]) -> Iterator[Change]:
    """The changes under the column's old name, the rename last."""
    was, spec, table, column = column_before(change, statement), change.spec, change.table, change.column
    if was is not None:
        lost = lost_attributes(change, statement, sources)
        if not _same_type(change, statement, was) or _recollated(change, statement, was):
            yield AlterColumnType(table, column, spec.type, collation=spec.collation)
        if was.nullable and not spec.nullable:
            yield SetNotNull(table, column)
        if not was.nullable and spec.nullable and "NOT NULL" not in lost:
            yield DropNotNull(table, column)
        if not _keeps_default(was, _column_after(change, statement)):
            yield from _default(change, was, lost)
    if spec.name.lower() != column.lower():
        yield RenameColumn(table, column, spec.name)


def _default(change: ModifyColumn, was: Column, lost: tuple[str, ...]) -> Iterator[Change]:
    old, new = plain_default(_own_default(was)), plain_default(change.spec.default)
    if old is not None and new is None and not any(one.startswith(("DEFAULT", "ON UPDATE")) for one in lost):
        yield DropDefault(change.table, change.column)
    elif new is not None and new != old:
        yield SetDefault(change.table, change.column, change.spec.default or "")


def _keeps_default(was: Column, now: Column | None) -> bool:
    """MariaDB gives a TIMESTAMP that has ON UPDATE and no default the zero date by itself."""
    return now is not None and was.default is not None and was.default == now.default


def _own_default(was: Column) -> str | None:
    """The default; what the catalogue holds for a generated column is the expression that it is computed by."""
    return None if was.generated else was.default


def _same_type(change: ModifyColumn, statement: Statement, was: Column) -> bool:
    """The server's own spelling of the new type decides, where the catalogue after the statement was seen."""
    if _becomes_json(change, statement, was):
        return False
    if _types.same(was.type, change.spec.type):
        return True
    after = statement.after.table(change.table) if statement.error is None else None
    now = after.column(change.spec.name) if after else None
    return now is not None and _types.same(was.type, now.type)


def _becomes_json(change: ModifyColumn, statement: Statement, was: Column) -> bool:
    """MariaDB's JSON is a LONGTEXT with a CHECK, which a LONGTEXT has not; MySQL's is a type of its own."""
    if {_types.base(was.type), _types.base(change.spec.type)} != {"json", "longtext"}:
        return False
    now = _column_after(change, statement) or Column(change.spec.name, change.spec.type)
    return _holds_json(was) != _holds_json(now)


def _holds_json(column: Column) -> bool:
    return _types.base(column.type) == "json" or any("json_valid" in one for one in column.also)


def _recollated(change: ModifyColumn, statement: Statement, was: Column) -> bool:
    """Whether the text gets another character set or collation, as the catalogue after the statement says."""
    now = _column_after(change, statement)
    return now is not None and (now.collation or "") != (was.collation or "")


def _column_after(change: ModifyColumn, statement: Statement) -> Column | None:
    """The column as the server made it, where the catalogue after the statement was seen."""
    seen = statement.observed is not None and statement.error is None
    after = statement.after.table(change.table) if seen else None
    return after.column(change.spec.name) if after else None


def plain_default(default: str | None) -> str | None:
    """A default to compare with: NULL is none, quotes, outer parentheses and the spelling of functions settled."""
    if default is None:
        return None
    text = re.sub(r"(?i)^null on update .*", "null", " ".join(default.split()))
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    if text[:1] == "'" and text[-1:] == "'":
        return text[1:-1].replace("''", "'")
    text = text.lower().replace("current_timestamp()", "current_timestamp").replace("now()", "current_timestamp")
    text = re.sub(r"\b(true|false)\b", lambda found: "1" if found.group() == "true" else "0", text)
    return None if text in ("null", "") else text


def lost_attributes(change: ModifyColumn, statement: Statement, sources: Mapping[str, str]) -> tuple[str, ...]:
    """What the MODIFY drops although nobody asked for it, as SQL words. Empty when the column before is not known.

    An attribute that the revision names itself (``nullable=``, ``server_default=``, an explicit NULL in raw SQL) is a
    decision, not an accident. https://dev.mysql.com/doc/refman/8.4/en/alter-table.html: "attributes present in the
    original definition but not specified for the new definition are not carried forward".
    """
    was = column_before(change, statement)
    if was is None:
        return ()
    written = _written(change, statement, sources.get(statement.location.path, ""))
    lost = (*_lost(was, change.spec, written), *_also_lost(was, change.spec, written))
    if _keeps_default(was, _column_after(change, statement)):
        lost = tuple(one for one in lost if not one.startswith("DEFAULT "))
    unsaid = change.spec.collation is None and _recollated(change, statement, was) and was.collation
    return (*lost, f"COLLATE {was.collation}") if unsaid else lost


def _lost(was: Column, spec: ColumnSpec, written: frozenset[str]) -> Iterator[str]:
    if not was.nullable and spec.nullable and not spec.primary_key and "nullable" not in written:
        yield "NOT NULL"
    if was.generated == "stored" and not spec.generated:  # a VIRTUAL one cannot be made plain
        yield f"GENERATED ALWAYS AS ({was.default})" if was.default else "GENERATED ALWAYS AS"
    old, new = _own_default(was) or "", spec.default or ""
    if "server_default" not in written:
        if plain_default(re.sub(r"(?i)\s*on update.*", "", old)) is not None and spec.default is None:
            yield f"DEFAULT {re.sub(r'(?i) *on update.*', '', old)}"
        if "on update" in old.lower() and "on update" not in new.lower():
            yield "ON UPDATE " + re.split(r"(?i)on update\s*", old)[1]
    if was.comment and not spec.comment and "comment" not in written:
        yield "COMMENT"
    if was.identity and not spec.identity and "autoincrement" not in written:
        yield "AUTO_INCREMENT"


def _also_lost(was: Column, spec: ColumnSpec, written: frozenset[str]) -> Iterator[str]:
    for words in was.also:
        if words == "INVISIBLE":
            lost = spec.visible is None
        elif words.startswith("CHECK "):
            lost = spec.check is None and ("json_valid" not in words or _still_longtext(spec, written))
        else:
            lost = "on update" not in (spec.default or "").lower() and "server_default" not in written
        if lost:
            yield words


def _still_longtext(spec: ColumnSpec, written: frozenset[str]) -> bool:
    """MariaDB keeps JSON as LONGTEXT with this CHECK; the word JSON brings it back, another type wants it gone."""
    return _types.base(spec.type) == "longtext" and "type_" not in written


def _written(change: ModifyColumn, statement: Statement, source: str) -> frozenset[str]:
    """The attributes that the revision names on purpose, in the words of ``alter_column``."""
    call = _alter_call(source, statement.location.line, change.column)
    if call is not None:
        return call
    words = _STRINGS.sub("''", statement.sql)
    by_hand = not source or re.search(r"(?i)\b(MODIFY|CHANGE)\b", source) is not None
    null = re.search(r"(?<!NOT )(?<!DEFAULT )\bNULL\b", " ".join(words.upper().split())) is not None
    # Alembic writes NULL whenever it is not told otherwise, so its NULL says nothing beside another change.
    named = {"nullable"} if null and (by_hand or _only_null(change, statement)) else set()
    return frozenset(named | ({"server_default"} if re.search(r"(?i)\bDEFAULT\s+NULL\b", words) else set()))


def _only_null(change: ModifyColumn, statement: Statement) -> bool:
    was = column_before(change, statement)
    return was is not None and _types.same(was.type, change.spec.type) and change.spec.name == change.column


@functools.lru_cache(maxsize=256)
def _alter_call(source: str, line: int, column: str) -> frozenset[str] | None:
    """The keywords of the ``alter_column`` call at a line of a revision; None where there is none.

    Batch mode runs its statements when the block ends, so at the head of a ``with`` its whole body is looked at.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None
    blocks: list[ast.AST] = [node for node in ast.walk(tree) if isinstance(node, ast.With) and node.lineno == line]
    calls = [
        node
        for place in (blocks or [tree])
        for node in ast.walk(place)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "alter_column"
        and (blocks or node.lineno <= line <= (node.end_lineno or node.lineno))
    ]
    about = [call for call in calls if column in _texts(call)] or calls
    if not about or any(keyword.arg is None for keyword in about[-1].keywords):
        return None
    return frozenset(keyword.arg for keyword in about[-1].keywords if keyword.arg)


def _texts(call: ast.Call) -> set[object]:
    return {one.value for one in call.args if isinstance(one, ast.Constant)}
