"""What only the text of SQLite's CREATE TABLE tells: checks, names of constraints, collations, AUTOINCREMENT.

SQLite keeps the text as it was written and offers no catalogue of these
(https://www.sqlite.org/schematab.html, https://www.sqlite.org/lang_createtable.html).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[\w$]+|\s+|.""", re.DOTALL
)
_NAMED = re.compile(
    r"(primary|unique|check|foreign|references|not|null|default|collate|generated|as|constraint)$", re.I
)
Part = Literal["check", "unique", "primary-key", "foreign-key"]


class Token(str):
    """A token of the text, and where it begins."""

    __slots__ = ("at",)
    at: int

    @classmethod
    def of(cls, match: re.Match[str]) -> Token:
        """The token that a match found."""
        token = cls(match.group())
        token.at = match.start()
        return token


@dataclass(frozen=True)
class Clause:
    """One constraint in the text: its kind, name if any, the columns it lists (or stands on).

    ``text`` is a check's condition, and of a unique constraint its ``ON CONFLICT`` clause.
    """

    kind: Part
    name: str | None
    columns: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True)
class TableText:
    """What the text of one table says."""

    clauses: tuple[Clause, ...] = ()
    collations: tuple[tuple[str, str], ...] = ()
    autoincrement: bool = False
    options: tuple[str, ...] = ()


@functools.lru_cache(maxsize=16384)
def read_table(text: str) -> TableText:
    """Read a CREATE TABLE text; unknown parts are passed over. A rehearsal meets most texts some twenty times."""
    found = (Token.of(one) for one in _TOKEN.finditer(text))
    tokens = [one for one in found if not one.isspace() and not one.startswith(("--", "/*"))]
    start = next((at for at, one in enumerate(tokens) if one == "("), None)
    if start is None:
        return TableText()
    end = _closing(tokens, start)
    clauses: list[Clause] = []
    collations: list[tuple[str, str]] = []
    for item in _split(tokens[start + 1 : end]):
        column = None if not item or _NAMED.match(item[0]) else unquote(item[0])
        clauses.extend(_clauses(item, column, text))
        for at, part in enumerate(item[:-1]):
            if part.lower() == "collate" and column is not None:
                collations.append((column, unquote(item[at + 1])))
    options = tuple(one for one in " ".join(tokens[end + 1 :]).lower().split(" , ") if one)
    return TableText(tuple(clauses), tuple(collations), any(one.lower() == "autoincrement" for one in tokens), options)


def unquote(part: str) -> str:
    """A name without its quotes."""
    if len(part) > 1 and part[0] in "\"`'[":
        inner = part[1:-1]
        return inner if part[0] == "[" else inner.replace(part[0] * 2, part[0])
    return part


def _closing(tokens: Sequence[Token], start: int) -> int:
    depth = 0
    for at in range(start, len(tokens)):
        depth += (tokens[at] == "(") - (tokens[at] == ")")
        if depth == 0:
            return at
    return len(tokens)


def _split(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The comma-separated definitions of a table's body."""
    item: list[Token] = []
    depth = 0
    for part in tokens:
        depth += (part == "(") - (part == ")")
        if part == "," and depth == 0:
            yield item
            item = []
        else:
            item.append(part)
    if item:
        yield item


def _clauses(item: Sequence[Token], column: str | None, text: str) -> Iterator[Clause]:
    name: str | None = None
    at = 0 if column is None else 1
    while at < len(item):
        word = item[at].lower()
        if word == "constraint" and at + 1 < len(item):
            name = unquote(item[at + 1])
            at += 2
            continue
        if word == "(":
            at = _closing(item, at) + 1
            continue
        kind = _kind(word)
        if kind is not None and not (word == "references" and column is None):
            listed = _listed(item, at) if column is None or kind == "check" else []
            inside = text[listed[0].at : listed[-1].at + len(listed[-1])] if listed else ""
            columns = (column,) if column is not None else () if kind == "check" else tuple(_names(listed))
            yield Clause(kind, name, columns, inside if kind == "check" else _conflict(item, at, kind))
            name = None
        at += 1


def _conflict(item: Sequence[Token], at: int, kind: Part) -> str:
    """`` ON CONFLICT ...`` of a unique constraint: https://www.sqlite.org/lang_conflict.html."""
    after = _closing(item, at + 1) + 1 if item[at + 1 : at + 2] == ["("] else at + 1
    words = [one.upper() for one in item[after : after + 3]]
    return f" {' '.join(words)}" if kind == "unique" and words[:2] == ["ON", "CONFLICT"] else ""


def _kind(word: str) -> Part | None:
    kinds: dict[str, Part] = {
        "check": "check", "unique": "unique", "primary": "primary-key", "foreign": "foreign-key",
        "references": "foreign-key",
    }  # fmt: skip
    return kinds.get(word)


def _listed(item: Sequence[Token], at: int) -> list[Token]:
    """The tokens inside the next parentheses."""
    start = next((one for one in range(at, len(item)) if item[one] == "("), None)
    return [] if start is None else list(item[start + 1 : _closing(item, start)])


def _names(tokens: Sequence[Token]) -> Iterator[str]:
    for one in _split(tokens):
        if one:
            yield unquote(one[0])
