"""What CALL updates and deletes on MySQL and MariaDB, which count no rows by table.

The text of the procedure tells it, where the deploy made that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gate.facts.changes import Change, Delete, Update
from gate.facts.rehearsal import Statement
from gate.sql import parse
from gate.sql._words import Word, mysql_words, uncommented, unquoted

_NAME = r"(?:(?:`[^`]+`|[\w$]+)\s*\.\s*)?(`[^`]+`|[\w$]+)"
_MADE = re.compile(
    r"^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:DEFINER\s*=\s*\S+\s+)?PROCEDURE\s+(?:IF\s+NOT\s+EXISTS\s+)?" + _NAME,
    re.IGNORECASE,
)
_CALL = re.compile(r"^\s*CALL\s+" + _NAME, re.IGNORECASE)
_DECLARED = re.compile(r"\bDECLARE\s+([\w$]+(?:\s*,\s*[\w$]+)*)\s", re.IGNORECASE)
_PARAMETER = re.compile(
    r"[(,]\s*(?:(?:IN|OUT|INOUT)\s+)?([\w$]+)\s+(?:TINY|SMALL|MEDIUM|BIG)?(?:INT|CHAR|VARCHAR)", re.I
)
_BEFORE = frozenset(["BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", ";", ")", "DATA"])
_VERBS = frozenset(["UPDATE", "DELETE"])


def writes(call: Statement, statements: Iterable[Statement]) -> Iterator[Change]:
    """The UPDATEs and DELETEs in the body of the procedure that it calls; none where an earlier deploy made that."""
    wanted = _CALL.match(uncommented(call.sql))
    earlier = (uncommented(one.sql) for one in statements if one.number < call.number and one.error is None)
    made = [(found, sql) for sql in earlier if (found := _MADE.match(sql))]
    body = next((sql for found, sql in reversed(made) if wanted and _same(found, wanted)), None)
    for text in _written(body) if body else ():
        yield from (one for one in parse(text, "mysql").changes if isinstance(one, (Update, Delete)))


def _same(made: re.Match[str], wanted: re.Match[str]) -> bool:
    return unquoted(made[1]).lower() == unquoted(wanted[1]).lower()


def _written(body: str) -> Iterator[str]:
    """Each UPDATE and DELETE of a body; a variable or a parameter stands in it as a value."""
    words = mysql_words(body)
    named = {name.strip().lower() for found in _DECLARED.finditer(body) for name in found[1].split(",")}
    named |= {found[1].lower() for found in _PARAMETER.finditer(body)}
    for at, word in enumerate(words):
        if at and word.upper in _VERBS and words[at - 1].upper in _BEFORE:
            yield _text(body, words[at:], named)


def _text(body: str, words: tuple[Word, ...], named: set[str]) -> str:
    """Up to the semicolon, with a mark in place of every variable."""
    out = ""
    for word in words:
        if word.upper == ";":
            break
        out += " ?" if word.kind == "word" and word.text.lower() in named else f" {body[word.start : word.end]}"
    return out.strip()
