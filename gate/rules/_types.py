"""What a PostgreSQL type change means, for where no server was watched and for what a rewrite does not tell.

Source of what is free: measured on PostgreSQL 15 and 18 (reference catalogue, section 2.2), see also
https://www.postgresql.org/docs/current/sql-altertable.html, "Notes".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SIZES = re.compile(r"\s*\(([\d\s,-]*)\)")
_INTEGERS = {"smallint": 2, "integer": 4, "bigint": 8}
_UNLIMITED = 1 << 30


@dataclass(frozen=True)
class Shape:
    """A type taken apart: ``numeric(10,2)`` is base ``numeric``, sizes ``(10, 2)``."""

    base: str
    sizes: tuple[int, ...] = ()
    array: bool = False


@dataclass(frozen=True)
class Loss:
    """What a type change may do to values: refuse them, or change them silently; empty when neither."""

    refuses: str = ""
    changes: str = ""

    def __bool__(self) -> bool:
        return bool(self.refuses or self.changes)


def shape(text: str) -> Shape:
    """Take a type's spelling apart: ``timestamp(3) without time zone[]`` has a size, a name around it, and brackets."""
    plain = text.lower().strip()
    array = plain.endswith("[]")
    found = _SIZES.search(plain)
    sizes = tuple(int(one) for one in found[1].split(",") if one.strip()) if found else ()
    return Shape(_SIZES.sub("", plain).replace("[]", "").strip(), sizes, array)


def is_free(old: str, new: str, using: str | None, time_zone: str = "UTC") -> bool:
    """Whether PostgreSQL only changes the catalogue."""
    a, b = shape(old), shape(new)
    if using and "::" not in using and "cast" not in using.lower():
        return False
    text = {"character varying", "text"}
    if a.base in text and b.base in text:
        return _length(b) >= _length(a)
    if {a.base, b.base} == {"timestamp without time zone", "timestamp with time zone"}:
        return time_zone.upper() in ("UTC", "GMT", "ETC/UTC") and using is None and _length(b) >= _length(a)
    if (a.base, b.base) == ("cidr", "inet"):
        return True
    if a.base != b.base:
        return False
    if a.base == "numeric":
        return not b.sizes or bool(a.sizes and b.sizes[0] >= a.sizes[0] and _scale(a) == _scale(b))
    if a.base.startswith(("timestamp", "time", "interval")) or a.base == "bit varying":
        return _length(b) >= _length(a)
    return a == b


def _length(one: Shape) -> int:
    return one.sizes[0] if one.sizes else _UNLIMITED


def _scale(one: Shape) -> int:
    return one.sizes[1] if len(one.sizes) > 1 else 0


def narrowing(old: str, new: str) -> Loss:
    """What a change to a smaller type may do to values that are there."""
    a, b = shape(old), shape(new)
    texts = {"character varying", "text", "character", "citext"}
    if a.base in texts and b.base in texts:
        fits = _length(b) >= _length(a)
        return Loss() if fits else Loss(refuses=f"longer than {_length(b)} characters")
    if a.base in _INTEGERS and b.base in _INTEGERS:
        return Loss(refuses=f"outside the range of {b.base}") if _INTEGERS[b.base] < _INTEGERS[a.base] else Loss()
    if b.base == "numeric" and a.base == "numeric":
        return _numeric(a, b)
    return _other(a, b)


def _numeric(a: Shape, b: Shape) -> Loss:
    if not b.sizes:
        return Loss()
    whole = a.sizes[0] - _scale(a) if a.sizes else _UNLIMITED
    rounds = not a.sizes or _scale(b) < _scale(a)
    overflows = b.sizes[0] - _scale(b) < whole
    return Loss(
        refuses=f"with more than {b.sizes[0] - _scale(b)} digits before the point" if overflows else "",
        changes=f"rounded to {_scale(b)} digits after the point" if rounds else "",
    )


def _other(a: Shape, b: Shape) -> Loss:
    inexact = {"numeric", "real", "double precision"}
    if a.base in inexact and b.base in _INTEGERS:
        return Loss(refuses=f"outside the range of {b.base}", changes="rounded to whole numbers")
    if (a.base, b.base) == ("double precision", "real"):
        return Loss(refuses="outside the range of real", changes="rounded to six digits")
    if a.base.startswith("timestamp") and b.base == "date":
        return Loss(changes="cut to the day")
    if a.base.startswith("timestamp") and b.base.startswith("time "):
        return Loss(changes="cut to the time of day")
    if a.base.startswith(("timestamp", "time", "interval")) and a.base == b.base:
        cut = b.sizes and _length(b) < min(_length(a), 6)
        return Loss(changes=f"rounded to {_length(b)} digits of a second") if cut else Loss()
    return Loss()
