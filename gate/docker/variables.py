"""Words of a Dockerfile with their variables put in: ``$x``, ``${x:-y}``, ``${x##pattern}``, quotes and escapes.

Follows BuildKit's ``frontend/dockerfile/shell`` lexer and
https://docs.docker.com/reference/dockerfile/#environment-replacement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gate.docker.patterns import Char, Machine, Token, Wild

DEEPEST = 50
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")


class BadWordError(ValueError):
    """The builder refuses the word: unmatched quotes, a bad modifier, a variable that must be set."""


@dataclass
class _Reader:
    """One word being read."""

    text: str
    values: Mapping[str, str]
    escape: str
    raw: bool = False
    position: int = 0
    depth: int = 0

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def take(self) -> str:
        self.position += 1
        return self.text[self.position - 1]


def expand(text: str, values: Mapping[str, str], escape: str = "\\") -> str:
    """A word with variables put in and quotes removed; unset variables are empty. Raises ``BadWordError``."""
    return _until(_Reader(text, values, escape), "")


def expand_document(text: str, values: Mapping[str, str]) -> str:
    """A heredoc's lines: variables put in, quotes kept; a backslash goes away, before whatever it stands."""
    return _until(_Reader(text, values, "\\", raw=True), "")


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """A text of a compose file: ``$x``, ``${x:-y}`` and so on; ``$$`` is a dollar, quotes and backslashes stay."""
    filled = _until(_Reader(text.replace("$$", "\x01"), values, "\x02", raw=True), "")
    return filled.replace("\x01", "$")


def _until(reader: _Reader, stop: str) -> str:
    """Read up to ``stop`` (not nested in anything) or to the end."""
    out: list[str] = []
    while char := reader.peek():
        if stop and char in stop:
            return "".join(out)
        if char == "'" and not reader.raw:
            out.append(_single(reader))
        elif char == '"' and not reader.raw:
            out.append(_double(reader))
        elif char == reader.escape:
            out.append(_escaped(reader))
        else:
            out.append(_variable(reader) if char == "$" else reader.take())
    if stop:
        raise BadWordError(f"missing {stop[0]!r} in {reader.text!r}")
    return "".join(out)


def _escaped(reader: _Reader) -> str:
    reader.take()
    return reader.take() if reader.peek() else ""


def _single(reader: _Reader) -> str:
    reader.take()
    end = reader.text.find("'", reader.position)
    if end < 0:
        raise BadWordError("unexpected end of statement while looking for matching single-quote")
    found = reader.text[reader.position : end]
    reader.position = end + 1
    return found


def _double(reader: _Reader) -> str:
    reader.take()
    out: list[str] = []
    while char := reader.peek():
        if char == '"':
            reader.take()
            return "".join(out)
        if char == "$":
            out.append(_variable(reader))
        elif char == reader.escape:
            mark = reader.take()
            out.append(reader.take() if reader.peek() in ('"', "$", reader.escape) and reader.peek() else mark)
        else:
            out.append(reader.take())
    raise BadWordError("unexpected end of statement while looking for matching double-quote")


def _variable(reader: _Reader) -> str:
    reader.take()
    if reader.peek() == "{":
        return _braced(reader)
    match = _NAME.match(reader.text, reader.position)
    if match is None:
        return "$"
    reader.position = match.end()
    return reader.values.get(match[0], "")


def _braced(reader: _Reader) -> str:
    reader.take()
    reader.depth += 1
    if reader.depth > DEEPEST:
        raise BadWordError("variables are nested too deeply")
    match = _NAME.match(reader.text, reader.position)
    if match is None:
        raise BadWordError("syntax error: bad substitution")
    reader.position = match.end()
    value = reader.values.get(match[0])
    modifier = re.compile(r":[-+?]|[-+?]|##?|%%?|//?|(?=\})").match(reader.text, reader.position)
    if modifier is None:
        raise BadWordError(f"unsupported modifier in substitution of {match[0]}")
    reader.position = modifier.end()
    found = _modified(reader, match[0], value, modifier[0])
    reader.take()
    reader.depth -= 1
    return found


def _modified(reader: _Reader, name: str, value: str | None, modifier: str) -> str:
    if modifier in ("/", "//"):
        pattern = _until(reader, "/}")
        new = ""
        if reader.peek() == "/":
            reader.take()
            new = _until(reader, "}")
        return _replaced(value or "", pattern, new, everywhere=modifier == "//")
    word = _until(reader, "}")
    if not modifier:
        return value or ""
    is_set = value is not None and (modifier[0] != ":" or value != "")
    kind = modifier[-1]
    if kind == "-":
        return (value or "") if is_set else word
    if kind == "+":
        return word if is_set else ""
    if kind == "?":
        if not is_set:
            raise BadWordError(f"{name}: {word or 'not allowed to be unset or empty'}")
        return value or ""
    return _trimmed(value or "", word, modifier)


def _tokens(pattern: str) -> list[Token]:
    """A shell pattern: ``*`` and ``?`` only, both across slashes."""
    return [Wild("deep") if char == "*" else Wild("any") if char == "?" else Char(char) for char in pattern]


def _trimmed(value: str, pattern: str, modifier: str) -> str:
    """``#``/``##`` cut the shortest/longest matching start, ``%``/``%%`` the end."""
    machine = Machine.of(_tokens(pattern))
    ends = range(len(value) + 1)
    for cut in reversed(ends) if len(modifier) == 2 else ends:
        if modifier[0] == "#" and machine.accepts(value[:cut]):
            return value[cut:]
        if modifier[0] == "%" and machine.accepts(value[len(value) - cut :]):
            return value[: len(value) - cut]
    return value


def _replaced(value: str, pattern: str, new: str, *, everywhere: bool) -> str:
    machine = Machine.of(_tokens(pattern))
    out: list[str] = []
    start = 0
    while start < len(value):
        end = next((end for end in range(len(value), start, -1) if machine.accepts(value[start:end])), None)
        if end is None:
            out.append(value[start])
            start += 1
            continue
        out.append(new)
        start = end
        if not everywhere:
            break
    return "".join(out) + value[start:]
