"""A column's type as the server spells it, turned into what the seeder must know to write a value of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from gate.facts.schema import Column, Domain, Schema, Table

Family = Literal[
    "integer", "decimal", "float", "boolean", "text", "binary", "date", "time", "timestamp", "interval", "uuid", "json",
    "choice", "choices", "array", "range", "address", "mac", "bits", "xml", "hstore", "money", "vector", "geometry",
    "year", "words", "path", "unknown",
]  # fmt: skip

Named = TypeVar("Named")

_SHAPE = re.compile(r"(?P<name>[^(\[]*)(?:\((?P<size>[^)]*)\))?(?P<tail>[^\[\]]*?)(?P<array>(?:\[\])+)?", re.DOTALL)
_QUOTED = re.compile(r"'((?:[^'\\]|''|\\.)*)'")

_BITS = {
    "tinyint": 8, "smallint": 16, "int2": 16, "mediumint": 24, "integer": 32, "int": 32, "int4": 32, "bigint": 64,
    "int8": 64, "serial": 32, "bigserial": 64, "smallserial": 16, "oid": 32, "xid8": 63,
}  # fmt: skip
_FAMILIES: dict[str, Family] = {
    "numeric": "decimal", "decimal": "decimal", "dec": "decimal", "number": "decimal",
    "real": "float", "double precision": "float", "double": "float", "float": "float", "float4": "float",
    "float8": "float",
    "boolean": "boolean", "bool": "boolean",
    "text": "text", "character varying": "text", "varchar": "text", "character": "text", "char": "text",
    "bpchar": "text", "citext": "text", "name": "text", "tinytext": "text", "mediumtext": "text", "longtext": "text",
    "nvarchar": "text", "nchar": "text", "clob": "text", "string": "text", '"char"': "text",
    "varying character": "text",
    "bytea": "binary", "blob": "binary", "tinyblob": "binary", "mediumblob": "binary", "longblob": "binary",
    "binary": "binary", "varbinary": "binary",
    "date": "date", "time": "time", "time without time zone": "time", "time with time zone": "time",
    "timestamp": "timestamp", "timestamp without time zone": "timestamp", "timestamp with time zone": "timestamp",
    "datetime": "timestamp", "timestamptz": "timestamp", "interval": "interval", "year": "year",
    "uuid": "uuid", "json": "json", "jsonb": "json",
    "inet": "address", "cidr": "address", "inet4": "address", "inet6": "address", "macaddr": "mac",
    "bit": "bits", "bit varying": "bits", "varbit": "bits",
    "xml": "xml", "hstore": "hstore", "money": "money", "vector": "vector", "halfvec": "vector",
    "tsvector": "words", "tsquery": "words", "ltree": "path",
    "int4range": "range", "int8range": "range", "numrange": "range", "daterange": "range", "tsrange": "range",
    "tstzrange": "range",
    "point": "geometry",
}  # fmt: skip
_DEFAULT_LENGTH = {"tinytext": 255, "tinyblob": 255, "character": 1, "char": 1, "binary": 1, "bpchar": None, "name": 63}


@dataclass(frozen=True)
class ValueType:
    """What a value of a column must be. ``length`` counts characters or bytes, ``checks`` are a domain's conditions."""

    family: Family
    spelling: str
    length: int | None = None
    fixed: bool = False
    bits: int = 32
    unsigned: bool = False
    precision: int | None = None
    scale: int = 0
    choices: tuple[str, ...] = ()
    element: ValueType | None = None
    checks: tuple[str, ...] = ()
    required: bool = False
    dialect: str = "postgresql"


