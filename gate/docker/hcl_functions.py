"""Bake's standard library, as far as bake files use it.

https://docs.docker.com/build/bake/stdlib/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from gate.docker.errors import UnknownError


def shown(value: Any) -> str:
    """A value as a template shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        raise UnknownError("a collection in place of a text in the bake file")
    return "" if value is None else str(value)


def whole(number: float) -> float | int:
    """A number without a needless fraction."""
    return int(number) if number == int(number) else number


def _formatted(text: str, values: list[Any]) -> str:
    """``%s``, ``%d`` and ``%v`` without widths. Raises ValueError for any other verb."""
    parts = []
    for plain, verb in re.findall(r"([^%]+)|(%.[^a-z%]*)", text, re.DOTALL):
        if verb and verb[:2] not in ("%s", "%d", "%v", "%%"):
            raise ValueError(f"{verb} is not read here")
        parts.append(plain or ("%" if verb[1] == "%" else shown(values.pop(0))) + verb[2:])
    return "".join(parts)


def _flat(value: list[Any]) -> Iterator[Any]:
    for one in value:
        yield from _flat(one) if isinstance(one, list) else [one]


def _part(text: str, start: int, length: int) -> str:
    """A negative start counts from the end; a negative length takes all."""
    start = start + len(text) if start < 0 else start
    return text[start:] if length < 0 else text[start : start + length]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "equal": lambda a, b: shown(a) == shown(b),
    "notequal": lambda a, b: shown(a) != shown(b),
    "not": lambda a: not a,
    "and": lambda a, b: bool(a and b),
    "or": lambda a, b: bool(a or b),
    "lower": lambda a: a.lower(),
    "upper": lambda a: a.upper(),
    "title": lambda a: a.title(),
    "replace": lambda a, b, c: a.replace(b, c),
    "trimspace": lambda a: a.strip(),
    "trimprefix": lambda a, b: a.removeprefix(b),
    "trimsuffix": lambda a, b: a.removesuffix(b),
    "trim": lambda a, b: a.strip(b),
    "join": lambda a, b: a.join(map(shown, b)),
    "split": lambda a, b: b.split(a),
    "concat": lambda *a: [one for part in a for one in part],
    "coalesce": lambda *a: next((one for one in a if one is not None), None),
    "length": len,
    "strlen": len,
    "format": lambda a, *b: _formatted(a, list(b)),
    "contains": lambda a, b: b in a,
    "hasprefix": lambda a, b: a.startswith(b),
    "element": lambda a, b: a[int(b) % len(a)],
    "substr": lambda a, b, c: _part(a, int(b), int(c)),
    "merge": lambda *a: {key: value for one in a for key, value in one.items()},
    "keys": sorted,
    "values": lambda a: [a[key] for key in sorted(a)],
    "lookup": lambda a, b, c=None: a.get(b, c),
    "try": lambda *a: a[0],
    "compact": lambda a: [one for one in a if one],
    "tostring": shown,
    "add": lambda a, b: whole(float(a) + float(b)),
    "distinct": lambda a: list(dict.fromkeys(a)),
    "flatten": lambda a: list(_flat(a)),
    "dirname": lambda a: a.rpartition("/")[0] or ".",
    "basename": lambda a: a.rpartition("/")[2],
}
