"""One spelling for what servers and their versions spell differently: types, defaults, conditions, index definitions.

Only for comparing two texts with each other, never for showing or running them.
"""

from __future__ import annotations

import re

from gate.facts.schema import Column, Constraint, Index

_TYPES = {
    "int4": "integer", "int": "integer", "int8": "bigint", "int2": "smallint", "bool": "boolean",
    "float8": "double precision", "float4": "real", "double": "double precision", "decimal": "numeric",
    "dec": "numeric", "varchar": "character varying", "bpchar": "character", "char": "character",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone", "timetz": "time with time zone", "time": "time without time zone",
    "varbit": "bit varying",
}  # fmt: skip
# MySQL 8.0.19 stopped showing display widths, MariaDB still does; tinyint(1) is kept by both, since it means boolean.
_WIDTH = re.compile(r"^(tinyint|smallint|mediumint|int|integer|bigint)\((\d+)\)")
_CAST = re.compile(
    r"""::\s*(?:"[^"]+"|[a-z_][\w.]*)(?:\s+(?:varying|precision|without time zone|with time zone))?"""
    r"(?:\(\d+(?:,\s*\d+)?\))?(?:\[\])*",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"\b(?:now\(\)|current_timestamp(?:\(\d*\))?|transaction_timestamp\(\)|localtimestamp(?:\(\))?)", re.IGNORECASE
)
_QUALIFIER = re.compile(r"(?:\"[^\"]+\"|`[^`]+`|\b[A-Za-z_]\w*)\.(?=[\w\"`*])")
_STRING = re.compile(r"'(?:[^']|'')*'")
_INDEX_HEAD = re.compile(
    r"^create\s+(?:unique\s+)?index\s+.*?\bon\s+(?:only\s+)?\S+\s*(?:using\s+(\w+)\s*)?", re.I | re.DOTALL
)
_NAMELESS = re.compile(r"\b_(?:utf8mb4|utf8mb3|utf8|latin1|ascii)\s*(?=')", re.I)


def type_key(spelling: str) -> str:
    """``int(11)`` is ``integer``, ``varchar(5)`` is ``character varying(5)``, ``timestamp`` is without time zone."""
    text = " ".join(spelling.lower().split())
    width = _WIDTH.match(text)
    if width and (width[1], width[2]) != ("tinyint", "1"):
        text = width[1] + text[width.end() :]
    text = text.replace("character set utf8mb3", "character set utf8").replace(", ", ",")
    match = re.match(r"^([a-z0-9]+)(\(.*?\))?(.*)$", text)
    if match is None:
        return text
    name, size, rest = match[1], match[2] or "", match[3]
    if name in ("timestamp", "time") and " time zone" in rest:
        return text
    return f"{_TYPES.get(name, name)}{size}{rest}" if name not in ("timestamp", "time") else _moment(name, size, rest)


def _moment(name: str, size: str, rest: str) -> str:
    return f"{name}{size}{rest} without time zone"


def condition_key(text: str | None) -> str:
    """A condition or expression without casts, parentheses, quotes of names, letter case and blanks."""
    if not text:
        return ""
    parts: list[str] = []
    at = 0
    for string in _STRING.finditer(text):
        parts.extend((_outside(text[at : string.start()]), string.group()))
        at = string.end()
    parts.append(_outside(text[at:]))
    return "".join(parts)


def _outside(text: str) -> str:
    """The same for a stretch without string literals; a cast right after one belongs to it."""
    bare = _NAMELESS.sub("", _NOW.sub("now", _CAST.sub("", text)))
    return re.sub(r"[\s()\"`\[\]]+", "", bare.replace("public.", "").replace("main.", "")).lower()


def view_key(text: str) -> str:
    """A view's query without the tables' names before columns, which servers add or leave out as they like."""
    return condition_key(_QUALIFIER.sub("", text)).rstrip(";")


def default_key(column: Column) -> str:
    """A default in one spelling: ``'0'::integer``, ``'0'`` and ``0`` are one, NULL is none, sequences are alike."""
    if column.identity:
        return "identity"
    text = (column.default or "").strip()
    if "nextval(" in text.lower():
        return "sequence"
    key = condition_key(text)
    if key in ("", "null"):
        return ""
    literal = re.fullmatch(r"b?'((?:[^']|'')*)'", key)
    bare = literal[1] if literal else key
    words = {"true": "1", "false": "0"}
    return words.get(bare.lower(), _number(bare))


def _number(text: str) -> str:
    return re.sub(r"\.0+$", "", text) if re.fullmatch(r"-?\d+\.\d+", text) else text


def index_key(index: Index) -> tuple[bool, str, str, str]:
    """What an index is, without its name: uniqueness, method, what it covers, its condition."""
    head = _INDEX_HEAD.match(index.definition)
    method = (head[1] if head and head[1] else index.method or "btree").lower()
    tail = index.definition[head.end() :] if head else ", ".join(index.columns)
    body = re.split(r"\bwhere\b", tail, maxsplit=1, flags=re.IGNORECASE)[0]
    return index.unique, method, condition_key(body), condition_key(index.predicate)


def constraint_key(constraint: Constraint) -> tuple[str, ...]:
    """What a constraint is, without its name."""
    if constraint.kind == "foreign-key":
        return (
            constraint.kind,
            ",".join(constraint.columns),
            constraint.references or "",
            ",".join(constraint.referenced_columns),
            constraint.on_delete or "",
        )
    if constraint.kind in ("primary-key", "unique"):
        return constraint.kind, ",".join(constraint.columns)
    text = re.sub(r"\bNOT VALID\s*$", "", constraint.definition, flags=re.IGNORECASE)
    return constraint.kind, condition_key(text)