@dataclass(frozen=True)
class Types:
    """Finds the value type of columns of one schema."""

    dialect: str
    schema: Schema
    _known: dict[str, ValueType] = field(default_factory=dict)

    def of(self, column: Column, table: Table | None = None) -> ValueType:
        """The value type of a column. MariaDB and SQLite keep JSON as text that a check holds valid."""
        kind = self.named(column.type)
        if table is not None and kind.family == "text":
            checks = [one.definition.replace(" ", "") for one in table.constraints if one.kind == "check"]
            condition = rf"json_valid\(\W*{re.escape(column.name)}\b"
            if any("json_valid" in one.lower() and re.search(condition, one, re.IGNORECASE) for one in checks):
                return replace(kind, family="json")
        return kind

    def named(self, spelling: str) -> ValueType:
        """The value type of a type's spelling."""
        if spelling not in self._known:
            self._known[spelling] = self._find(spelling)
        return self._known[spelling]

    def _find(self, spelling: str) -> ValueType:
        if spelling.endswith("[]"):
            return ValueType("array", spelling, element=self.named(spelling[:-2]), dialect=self.dialect)
        domain = _lookup(self.schema.domains, spelling)
        if domain is not None:
            return self._of_domain(domain)
        enum = _lookup(self.schema.enums, spelling)
        if enum is not None:
            return ValueType("choice", spelling, choices=enum.values, dialect=self.dialect)
        return _parse(spelling, self.dialect)

    def _of_domain(self, domain: Domain) -> ValueType:
        base = self.named(domain.base)
        checks = (*base.checks, *domain.constraints)
        return replace(base, checks=checks, required=base.required or not domain.nullable)


def _lookup(found: Mapping[str, Named], spelling: str) -> Named | None:
    return found.get(spelling) or found.get(spelling.replace('"', ""))


def _parse(spelling: str, dialect: str) -> ValueType:
    match = _SHAPE.fullmatch(spelling.strip())
    if match is None:
        return ValueType("unknown", spelling, dialect=dialect)
    name = match["name"].strip().lower()
    tail = (match["tail"] or "").strip().lower()
    if name in ("enum", "set"):
        choices = tuple(_unquote(one) for one in _QUOTED.findall(spelling))
        return ValueType("choice" if name == "enum" else "choices", spelling, choices=choices, dialect=dialect)
    words = re.sub(r"\s+(unsigned|signed|zerofill)\b", "", f"{name} {tail}".strip())
    bare = name.split(" unsigned")[0].rpartition(".")[2].strip('"')
    sizes = [int(one) for one in re.findall(r"\d+", match["size"] or "")]
    plain = ValueType("unknown", spelling, unsigned="unsigned" in spelling.lower(), dialect=dialect)
    return _sized(plain, words, bare, sizes)


def _sized(plain: ValueType, words: str, bare: str, sizes: list[int]) -> ValueType:
    """The family by the type's name, and what its numbers in parentheses mean there."""
    if plain.dialect in ("mysql", "mariadb") and bare == "tinyint" and sizes == [1]:
        return replace(plain, family="boolean")
    if bare in _BITS:
        return replace(plain, family="integer", bits=_BITS[bare])
    unknown: Family = _by_affinity(bare) if plain.dialect == "sqlite" else "unknown"
    family = _FAMILIES.get(words) or _FAMILIES.get(bare) or unknown
    plain = replace(plain, family=family)
    if family == "decimal":
        return replace(plain, precision=sizes[0] if sizes else None, scale=sizes[1] if len(sizes) > 1 else 0)
    if family in ("text", "binary", "bits", "vector"):
        fixed = words in ("character", "char", "binary", "bit", "vector", "halfvec")
        size = sizes[0] if sizes else 1 if words == "bit" else _DEFAULT_LENGTH.get(words)
        return replace(plain, length=size, fixed=fixed)
    return plain


def _by_affinity(name: str) -> Family:
    """SQLite accepts any type name; these are its rules: https://www.sqlite.org/datatype3.html#type_affinity."""
    upper = name.upper()
    if "INT" in upper:
        return "integer"
    if any(part in upper for part in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if "BLOB" in upper:
        return "binary"
    if any(part in upper for part in ("REAL", "FLOA", "DOUB")):
        return "float"
    return "text" if not upper else "decimal"


def _unquote(text: str) -> str:
    return text.replace("''", "'").replace("\\'", "'").replace("\\\\", "\\")
