"""PostgreSQL: libpg_query (the server's own parser, through postgast) does the reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import postgast
from google.protobuf.message import DecodeError
from postgast import PgQueryError
from postgast import pg_query_pb2 as pg

from gate.facts.changes import Change, CodeBlock, Harmless
from gate.sql import _pg_rows, _pg_statements
from gate.sql._parsed import Parsed
from gate.sql._pg_alter import alter_table
from gate.sql._pg_code import do_block, is_plpgsql

_READERS: dict[str, Callable[[Any], Iterator[Change]]] = {
    **_pg_statements.READERS,
    **_pg_rows.READERS,
    "copy_stmt": _pg_rows.copy,
    "alter_table_stmt": alter_table,
}
# Strings, quoted names, dollar quotes and comments are left alone; drivers' placeholders become $n. Drivers also
# double the percent sign: https://www.psycopg.org/psycopg3/docs/basic/params.html
_TOKEN = re.compile(
    r"""(?P<keep>[eE]?'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|(?P<tag>\$\w*\$).*?(?P=tag)|--[^\n]*|/\*.*?\*/)"""
    r"|(?P<hole>%\(\w+\)[sbt]|%[sbt](?!\w)|(?<![:\w]):[A-Za-z_]\w*)|(?P<percent>%%)",
    re.DOTALL,
)


def parse(sql: str) -> Parsed:
    """Every change that the text means, in order."""
    text = sql.replace("\0", "")
    for candidate in dict.fromkeys((text, _without_placeholders(text))):
        try:
            return _join(_statement(candidate, one) for one in _tree(candidate).stmts)
        except PgQueryError:
            continue
    pieces = split(text)
    known = _join(parse(one) for one in pieces if one != text)
    return Parsed(known.changes, understood=False)


def split(text: str) -> tuple[str, ...]:
    """The statements of a script, without closing semicolons and empty ones."""
    clean = text.replace("\0", "")
    try:
        pieces = postgast.split(clean, method="parser" if _parses(clean) else "scanner")
    except (PgQueryError, UnicodeError, DecodeError):
        return (text.strip(),) if text.strip() else ()
    return tuple(piece.strip() for piece in pieces if piece.strip())


def _parses(text: str) -> bool:
    """The parser's splitter keeps silent about errors (and gives nothing), so the parser is asked first."""
    try:
        return bool(_tree(text))
    except PgQueryError:
        return False


def _tree(text: str) -> pg.ParseResult:
    try:
        return postgast.parse(text)
    except (UnicodeError, DecodeError) as error:  # DecodeError: nested deeper than protobuf reads
        raise PgQueryError(str(error)) from error


def _without_placeholders(text: str) -> str:
    return _TOKEN.sub(lambda found: found["keep"] or ("%" if found["percent"] else "$1"), text)


def _join(parts: Iterator[Parsed]) -> Parsed:
    every = list(parts)
    changes = tuple(change for part in every for change in part.changes)
    return Parsed(changes, all(part.understood for part in every))


def _statement(text: str, raw: pg.RawStmt) -> Parsed:
    kind = raw.stmt.WhichOneof("node") or ""
    node = getattr(raw.stmt, kind)
    if kind == "do_stmt":
        return do_block(_slice(text, raw), parse) if is_plpgsql(node) else Parsed((CodeBlock("do"),), understood=False)
    if kind in _READERS:
        return Parsed(tuple(_READERS[kind](node)))
    return Parsed((Harmless(kind.removesuffix("_stmt").replace("_", " ")),))


def _slice(text: str, raw: pg.RawStmt) -> str:
    """The statement's own text; positions count bytes, and a length of 0 means up to the end."""
    data = text.encode()[raw.stmt_location :]
    return (data[: raw.stmt_len] if raw.stmt_len else data).decode()
