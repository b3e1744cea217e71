"""A Dockerfile's text to its instructions: directives, continuations, flags, JSON forms and heredocs.

Follows BuildKit's ``frontend/dockerfile/parser`` (https://github.com/moby/buildkit); meaning is given in ``stages``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gate.docker.errors import BuildError

LONGEST = 4_000_000  # characters; no Dockerfile by hand comes near, and everything here is linear in it
NAMES = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(\S.*)?$")
_HEREDOC = re.compile(r"(\d*)<<(-?)([^<]*)$")


@dataclass(frozen=True)
class Heredoc:
    """``<<NAME``: its lines. ``expand`` is false when the name was quoted."""

    name: str
    content: str
    expand: bool


@dataclass(frozen=True)
class Instruction:
    """One instruction. ``rest`` is what follows name and flags; ``words`` its JSON items or blank-separated words."""

    name: str
    rest: str
    line: int
    end_line: int
    flags: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    json: bool = False
    heredocs: tuple[Heredoc, ...] = ()

    def flag(self, name: str) -> str | None:
        """The last value of ``--name``; an empty text for a bare flag."""
        values = self.flag_values(name)
        return values[-1] if values else None

    def flag_values(self, name: str) -> tuple[str, ...]:
        """All values of ``--name``, in order."""
        found = [flag[2:].partition("=") for flag in self.flags]
        return tuple(value for key, _, value in found if key == name)

    def flag_is_on(self, name: str) -> bool:
        """A boolean flag: ``--link``, ``--link=true``."""
        value = self.flag(name)
        return value is not None and value.lower() in ("", "true", "1")


@dataclass(frozen=True)
class Dockerfile:
    """All instructions of one Dockerfile; ``path`` is relative to the repository."""

    path: str
    instructions: tuple[Instruction, ...]
    escape: str = "\\"
    syntax: str = ""


@dataclass
class _Lines:
    """The lines still to read. ``number`` is the line read last, counted from 1."""

    lines: list[str]
    path: str
    number: int = 0
    escape: str = "\\"
    syntax: str = ""
    directives: set[str] = field(default_factory=set)
    in_head: bool = True

    def next(self) -> str | None:
        if self.number >= len(self.lines):
            return None
        self.number += 1
        return self.lines[self.number - 1]


def parse(text: str, path: str = "Dockerfile") -> Dockerfile:
    """The instructions of a Dockerfile. Raises ``BuildError`` where the builder refuses the text."""
    if len(text) > LONGEST:
        raise BuildError("the file is too large for a Dockerfile", path, 1)
    source = _Lines(text.removeprefix("\ufeff").split("\n"), path)
    found = tuple(_instructions(source))
    if not found:
        raise BuildError("the file has no instruction", path, 1)
    return Dockerfile(path, found, source.escape, source.syntax)


def _instructions(source: _Lines) -> Iterator[Instruction]:
    while (raw := source.next()) is not None:
        line = raw.rstrip("\r").lstrip()
        if source.in_head:
            _directive(line, source)
        if not line or line.startswith("#"):
            continue
        start = source.number
        yield _instruction(_logical_line(line, source), start, source)


def _directive(line: str, source: _Lines) -> None:
    """Directives stand before anything else; ``escape`` changes how lines go on."""
    match = _DIRECTIVE.match(line)
    key = match[1].lower() if match else ""
    if match is None or key not in ("syntax", "escape", "check"):
        source.in_head = False
        return
    value = (match[2] or "").strip()
    if key in source.directives:
        raise BuildError(f"only one {key} parser directive can be used", source.path, source.number)
    source.directives.add(key)
    if key == "escape":
        if value not in ("\\", "`"):
            raise BuildError(f"invalid escape token {value!r}", source.path, source.number)
        source.escape = value
    elif key == "syntax":
        source.syntax = value


def _logical_line(line: str, source: _Lines) -> str:
    """A line with its continuations; comments and empty lines between them are passed over."""
    parts = []
    line, goes_on = _continued(line, source.escape)
    parts.append(line)
    while goes_on:
        raw = source.next()
        if raw is None:
            break
        raw = raw.rstrip("\r")
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        more, goes_on = _continued(raw, source.escape)
        parts.append(more)
    return "".join(parts)


def _continued(line: str, escape: str) -> tuple[str, bool]:
    """The line without its continuation mark: the escape character, not escaped itself, before blanks at the end."""
    bare = line.rstrip(" \t")
    if bare.endswith(escape) and not bare.endswith(escape * 2):
        return bare[:-1], True
    return line, False


def _instruction(line: str, start: int, source: _Lines) -> Instruction:
    name, _, rest = _partition(line.strip())
    name = name.upper()
    if name not in NAMES:
        raise BuildError(f"unknown instruction: {name}", source.path, start)
    flags, rest = _flags(rest, source.escape)
    words, is_json = _words(name, rest, source, start)
    inner = rest.partition(" ")[0].upper() if name == "ONBUILD" else name
    heredocs = tuple(_heredocs(rest, start, source)) if inner in ("RUN", "COPY", "ADD") and not is_json else ()
    return Instruction(name, rest, start, source.number, flags, words, is_json, heredocs)


def _partition(text: str) -> tuple[str, str, str]:
    match = re.search(r"\s+", text)
    return (text[: match.start()], match[0], text[match.end() :]) if match else (text, "", "")


def _flags(rest: str, escape: str) -> tuple[tuple[str, ...], str]:
    """Leading ``--flag[=value]`` words without their quotes, and what follows them."""
    flags = []
    while rest.startswith("--"):
        word, end = _flag_word(rest, escape)
        rest = rest[end:].lstrip()
        if word == "--":
            break
        flags.append(word)
    return tuple(flags), rest.strip()


def _flag_word(text: str, escape: str) -> tuple[str, int]:
    word: list[str] = []
    quote = ""
    position = 0
    while position < len(text):
        char = text[position]
        if char == escape and position + 1 < len(text):
            position += 1
            word.append(text[position])
        elif quote:
            word.append("" if char == quote else char)
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char.isspace():
            break
        else:
            word.append(char)
        position += 1
    return "".join(word), position


def _words(name: str, rest: str, source: _Lines, line: int) -> tuple[tuple[str, ...], bool]:
    if name in ("ADD", "COPY", "CMD", "ENTRYPOINT", "RUN", "SHELL", "VOLUME") and rest.startswith("["):
        items = _json_list(rest)
        if items is not None:
            if not all(isinstance(item, str) for item in items):
                raise BuildError("only strings are supported in JSON arrays", source.path, line)
            return tuple(items), True
    return tuple(rest.split()), False


def _json_list(text: str) -> list[str] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _heredocs(rest: str, start: int, source: _Lines) -> Iterator[Heredoc]:
    for word in shell_pieces(rest):
        match = _HEREDOC.match(word)
        name = match[3] if match else ""
        bare = re.sub(r"[\"'\\]", "", name)
        if match is None or not bare:
            continue
        yield Heredoc(bare, _heredoc_lines(bare, bool(match[2]), start, source), bare == name)


def _heredoc_lines(name: str, chomp: bool, start: int, source: _Lines) -> str:
    lines: list[str] = []
    while (raw := source.next()) is not None:
        line = raw.lstrip("\t") if chomp else raw
        if line.rstrip("\r") == name:
            return "".join(f"{one}\n" for one in lines)
        lines.append(line)
    raise BuildError("unterminated heredoc", source.path, start)


def shell_pieces(text: str) -> list[str]:
    """Blank-separated words with quotes kept, blanks inside quotes not splitting."""
    pieces: list[str] = []
    word: list[str] = []
    quote = ""
    escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char.isspace():
            if word:
                pieces.append("".join(word))
            word = []
            continue
        word.append(char)
    return [*pieces, "".join(word)] if word else pieces
