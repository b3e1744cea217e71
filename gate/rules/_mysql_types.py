"""What a change of a column's type does to values on MySQL and MariaDB."""

from __future__ import annotations

from dataclasses import replace

from gate.rules._types import Loss, narrowing
from gate.sql import _types

_KINDS = {
    "text": ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "json"),
    "number": ("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double", "bit", "year"),
    "time": ("date", "datetime", "timestamp", "time"),
    "bytes": ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"),
}
# https://dev.mysql.com/doc/refman/8.4/en/integer-types.html and string-type-syntax.html: bytes, and most bytes of text
_INTEGERS = {"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "bigint": 8}
_TEXTS = {"tinytext": 255, "text": 65535, "mediumtext": 16777215, "longtext": 4294967295}
# PostgreSQL's spelling, so that one function knows what a smaller type does to values
_SPELLED = {
    "varchar": "character varying",
    "char": "character",
    "decimal": "numeric",
    "double": "double precision",
    "float": "real",
    "datetime": "timestamp without time zone",
    "timestamp": "timestamp without time zone",
    "int": "integer",
}


def kind(type: str) -> str:
    """``text``, ``number``, ``time``, ``bytes``; the type itself where it is none of these."""
    name = _types.base(type)
    return next((family for family, names in _KINDS.items() if name in names), name)


def loss(old: str, new: str) -> Loss:
    """What a change to a smaller type may do to values that are there. Labels of an ENUM have a rule of their own."""
    a, b = _types.base(old), _types.base(new)
    if a in _INTEGERS and b in _INTEGERS:
        signed = ("unsigned" in old.lower()) != ("unsigned" in new.lower())
        smaller = _INTEGERS[b] < _INTEGERS[a] or (signed and _INTEGERS[b] <= _INTEGERS[a])
        return Loss(refuses=f"outside the range of {new}") if smaller else Loss()
    if {a, b} <= {*_TEXTS, "varchar", "char", "enum", "set"} and b not in ("enum", "set"):
        return Loss(refuses=f"longer than {new} holds") if _capacity(b, new) < _capacity(a, old) else Loss()
    changed = narrowing(spelled(old), spelled(new))
    if a in ("date", "datetime") and b == "timestamp":
        return replace(changed, refuses="before 1970 or after January 2038 (2106 from MariaDB 11.5)")
    return changed


def _capacity(name: str, type: str) -> int:
    """The longest text; of an ENUM its longest label, of a SET all of them with commas between."""
    labels, size = _types.members(type), _types.size(type)
    if labels:
        return max(map(len, labels)) if name == "enum" else len(",".join(labels))
    return _TEXTS.get(name) or (size[0] if size else 1)


def spelled(type: str) -> str:
    """The type in PostgreSQL's words."""
    name = _types.base(type)
    size = _types.size(type) or ((0,) if name in ("datetime", "timestamp", "time") else ())
    given = f"({','.join(map(str, size))})" if size and name not in _INTEGERS else ""
    first, _, rest = _SPELLED.get(name, name).partition(" ")
    return (
        f"{first}{given} {rest}".strip() if name in ("datetime", "timestamp") else f"{_SPELLED.get(name, name)}{given}"
    )
