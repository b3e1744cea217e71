"""Column types of MySQL, MariaDB and SQLite made comparable, since catalogue and statement spell them differently."""

from __future__ import annotations

import re

_ALIASES = {
    "integer": "int",
    "int4": "int",
    "int8": "bigint",
    "int2": "smallint",
    "bool": "tinyint(1)",
    "boolean": "tinyint(1)",
    "dec": "decimal",
    "numeric": "decimal",
    "fixed": "decimal",
    "double precision": "double",
    "float8": "double",
    "float4": "float",
    "real": "double",
    "character varying": "varchar",
    "national varchar": "varchar",
    "nvarchar": "varchar",
    "character": "char",
    "national char": "char",
    "nchar": "char",
    "long varchar": "mediumtext",
    "varcharacter": "varchar",
}
_LENGTHS = {"decimal": "(10,0)", "char": "(1)", "bit": "(1)", "binary": "(1)"}
_TYPE = re.compile(r"^([a-z0-9_ ]+?)\s*(\(.*\))?\s*((?:\s*(?:unsigned|signed|zerofill|binary))*)$", re.DOTALL)
_WIDTH = re.compile(r"^(tinyint|smallint|mediumint|int|bigint|year)$")


def normal(type: str) -> str:
    """One spelling for one type: aliases, default lengths and display widths settled, lower case outside of strings."""
    text = _lowered(type)
    found = _TYPE.match(text)
    if not found:
        return text
    name, size, sign = found.group(1).strip(), (found.group(2) or "").replace(" ", ""), found.group(3).split()
    alias = _ALIASES.get(name, name)
    if "(" in alias:
        return alias
    if _WIDTH.match(alias) and not (alias == "tinyint" and size == "(1)"):
        size = ""  # a display width says nothing: https://dev.mysql.com/doc/refman/8.4/en/numeric-type-attributes.html
    if alias == "decimal" and size and "," not in size:
        size = f"{size[:-1]},0)"
    words = [word for word in sign if word != "signed"]
    return " ".join([alias + (size or _LENGTHS.get(alias, "")), *words])


def _lowered(type: str) -> str:
    parts = re.split(r"('(?:[^']|'')*')", " ".join(type.split()))
    return "".join(part if part.startswith("'") else part.lower() for part in parts).strip()


def same(one: str, other: str) -> bool:
    """Do two spellings mean one type? JSON is LONGTEXT on MariaDB: https://mariadb.com/kb/en/json-data-type/."""
    json = {"json", "longtext"}
    return normal(one) == normal(other) or {normal(one), normal(other)} == json


def base(type: str) -> str:
    """The type's name alone: ``varchar`` of ``VARCHAR(20)``."""
    return re.split(r"[( ]", normal(type), maxsplit=1)[0]


def size(type: str) -> tuple[int, ...]:
    """The numbers in a type's parentheses; empty where there are none."""
    found = re.search(r"\(([\d,\s]+)\)", type)
    return tuple(int(number) for number in found.group(1).split(",") if number.strip()) if found else ()


def members(type: str) -> tuple[str, ...]:
    """The labels of an ENUM or SET."""
    inner = re.search(r"^\s*(?:enum|set)\s*\((.*)\)", type, re.IGNORECASE | re.DOTALL)
    found = re.findall(r"'((?:[^']|'')*)'", inner.group(1)) if inner else []
    return tuple(label.replace("''", "'") for label in found)


def affinity(type: str) -> str:
    """SQLite's column affinity, in the order of https://www.sqlite.org/datatype3.html#determination_of_column_affinity."""
    text = type.upper()
    if "INT" in text:
        return "integer"
    if any(word in text for word in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if "BLOB" in text or not text:
        return "blob"
    return "real" if any(word in text for word in ("REAL", "FLOA", "DOUB")) else "numeric"
