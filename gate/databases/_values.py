"""Values to fill a column with: short and realistic (plain), at the limits (large), and others to try for a check.

A value depends on the type, the column's name and the row number only. Identifiers of equal type are equal in every
table, so a column such as ``user_id`` points at an existing row even where no foreign key says so yet.
Everything is text in the server's input syntax, except bytes.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from gate.databases._patterns import like_example, regex_example
from gate.databases._types import Family, ValueType
from gate.facts.schema import Column

Value = str | bytes | None

# Longer than any column that a text is usually narrowed to, shorter than PostgreSQL's limit of an index entry (2704).
_LONG = 2000
_LITERAL = re.compile(r"'((?:[^']|'')*)'|(?<![\w.])(-?\d+(?:\.\d+)?)")
_IDENTIFIER = re.compile(r"(^|_)(id|ID|uuid|guid|pk|key)$|Id$")
_DEFAULT = re.compile(r"^\(?'((?:[^']|'')+)'(?:::[\w\s.\"()\[\]]+)?\)?$")


def plain(kind: ValueType, column: Column, row: int) -> Value:
    """A short, realistic value, different for every row as far as the type has that many."""
    literal = _DEFAULT.match(column.default or "")
    if literal and kind.family == "text":
        return _fit(kind, literal[1].replace("''", "'"), row)
    return _PLAIN[kind.family](kind, column, row)


def large(kind: ValueType, column: Column, row: int) -> Value:
    """A value of the greatest length or size that an application could sensibly have written."""
    if _holds_uuid(kind, column):
        return plain(kind, column, row)
    make = _LARGE.get(kind.family)
    return plain(kind, column, row) if make is None else make(kind, row)


def low(kind: ValueType, column: Column, row: int) -> Value:
    """A number below zero where the type has such: what a new ``CHECK (amount >= 0)`` or UNSIGNED refuses."""
    value = plain(kind, column, row)
    numbers = ("integer", "decimal", "float")
    return f"-{value}" if isinstance(value, str) and kind.family in numbers and not kind.unsigned else value


def orphan(kind: ValueType, column: Column, row: int) -> Value:
    """An identifier that no row of any table has."""
    if kind.family == "integer":
        return str(_top(kind) - 7 - row)
    nobody = f"ffffffff-ffff-4fff-bfff-{row:012d}"
    if kind.family == "uuid":
        return nobody
    if _holds_uuid(kind, column):
        return _uuid_text(kind, nobody)
    if kind.family == "text":
        return _fit(kind, f"nobody-{row}", row)
    return plain(kind, column, row)


def candidates(kind: ValueType, column: Column, row: int, conditions: str) -> Iterator[Value]:
    """Values worth a try when the planned one was refused: from the condition's own text first."""
    for text, number in _LITERAL.findall(conditions):
        literal = text.replace("''", "'") if text else number
        yield from _around(kind, literal, row)
    for distance in range(4):
        yield plain(kind, column, row + distance)
    yield from _GENERAL.get(kind.family, ())
    for distance in (10, 100, 1000):
        yield plain(kind, column, row + distance)
    if column.nullable and not kind.required:
        yield None


def _around(kind: ValueType, literal: str, row: int) -> Iterator[Value]:
    if kind.family in ("integer", "decimal", "float", "year", "money"):
        try:
            number = float(literal)
        except ValueError:
            return
        for step in (0, 1, 2, 3, 4, -1, -2, -3, -4):
            yield f"{number + step:g}" if kind.family != "integer" else str(int(number) + step)
    elif kind.family == "text":
        yield literal
        if any(sign in literal for sign in "%_"):
            yield like_example(literal, row)
        example = regex_example(literal, row) if any(sign in literal for sign in "^$[.+*\\") else None
        if example is not None:
            yield from (example, example.upper())
        if literal.isdigit() and 0 < int(literal) <= 4000:
            yield from ("a" * int(literal), "a" * (int(literal) + 1), "a" * (int(literal) - 1))
    elif kind.family == "binary":
        if literal.isdigit() and 0 < int(literal) <= 4000:
            yield from (b"\x01" * int(literal), b"\x01" * (int(literal) + 1))
    elif kind.family in ("date", "timestamp"):
        yield from _days(literal)
    else:
        yield literal


def _days(literal: str) -> Iterator[str]:
    """A day and those beside it, the time of day kept."""
    try:
        day = date.fromisoformat(literal[:10])
    except ValueError:
        return
    for step in (0, 1, 2, 3, 4, -1, -2, -3, -4):
        with contextlib.suppress(OverflowError):
            yield (day + timedelta(days=step)).isoformat() + literal[10:]


def _top(kind: ValueType) -> int:
    return int(2 ** (kind.bits - 1) - 1)


