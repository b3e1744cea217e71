"""An UPDATE or MERGE over all rows, written for a range of the table's key: what a batch of it runs.

Parameters of the driver become names of ``sqlalchemy.text``. Nothing is given where ranges would write something else
than the whole statement, or where the statement is not there to be read (a function's body, say).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from gate.sql._parsed import Dialect

_HOLE = "gate_hole_"  # a name that stands for a parameter while the text is a tree
_TOKEN = re.compile(
    r"""(?P<keep>[eE]?'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|`[^`]*`|(?P<tag>\$\w*\$).*?(?P=tag)|--[^\n]*|/\*.*?\*/)"""
    r"|%\((?P<named>\w+)\)[sbt]|(?P<hole>%[sbt](?!\w)|(?P<mark>\?)|%%)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Ranged:
    """``sql`` in which the ends of the range and ``parameters`` are to be named by ``marked``."""

    sql: str
    parameters: tuple[str, ...]


def ranged(
    sql: str, dialect: Dialect, table: str, columns: tuple[str, ...], quote: Callable[[str], str]
) -> Ranged | None:
    """The write of ``table`` in ``sql``, for the rows whose key ``columns`` lie between two rows' keys."""
    holes: list[str] = []
    text = _TOKEN.sub(lambda found: _held(found, holes, dialect), sql)
    body = _narrowing(dialect)(text, dialect, table, lambda name: _condition(quote(name), [*map(quote, columns)]))
    return Ranged(body, tuple(dict.fromkeys(holes))) if body else None


def _narrowing(dialect: Dialect) -> Callable[[str, Dialect, str, Callable[[str], str]], str | None]:
    """Of the dialect's own parser, since a run needs one of the two and loading each takes 0.1 s."""
    if dialect == "postgresql":
        from gate.sql._ranged_postgresql import narrowed
    else:
        from gate.sql._ranged_elsewhere import narrowed
    return narrowed


def marked(escaped: str) -> str:
    """Parameters as ``sqlalchemy.text`` knows them; a cast right behind one would be taken for a part of its name."""
    named = re.sub(rf'"?{_HOLE}(\w+)"?(?=::)', r"(:\1)", escaped)
    return re.sub(rf"[`\"]?{_HOLE}(\w+)[`\"]?", r":\1", named)


def _held(found: re.Match[str], holes: list[str], dialect: Dialect) -> str:
    """Only SQLite's driver knows the question mark, the others double the percent sign."""
    if found["keep"] or found[0] == "%%" or bool(found["mark"]) != (dialect == "sqlite"):
        return found[0].replace("%%", "%") if dialect != "sqlite" else found[0]
    holes.append(found["named"] or f"value{len(holes) + 1}")
    return _HOLE + holes[-1]


def _condition(name: str, columns: list[str]) -> str:
    """``t.id >= first AND t.id <= last``, or the same of several columns together."""
    key = [f"{name}.{one}" for one in columns]
    if len(key) == 1:
        return f"{key[0]} >= {_HOLE}first AND {key[0]} <= {_HOLE}last"
    low, high = (", ".join(f"{_HOLE}{end}{number}" for number, _ in enumerate(key, 1)) for end in ("first", "last"))
    return f"({', '.join(key)}) >= ({low}) AND ({', '.join(key)}) <= ({high})"
