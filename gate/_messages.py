"""What the probe says, checked before anything of ours reads it: project code shares a process with the speaker.

A message is one JSON object of finite numbers and text that every file can hold; an event has the shape that the
recording counts on. What does not fit is nonsense and ends the run as undecided; it is never guessed at.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from gate.errors import ProjectBroken

_DIGITS = 40  # an unsigned BIGINT has 20, a wide NUMERIC comes as text
_ODD = re.compile("[\ud800-\udfff\0]")
_LISTS = ("rewrites", "indexes_built", "notices", "refusals", "born", "gone", "lost", "made", "left_over")
_LOCKS, _LOCK = ("locks", "held"), (str, str, str)  # relation, mode, table
_CHANGING = (int, str, bool, bool)  # a table that is locked for a change: oid, name, locked just now, has children
_COUNTS = ("scans", "rows_read", "inserted", "updated", "deleted")


def parsed(line: bytes) -> dict[str, Any]:
    """One message. Raises ProjectBroken for what is none."""
    try:
        text = line.decode("utf-8", "replace")
        message = json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_float)
        message = _clean(message) if _escapes(text) else message
    except (ValueError, RecursionError) as error:
        raise nonsense() from error
    if not isinstance(message, dict):
        raise nonsense()
    if message.get("event") == "committed" and not _numbers(message.get("oids")):
        raise nonsense()
    return _event(message) if message.get("event") == "statement" else message


def rows(told: Any) -> list[list[Any]]:
    """Rows of a query. Raises ProjectBroken where they are none; the project's connection may have refused it."""
    if not isinstance(told, list) or not all(isinstance(row, list) for row in told):
        raise ProjectBroken("the catalogue could not be read on the project's connection")
    return told


def nonsense() -> ProjectBroken:
    """The one error for everything that is no message of ours."""
    return ProjectBroken(
        "the project's process answered nonsense on the gate's channel",
        advice="Something in the project's code writes to descriptors that it does not own.",
    )


def _integer(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError("a number beyond every database's")
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("no finite number")
    return number


def _numbers(told: Any) -> bool:
    return isinstance(told, list) and all(isinstance(one, int) for one in told)


def _escapes(text: str) -> bool:
    lower = text.lower()
    return "\\ud" in lower or "\\u0000" in lower


def _clean(value: Any) -> Any:
    """Lone surrogates fit no file and NUL no statement: both become the replacement character."""
    if isinstance(value, str):
        return _ODD.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(one) for key, one in value.items()}
    return value


def _event(event: dict[str, Any]) -> dict[str, Any]:
    """A statement event; what is missing is absent, what has another type is nonsense."""
    wanted: dict[str, Callable[[Any], bool]] = {
        "revision": lambda one: isinstance(one, str),
        "sql": lambda one: isinstance(one, str),
        "seconds": lambda one: isinstance(one, (int, float)),
        "observed": lambda one: isinstance(one, dict),
        "error": lambda one: isinstance(one, dict),
        "sets": lambda one: isinstance(one, int),
    }
    for name, fits in wanted.items():
        if event.get(name) is not None and not fits(event[name]):
            raise nonsense()
    observed = event.get("observed") or {}
    for name in (*_LISTS, *_LOCKS, "touched", "changing"):
        if name in observed and not isinstance(observed[name], list):
            raise nonsense()
    if not _numbers(observed.get("read", [])) or not isinstance(observed.get("tables", ""), str):
        raise nonsense()
    shapes = [_is(row, _LOCK) for name in _LOCKS for row in observed.get(name, ())]
    shapes += [_is(row, _CHANGING) for row in observed.get("changing", ())]
    shapes += [_is_touched(row) for row in observed.get("touched", ())]
    if not all(shapes):
        raise nonsense()
    if any(not isinstance(one, (str, int, list)) for name in _LISTS for one in observed.get(name, ())):
        raise nonsense()
    return event


def _is(row: Any, types: Sequence[type]) -> bool:
    return isinstance(row, list) and [*map(type, row)] == list(types)


def _is_touched(row: Any) -> bool:
    return isinstance(row, dict) and all(isinstance(row.get(name) or 0, int) for name in _COUNTS)