def _fit(kind: ValueType, text: str, row: int) -> str:
    """Cut to the column's length, keeping rows different: the row's mark goes to the end."""
    if kind.length is None or len(text) <= kind.length:
        return text
    mark = _mark(row)
    return (text[: max(kind.length - len(mark), 0)] + mark)[-kind.length :]


def _mark(row: int) -> str:
    return str(row + 1) if row < 9 else chr(ord("a") + (row - 9) % 26) if row < 35 else str(row + 1)


_STRINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"e?mail", "user{n}@example.com"),
        (r"url|uri|link|href|website|homepage", "https://example.com/{n}"),
        (r"uuid|guid", "00000000-0000-4000-8000-{n:012d}"),
        (r"(^|_)(at|on|date|time|timestamp|created|updated)$", "2024-01-0{d}T10:00:00"),
        (r"json|payload|metadata|settings|config|options|extra|params|properties", '{{"key": {n}}}'),
        (r"phone|mobile", "+1555010{n}"),
        (r"(^|_)ip(_|$|addr)|address_ip", "10.0.0.{n}"),
        (r"slug|handle|username|login", "user-{n}"),
        (r"sha256|digest|checksum", "{n:064x}"),
        (r"md5|hash", "{n:032x}"),
        (r"country", "A{l}"),
        (r"currency", "AA{l}"),
        (r"locale|lang", "{l2}"),
        (r"(^|_)(id|pk|key|ref|count|number|num|no|qty|amount|price|total|version|order|position|rank|year)$", "{n}"),
        (r"file|path", "folder/file{n}.txt"),
        (r"title|name|label", "Name {n}"),
        (r"color|colour", "#00000{d}"),
    )
)


def _holds_uuid(kind: ValueType, column: Column) -> bool:
    """Whether a text is as long as a UUID, without or with its dashes: what SQLAlchemy's Uuid is where none is built in.

    A type of the project's own reads it in Python and refuses anything else. A digest of 32 letters is one too.
    """
    if kind.family != "text" or kind.length not in (32, 36):
        return False
    return kind.fixed or _IDENTIFIER.search(column.name) is not None


def _uuid_text(kind: ValueType, text: str) -> str:
    return text if kind.length == 36 else text.replace("-", "")


def _text(kind: ValueType, column: Column, row: int) -> str:
    if _holds_uuid(kind, column):
        return _uuid_text(kind, _uuid(kind, column, row))
    name = column.name.lower()
    shape = next((text for pattern, text in _STRINGS if pattern.search(name)), "text {n}")
    letter = chr(ord("A") + row % 26)
    text = shape.format(n=row + 1, d=row % 9 + 1, l=letter, l2="a" + letter.lower())
    return _fit(kind, text, row)


def _uuid(kind: ValueType, column: Column, row: int) -> str:
    return f"00000000-0000-4000-8000-{row + 1:012d}"


def _integer(kind: ValueType, column: Column, row: int) -> str:
    return str(row + 1)


def _decimal(kind: ValueType, column: Column, row: int) -> str:
    whole = None if kind.precision is None else kind.precision - kind.scale
    if whole is not None and whole <= 0:
        return f"0.{row + 1}" if kind.scale else "0"
    return f"{row + 1}.5" if kind.scale or kind.precision is None else str(row + 1)


def _boolean(kind: ValueType, column: Column, row: int) -> str:
    word = row % 2 == 0
    return ("true" if word else "false") if kind.dialect == "postgresql" else ("1" if word else "0")


def _binary(kind: ValueType, column: Column, row: int) -> bytes:
    length = kind.length if kind.fixed and kind.length else min(4, kind.length or 4)
    return (row + 1).to_bytes(8, "big")[-length:].rjust(length, b"\x00")


def _moment(kind: ValueType, column: Column, row: int) -> str:
    return f"2024-01-{row % 28 + 1:02d} 10:00:00" + (".000000" if kind.dialect == "sqlite" else "")


def _json(kind: ValueType, column: Column, row: int) -> str:
    return f"[{row + 1}]" if "[" in (column.default or "") else f'{{"key": {row + 1}}}'


def _choice(kind: ValueType, column: Column, row: int) -> Value:
    return kind.choices[row % len(kind.choices)] if kind.choices else None


def _array(kind: ValueType, column: Column, row: int) -> Value:
    if kind.element is None or kind.element.family == "unknown":
        return "{}"
    inner = plain(kind.element, Column(column.name, kind.element.spelling), row)
    if not isinstance(inner, str):
        return "{}"
    escaped = inner.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{"{escaped}"}}'


