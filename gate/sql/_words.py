"""The words of a statement: a small lexer and reader shared by the MySQL, MariaDB and SQLite readers.

sqlglot reads queries and DML well, but gives a whole ALTER back as one opaque command when it does not know one of its
clauses (CONVERT TO CHARACTER SET, ALTER ONLINE TABLE, CREATE FULLTEXT INDEX ...). Rules live on those clauses, so DDL
is read here word by word, and an unknown clause costs only itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "name", "string", "number", "symbol"]

_LEXEMES = r"""
    (?P<space>\s+|/\*.*?\*/|--[^\n]*{hash_comment})
  | (?P<string>[bBxXnN]?'(?:[^'{escape}]|''{escaped})*'{double_string})
  | (?P<name>`(?:[^`]|``)*`{double_name})
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w$]))
  | (?P<word>@{{0,2}}[\w$]+|%s\b|%\(\w+\)s|:\w+)
  | (?P<symbol><=>|<<|>>|<>|!=|<=|>=|:=|\|\||&&|.)
"""
_MYSQL = _LEXEMES.format(
    hash_comment=r"|\#[^\n]*", escape=r"\\", escaped=r"|\\.", double_string=r'|"(?:[^"\\]|""|\\.)*"', double_name=""
)
_SQLITE = _LEXEMES.format(
    hash_comment="", escape="", escaped="", double_string="", double_name=r'|"(?:[^"]|"")*"|\[[^\]]*\]'
)
# https://mariadb.com/kb/en/comment-syntax/: the server executes what stands in /*! ... */ and /*M! ... */
_EXECUTED_COMMENT = re.compile(r"/\*M?!\d*(.*?)\*/", re.DOTALL)


class NotRead(Exception):
    """A clause that the reader does not know. Never leaves ``gate.sql``."""


@dataclass(frozen=True)
class Word:
    """One lexeme. ``upper`` is the keyword to compare with, empty for names and strings."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def upper(self) -> str:
        """The word as a keyword; quoted names and strings are never keywords."""
        return self.text.upper() if self.kind in ("word", "symbol") else ""


def _lexer(pattern: str) -> Callable[[str], tuple[Word, ...]]:
    lexemes = re.compile(pattern, re.VERBOSE | re.DOTALL)

    def words(sql: str) -> tuple[Word, ...]:
        found = []
        for match in lexemes.finditer(sql):
            kind = match.lastgroup
            if kind and kind != "space":
                found.append(Word(kind, match.group(), match.start(), match.end()))  # type: ignore[arg-type]  # groups are Kinds
        return tuple(found)

    return words


mysql_words = _lexer(_MYSQL)
sqlite_words = _lexer(_SQLITE)


def uncommented(sql: str) -> str:
    """The text with MySQL's executable comments opened."""
    return _EXECUTED_COMMENT.sub(r" \1 ", sql) if "/*" in sql else sql


def unquoted(text: str) -> str:
    """An identifier without its quotes."""
    for opening, closing in (("`", "`"), ('"', '"'), ("[", "]"), ("'", "'")):
        if len(text) > 1 and text.startswith(opening) and text.endswith(closing):
            return text[1:-1].replace(closing * 2, closing)
    return text


_OPENS = {"TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE"}
_CLOSED_OTHERWISE = {"IF", "LOOP", "WHILE", "REPEAT"}


def split(sql: str, words: tuple[Word, ...]) -> tuple[str, ...]:
    """The statements of a script. Semicolons inside the body of a trigger or routine do not part."""
    parts: list[str] = []
    begun: Word | None = None
    last = begun
    stored = False
    depth = 0
    for index, word in enumerate(words):
        if word.text == ";" and word.kind == "symbol" and depth == 0:
            if begun and last:
                parts.append(sql[begun.start : last.end])
            begun, stored = None, False
            continue
        begun, last = begun or word, word
        stored = stored or (word.upper in _OPENS and begun.upper == "CREATE")
        depth = _body_depth(words, index, depth) if stored else 0
    if begun and last:
        parts.append(sql[begun.start : last.end])
    return tuple(parts)


def _body_depth(words: tuple[Word, ...], index: int, depth: int) -> int:
    word = words[index].upper
    if word in ("BEGIN", "CASE"):
        before = words[index - 1].upper if index else ""
        return depth if before == "END" else depth + 1
    following = words[index + 1].upper if index + 1 < len(words) else ""
    return depth - 1 if word == "END" and depth and following not in _CLOSED_OTHERWISE else depth


class Reader:
    """Walks over the words of one statement. ``text`` is the statement that they were cut from."""

    def __init__(self, text: str, words: tuple[Word, ...]) -> None:
        self.text, self.words, self.at = text, words, 0

    @property
    def done(self) -> bool:
        """No word is left."""
        return self.at >= len(self.words)

    def peek(self, ahead: int = 0) -> str:
        """The keyword some words ahead, or an empty text."""
        return self.words[self.at + ahead].upper if self.at + ahead < len(self.words) else ""

    def take(self) -> Word:
        """The next word, whatever it is."""
        if self.done:
            raise NotRead("the statement ends early")
        self.at += 1
        return self.words[self.at - 1]

    def accept(self, *keywords: str) -> bool:
        """Step over these words when all of them stand here in this order."""
        if all(self.peek(ahead) == keyword for ahead, keyword in enumerate(keywords)):
            self.at += len(keywords)
            return True
        return False

    def any_of(self, *keywords: str) -> str:
        """Step over one of these words and tell which, or an empty text."""
        found = self.peek()
        if found and found in keywords:
            self.at += 1
            return found
        return ""

    def expect(self, *keywords: str) -> None:
        """Step over these words, or give up on the clause."""
        if not self.accept(*keywords):
            raise NotRead(f"{' '.join(keywords)} expected")

    def name(self) -> str:
        """An identifier without quotes, qualified where it was written so."""
        parts = [self._identifier()]
        while self.accept("."):
            parts.append(self._identifier())
        return ".".join(parts)

    def _identifier(self) -> str:
        word = self.take()
        if word.kind in ("symbol", "number"):
            raise NotRead("a name expected")
        return unquoted(word.text)

    def group(self) -> tuple[int, int]:
        """Step over a parenthesised group; the positions of its first word and of its closing parenthesis."""
        self.expect("(")
        first, depth = self.at, 1
        while depth:
            symbol = self.take().upper
            depth += {"(": 1, ")": -1}.get(symbol, 0)
        return first, self.at - 1

    def grouped(self) -> str:
        """The text inside a parenthesised group, which is stepped over."""
        first, closing = self.group()
        return self.between(first, closing)

    def between(self, first: int, last: int) -> str:
        """The text from one word up to, not including, another."""
        return self.text[self.words[first].start : self.words[last - 1].end] if last > first else ""

    def parts(self, first: int, last: int) -> list[Reader]:
        """Readers over what stands between top-level commas of a range."""
        found, depth, begun = [], 0, first
        for at in range(first, last):
            symbol = self.words[at].upper
            depth += {"(": 1, ")": -1}.get(symbol, 0)
            if symbol == "," and depth == 0:
                found.append(Reader(self.text, self.words[begun:at]))
                begun = at + 1
        return [*found, Reader(self.text, self.words[begun:last])]

    def rest(self) -> list[Reader]:
        """Readers over the comma-separated rest, which is stepped over."""
        begun, self.at = self.at, len(self.words)
        return self.parts(begun, self.at)

    def names(self) -> tuple[str, ...]:
        """A parenthesised list of column names; prefix lengths, directions and collations are left out.

        Parts that are expressions are left out too, as the catalogue does for index columns.
        """
        return tuple(name for name, _ in map(_key_part, self.parts(*self.group())) if name)

    def lengths(self) -> tuple[int, ...]:
        """The prefix lengths of the names that stand here, which are not stepped over; empty where all are whole."""
        at = self.at
        found = tuple(length for name, length in map(_key_part, self.parts(*self.group())) if name)
        self.at = at
        return found if any(found) else ()


def _key_part(part: Reader) -> tuple[str, int]:
    """A column and how many of its characters count, 0 for all; no name where it is an expression."""
    if part.done or part.words[0].kind == "symbol":
        return "", 0
    name = unquoted(part.take().text)
    if part.peek() == "(":
        prefix = part.grouped()
        return (name, int(prefix)) if prefix.isdigit() else ("", 0)
    return (name if part.done or part.peek() in ("ASC", "DESC", "COLLATE", "WITH") else ""), 0
