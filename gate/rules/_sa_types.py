"""SQL type spellings as SQLAlchemy code, so that a remedy can be pasted."""

from __future__ import annotations

from collections.abc import Callable

from gate.rules._says import bare, execute, ident, python, schema_argument
from gate.rules._types import shape

_PLAIN = {
    "text": "sa.Text()",
    "smallint": "sa.SmallInteger()",
    "int2": "sa.SmallInteger()",
    "integer": "sa.Integer()",
    "int": "sa.Integer()",
    "int4": "sa.Integer()",
    "bigint": "sa.BigInteger()",
    "int8": "sa.BigInteger()",
    "real": "sa.REAL()",
    "double precision": "sa.Float(53)",
    "float8": "sa.Float(53)",
    "boolean": "sa.Boolean()",
    "bool": "sa.Boolean()",
    "date": "sa.Date()",
    "bytea": "sa.LargeBinary()",
    "datetime": "sa.DateTime()",
    "timestamp": "sa.DateTime()",
    "timestamp without time zone": "sa.DateTime()",
    "timestamp with time zone": "sa.DateTime(timezone=True)",
    "timestamptz": "sa.DateTime(timezone=True)",
}
_SIZED = {
    "character varying": "sa.String",
    "varchar": "sa.String",
    "character": "sa.CHAR",
    "char": "sa.CHAR",
    "numeric": "sa.Numeric",
    "decimal": "sa.Numeric",
}


def sa_type(text: str) -> str | None:
    """``sa.String(50)`` for ``character varying(50)``; None for what SQLAlchemy's generic types do not have."""
    known = shape(text)
    if known.array:
        return None
    if known.base in _SIZED:
        return f"{_SIZED[known.base]}({', '.join(map(str, known.sizes))})"
    return None if known.sizes else _PLAIN.get(known.base)


def add_nullable(table: str, column: str, type: str, quoted: Callable[[str], str] = ident) -> str:
    """Code that adds the column as nullable: an ``op`` call where the type has a generic name, else the SQL itself."""
    code = sa_type(type)
    if type and code is None:
        return execute(f"ALTER TABLE {quoted(table)} ADD COLUMN {quoted(column)} {type}")
    return (
        f"op.add_column({python(bare(table))}, sa.Column({python(column)}, {code or '...'}, nullable=True)"
        f"{schema_argument(table)})"
    )