def _range(kind: ValueType, column: Column, row: int) -> str:
    if kind.spelling.startswith(("int", "num")):
        return f"[{row * 10},{row * 10 + 5})"
    return f"[2024-01-{row % 27 + 1:02d},2024-01-{row % 27 + 2:02d})"


def _bits(kind: ValueType, column: Column, row: int) -> Value:
    if kind.dialect != "postgresql":
        return (
            (row + 1).to_bytes(8, "big")[-max(1, ((kind.length or 1) + 7) // 8) :]
            if (kind.length or 1) > 2
            else b"\x01"
        )
    length = kind.length or 4
    return format((row + 1) % 2 ** min(length, 62), "b").rjust(length, "0")


def _vector(kind: ValueType, column: Column, row: int) -> str:
    return "[" + ",".join([str(row + 1)] + ["1"] * ((kind.length or 3) - 1)) + "]"


def _unknown(kind: ValueType, column: Column, row: int) -> Value:
    return None


_Make = Callable[[ValueType, Column, int], Value]
_PLAIN: dict[Family, _Make] = {
    "integer": _integer,
    "decimal": _decimal,
    "float": lambda kind, column, row: f"{row + 1}.25",
    "boolean": _boolean,
    "text": _text,
    "binary": _binary,
    "date": lambda kind, column, row: f"2024-01-{row % 28 + 1:02d}",
    "time": lambda kind, column, row: f"10:00:{row % 60:02d}" + (".000000" if kind.dialect == "sqlite" else ""),
    "timestamp": _moment,
    "interval": lambda kind, column, row: f"{row + 1} days",
    "uuid": _uuid,
    "json": _json,
    "choice": _choice,
    "choices": _choice,
    "array": _array,
    "range": _range,
    "address": lambda kind, column, row: f"::{row + 1}" if kind.spelling == "inet6" else f"10.0.0.{row % 250 + 1}",
    "mac": lambda kind, column, row: f"08:00:2b:01:02:{row % 256:02x}",
    "bits": _bits,
    "xml": lambda kind, column, row: f"<a>{row + 1}</a>",
    "hstore": lambda kind, column, row: f'"key"=>"{row + 1}"',
    "money": lambda kind, column, row: f"{row + 1}.50",
    "vector": _vector,
    "geometry": lambda kind, column, row: f"({row + 1},{row + 1})",
    "year": lambda kind, column, row: str(2020 + row % 100),
    "words": lambda kind, column, row: f"word{row + 1}",
    "path": lambda kind, column, row: f"top.child{row + 1}",
    "unknown": _unknown,
}


def _large_text(kind: ValueType, row: int) -> str:
    length = min(kind.length or _LONG, 4000)
    return ("x" * length + _mark(row))[-length:]


def _large_integer(kind: ValueType, row: int) -> str:
    # Below the very top, so that "+ 1" in a backfill still works.
    return str(_top(kind) - 100 - row) if kind.bits > 8 else str(120 - row)


def _large_decimal(kind: ValueType, row: int) -> str:
    if kind.precision is None:
        return f"12345678901234.12345{row + 1}"
    whole = "9" * max(kind.precision - kind.scale - 1, 0) or "0"
    return f"{whole}.{'9' * kind.scale}" if kind.scale else whole


_LARGE: dict[Family, Callable[[ValueType, int], Value]] = {
    "text": _large_text,
    "integer": _large_integer,
    "decimal": _large_decimal,
    "float": lambda kind, row: "123456789.125",
    "binary": lambda kind, row: b"\xff" * min(kind.length or _LONG, 4000),
    "date": lambda kind, row: "2099-12-31",
    "timestamp": lambda kind, row: (
        "2037-12-31 23:59:59" if kind.dialect in ("mysql", "mariadb") else "2099-12-31 23:59:59.123456"
    ),
}
_GENERAL: dict[Family, tuple[Value, ...]] = {
    "integer": ("0", "-1", "5", "10", "100", "1000", "2024"),
    "decimal": ("0", "0.5", "-1", "10", "100"),
    "float": ("0", "0.5", "-1", "10", "100"),
    "boolean": ("true", "false", "1", "0"),
    "text": (
        "a", "A", "abc", "1", "12345", "0" * 32, "0" * 40, "0" * 64, "en", "US", "USD", "user@example.com",
        "https://example.com", "2024-01-01", "{}", "[]", "a-b", "a_b", "1.0.0", "+15550100", "",
    ),
    "date": ("2000-01-01", "2030-01-01"),
    "timestamp": ("2000-01-01 00:00:00", "2030-01-01 00:00:00"),
    "json": ("{}", "[]", '"text"', "1", "null"),
    "array": ("{}",),
    "binary": (b"\x00" * 16, b"\x00" * 20, b"\x00" * 32, b""),
    "interval": ("1 hour", "0"),
}  # fmt: skip
