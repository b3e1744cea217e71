"""PostgreSQL type names as the server's ``format_type`` spells them.

https://www.postgresql.org/docs/current/datatype.html, table 8.1: aliases and internal names.
"""

from __future__ import annotations

from collections.abc import Iterable

from postgast import pg_query_pb2 as pg

from gate.sql._pg_nodes import text_of

_SPELLING = {
    "varchar": "character varying",
    "bpchar": "character",
    "char": '"char"',
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "decimal": "numeric",
    "varbit": "bit varying",
}
_TIMES = {
    "timestamp": ("timestamp", "without time zone"),
    "timestamptz": ("timestamp", "with time zone"),
    "time": ("time", "without time zone"),
    "timetz": ("time", "with time zone"),
}
SERIALS = {
    "smallserial": "smallint",
    "serial2": "smallint",
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
}


def type_text(node: pg.TypeName) -> str:
    """A written type as the catalogue would spell it: ``varchar(20)[]`` is ``character varying(20)[]``.

    Empty where none is written, as for a column that a partition only gives another default.
    """
    names = [one.string.sval for one in node.names]
    if not names:
        return ""
    built_in = len(names) == 1 or names[0] == "pg_catalog"
    base = _base(names[-1], list(_modifiers(node))) if built_in else ".".join(_without_public(names))
    return base + "[]" * len(node.array_bounds)


def is_serial(node: pg.TypeName) -> bool:
    """Whether the type is one of the serial pseudo-types, which bring a sequence and a default."""
    return len(node.names) == 1 and node.names[0].string.sval in SERIALS


def _without_public(names: list[str]) -> list[str]:
    return names[1:] if names[0] == "public" else names


def _modifiers(node: pg.TypeName) -> Iterable[str]:
    for one in node.typmods:
        yield str(one.a_const.ival.ival) if one.a_const.HasField("ival") else text_of(one)


def _base(name: str, modifiers: list[str]) -> str:
    size = f"({','.join(modifiers)})" if modifiers else ""
    if name in SERIALS:
        return SERIALS[name]
    if name in _TIMES:
        first, rest = _TIMES[name]
        return f"{first}{size} {rest}"
    if name == "interval":
        return "interval" if len(modifiers) < 2 else f"interval({modifiers[1]})"
    if name == "bpchar" and modifiers:
        return f"character{size}"
    return f"{_SPELLING.get(name, name)}{size}"
