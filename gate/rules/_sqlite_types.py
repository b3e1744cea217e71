"""What the copy of a recreate makes of values whose column gets another type (SQLite).

A column keeps what it is given, whatever its type says; only CAST and the new column's affinity turn values into
others. https://www.sqlite.org/datatype3.html, https://www.sqlite.org/lang_expr.html#castexpr
"""

from __future__ import annotations

import re
from typing import Literal

from gate.sql._types import affinity, base

Stored = Literal["text", "bytes", "whole", "number"]
_CAST = re.compile(r"""cast\s*\(\s*(?:"[^"]*"|[\w.])+\s+as\s+(.+)\)\s*""", re.IGNORECASE | re.DOTALL)
_CONVERSIONS = {"date": "date", "datetime": "datetime", "timestamp": "datetime", "time": "time"}
_AS_TEXT = (*_CONVERSIONS, "json", "interval", "uuid")  # SQLite has no such types: SQLAlchemy writes text
_CUT = "of each text only the number that it begins with is kept (2024-05-06 becomes 2024), or 0 where there is none"


def stored(type: str) -> Stored:
    """How values of a declared type are stored."""
    if affinity(type) == "text" or base(type) in _AS_TEXT:
        return "text"
    if base(type) == "tinyint":  # BOOLEAN too
        return "whole"
    kinds: dict[str, Stored] = {"blob": "bytes", "integer": "whole"}
    return kinds.get(affinity(type), "number")


def cast_type(copied: str | None) -> str | None:
    """The type that the copy casts a column to; None where it copies the column as it is, or with the author's words."""
    found = _CAST.fullmatch(copied or "")
    return found.group(1) if found else None


def loss(old: str, new: str, copied: str | None) -> str:
    """What happens to values silently; empty where they are kept, or where the author wrote the conversion."""
    cast = cast_type(copied)
    if copied is None:
        becomes_number = affinity(old) == "text" and stored(new) in ("whole", "number")
        return "text that looks like a number is stored as one (007 becomes 7)" if becomes_number else ""
    if cast is None or affinity(cast) in ("text", "blob"):
        return ""
    if stored(old) in ("text", "bytes"):
        return _CUT
    cuts = stored(old) == "number" and affinity(cast) == "integer"
    return "digits after the point are cut (1.7 becomes 1)" if cuts else ""


def changes_kind(old: str, new: str, copied: str | None) -> bool:
    """Whether values are of another kind afterwards: numbers where text was, text where numbers were."""
    cast = cast_type(copied)
    if copied is None and affinity(old) == affinity(new):
        return False
    if cast is None:
        return _kind(stored(old)) != _kind(stored(new))
    kept = stored(old) if affinity(cast) == "blob" else "text" if affinity(cast) == "text" else "number"
    return _kind(stored(old)) != _kind(kept)


def _kind(one: Stored) -> str:
    return "number" if one == "whole" else one


def conversion(column: str, type: str) -> str | None:
    """SQL that reads a date or a time out of text; None where the plain column will do."""
    function = _CONVERSIONS.get(base(type))
    return f"{function}({column})" if function else None
