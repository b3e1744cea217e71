"""Column and constraint definitions as MySQL, MariaDB and SQLite write them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gate.facts.changes import ColumnSpec, ConstraintSpec
from gate.facts.schema import ConstraintKind
from gate.sql._words import NotRead, Reader, unquoted

_ATTRIBUTES = frozenset(
    [
        "NOT",
        "NULL",
        "DEFAULT",
        "AUTO_INCREMENT",
        "AUTOINCREMENT",
        "UNIQUE",
        "PRIMARY",
        "KEY",
        "COMMENT",
        "COLLATE",
        "CHARSET",
        "GENERATED",
        "AS",
        "VIRTUAL",
        "STORED",
        "PERSISTENT",
        "CHECK",
        "REFERENCES",
        "CONSTRAINT",
        "ON",
        "FIRST",
        "AFTER",
        "INVISIBLE",
        "VISIBLE",
        "COLUMN_FORMAT",
        "STORAGE",
        "WITH",
        "WITHOUT",
        "DEFERRABLE",
        "INITIALLY",
        "MATCH",
        "SERIAL",
        "SRID",
        "REF_SYSTEM_ID",
        "ENGINE_ATTRIBUTE",
    ]
)
_ACTIONS = ("CASCADE", "RESTRICT", "SET", "NO")


def column(reader: Reader) -> ColumnSpec:
    """One column definition up to the end of the reader."""
    spec = ColumnSpec(name=unquoted(reader.take().text), type=_type(reader))
    if spec.type.upper() == "SERIAL":
        # https://dev.mysql.com/doc/refman/8.4/en/numeric-type-syntax.html: an alias for these four words
        spec = replace(spec, type="BIGINT UNSIGNED", nullable=False, identity=True, unique=True)
    while not reader.done:
        spec = _attribute(reader, spec)
    return spec


def _type(reader: Reader) -> str:
    begun = reader.at
    while not reader.done:
        charset = reader.peek() in ("CHARACTER", "CHAR") and reader.peek(1) == "SET"
        if reader.at > begun and (charset or reader.peek() in _ATTRIBUTES):
            break
        if reader.at == begun and reader.peek() in _ATTRIBUTES - {"SERIAL"}:
            break
        if reader.peek() == "(":
            reader.group()
        else:
            reader.take()
    return " ".join(reader.between(begun, reader.at).split())


def _attribute(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    word = reader.take().upper
    if word in _SIMPLE:
        return replace(spec, **_SIMPLE[word])
    if word in _READERS:
        return _READERS[word](reader, spec)
    raise NotRead(f"column attribute {word}")


_SIMPLE: dict[str, dict[str, Any]] = {
    "NULL": {"nullable": True},
    "AUTO_INCREMENT": {"identity": True},
    "AUTOINCREMENT": {"identity": True},
    "VIRTUAL": {"generated": "virtual"},
    "STORED": {"generated": "stored"},
    "PERSISTENT": {"generated": "stored"},
    "FIRST": {"first": True},
    "INVISIBLE": {"visible": False},
    "VISIBLE": {"visible": True},
    "ENFORCED": {},
    "DEFERRABLE": {},
    "ALWAYS": {},
    "KEY": {"primary_key": True, "nullable": False},
    "ASC": {},
    "DESC": {},
}


def _not(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    if reader.accept("NULL"):
        return replace(spec, nullable=False)
    if reader.accept("ENFORCED"):
        return replace(spec, check=None)  # MySQL writes it down and asks nobody
    reader.accept("DEFERRABLE")
    return spec


def _default(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    return replace(spec, default=default_value(reader))


def default_value(reader: Reader) -> str:
    """The text of a default: a literal, a function call, or an expression in parentheses."""
    begun = reader.at
    if reader.peek() == "(":
        reader.group()
    elif reader.accept("NEXT", "VALUE", "FOR"):
        reader.name()
    else:
        reader.any_of("+", "-")
        reader.take()
        if reader.peek() == "(":
            reader.group()
        elif not reader.done and reader.words[reader.at].kind == "string":
            reader.take()
    return reader.between(begun, reader.at)


def _on(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    """ON UPDATE CURRENT_TIMESTAMP belongs to the default, as SHOW CREATE TABLE writes it; ON CONFLICT says nothing."""
    if reader.accept("UPDATE"):
        return replace(spec, default=f"{spec.default or 'NULL'} ON UPDATE {default_value(reader)}")
    reader.expect("CONFLICT")
    reader.take()
    return spec


def _unique(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    reader.accept("KEY")
    return replace(spec, unique=True)


def _primary(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    reader.expect("KEY")
    return replace(spec, primary_key=True)


def _comment(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    return replace(spec, comment=unquoted(reader.take().text))


def _collate(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    return replace(spec, collation=reader.name())


def _charset(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    reader.accept("SET")
    return replace(spec, collation=spec.collation or reader.name())


def _generated(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    reader.accept("ALWAYS")
    reader.expect("AS")
    return _computed(reader, spec)


def _computed(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    reader.grouped()
    return replace(spec, generated="virtual")


def _check(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    return replace(spec, check=reader.grouped())


def _constraint_name(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    reader.name()
    return spec


def _references(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    return replace(spec, references=references(reader, ConstraintSpec("foreign-key")).references)


def _after(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    return replace(spec, after=reader.name())


def _worded(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    reader.accept("=")
    reader.take()
    return spec


def _versioning(reader: Reader, spec: ColumnSpec) -> ColumnSpec:
    reader.expect("SYSTEM", "VERSIONING")
    return spec


_READERS = {
    "NOT": _not,
    "DEFAULT": _default,
    "ON": _on,
    "UNIQUE": _unique,
    "PRIMARY": _primary,
    "COMMENT": _comment,
    "COLLATE": _collate,
    "CHARACTER": _charset,
    "CHARSET": _charset,
    "CHAR": _charset,
    "GENERATED": _generated,
    "AS": _computed,
    "CHECK": _check,
    "CONSTRAINT": _constraint_name,
    "REFERENCES": _references,
    "AFTER": _after,
    "COLUMN_FORMAT": _worded,
    "STORAGE": _worded,
    "SRID": _worded,
    "ENGINE_ATTRIBUTE": _worded,
    "INITIALLY": _worded,
    "WITH": _versioning,
    "WITHOUT": _versioning,
}


def constraint(reader: Reader) -> ConstraintSpec | None:
    """A table constraint, or None where the words do not start one. Key and index definitions are not constraints."""
    name = None
    if reader.accept("CONSTRAINT"):
        if reader.peek() not in ("PRIMARY", "UNIQUE", "FOREIGN", "CHECK"):
            name = reader.name()
        reader.accept("IF", "NOT", "EXISTS")
    if reader.accept("PRIMARY", "KEY"):
        return _key(reader, "primary-key", name)
    keyed = reader.peek() == "UNIQUE" and reader.peek(1) in ("INDEX", "KEY")
    if reader.peek() == "UNIQUE" and (not keyed or name is not None):
        reader.at += 2 if keyed else 1
        return _unique_constraint(reader, name)
    if reader.accept("FOREIGN", "KEY"):
        return _foreign_key(reader, name)
    if reader.accept("CHECK"):
        expression = reader.grouped()
        return ConstraintSpec("check", name, expression=expression, enforced=not reader.accept("NOT", "ENFORCED"))
    if name is not None:
        raise NotRead("a constraint expected")
    return None


def _unique_constraint(reader: Reader, name: str | None) -> ConstraintSpec:
    if reader.peek() not in ("(", "USING"):
        name = name or reader.name()
    return _key(reader, "unique", name)


def _key(reader: Reader, kind: ConstraintKind, name: str | None) -> ConstraintSpec:
    """The columns of a key after an optional index name or method."""
    while reader.peek() != "(":
        reader.take()
    lengths = reader.lengths()
    return ConstraintSpec(kind, name, reader.names(), lengths=lengths)


def _foreign_key(reader: Reader, name: str | None) -> ConstraintSpec:
    reader.accept("IF", "NOT", "EXISTS")
    if reader.peek() != "(":
        name = name or reader.name()
    columns = reader.names()
    reader.expect("REFERENCES")
    return references(reader, ConstraintSpec("foreign-key", name, columns))


def references(reader: Reader, spec: ConstraintSpec) -> ConstraintSpec:
    """What follows REFERENCES: table, columns, actions."""
    spec = replace(spec, references=reader.name())
    if reader.peek() == "(":
        spec = replace(spec, referenced_columns=reader.names())
    while True:
        if reader.accept("ON", "DELETE"):
            spec = replace(spec, on_delete=_action(reader))
        elif reader.accept("ON", "UPDATE"):
            _action(reader)
        elif reader.accept("MATCH"):
            reader.take()
        elif reader.accept("DEFERRABLE"):
            spec = replace(spec, deferrable=True)
        elif reader.accept("INITIALLY"):
            spec = replace(spec, initially_deferred=reader.take().upper == "DEFERRED")
        elif not reader.accept("NOT", "DEFERRABLE"):
            return spec


def _action(reader: Reader) -> str:
    first = reader.any_of(*_ACTIONS)
    second = reader.any_of("NULL", "DEFAULT", "ACTION") if first in ("SET", "NO") else ""
    return f"{first} {second}".strip()
