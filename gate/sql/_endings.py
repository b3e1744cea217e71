"""What follows the columns in MySQL's and MariaDB's CREATE TABLE and CREATE or DROP INDEX: a query, or a wish."""

from __future__ import annotations

from dataclasses import replace

from gate.facts.changes import AlterAlgorithm, Change, CreateIndex, CreateTable, DropIndex, Query
from gate.sql import _dml
from gate.sql._words import Reader

_WISHES = {
    "ALGORITHM": ("DEFAULT", "INSTANT", "NOCOPY", "INPLACE", "COPY"),
    "LOCK": ("DEFAULT", "NONE", "SHARED", "EXCLUSIVE"),
}


def ended(reader: Reader, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """The changes of a statement together with what its last words say."""
    last = changes[-1] if changes else None
    if isinstance(last, CreateTable) and last.as_query:
        return (*changes[:-1], replace(last, reads=_reads(reader)))
    if isinstance(last, (CreateIndex, DropIndex)) and last.table:
        algorithm, lock = _wished(reader, "ALGORITHM"), _wished(reader, "LOCK")
        return (*changes, AlterAlgorithm(last.table, algorithm, lock)) if algorithm or lock else changes
    return changes


def _reads(reader: Reader) -> tuple[str, ...]:
    """The tables that the query of a CREATE TABLE names."""
    words = reader.words
    at = next(at for at, word in enumerate(words) if word.upper in ("SELECT", "WITH"))
    begun = at - 1 if words[at - 1].upper == "(" else at
    parsed = _dml.parse(reader.text[words[begun].start :], words[begun:], "mysql")
    return next((one.tables for one in parsed.changes if isinstance(one, Query)), ())


def _wished(reader: Reader, keyword: str) -> str | None:
    """``ALGORITHM [=] x`` or ``LOCK [=] x`` outside of parentheses."""
    depth = 0
    for at, word in enumerate(reader.words):
        depth += {"(": 1, ")": -1}.get(word.upper, 0)
        if word.upper == keyword and depth == 0:
            following = [one.upper for one in reader.words[at + 1 : at + 3] if one.upper != "="]
            if following and following[0] in _WISHES[keyword]:
                return following[0]
    return None
