"""The tokens of an HCL text, strings taken apart into texts and the tokens of each ``${…}``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gate.docker.errors import BuildError, UnknownError

LARGEST = 1_000_000


_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|\#[^\n]*|//[^\n]*|/\*.*?\*/)|(?P<newline>\n)|(?P<heredoc><<-?\w+[ \t]*\r?\n)
    |(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<quote>")|(?P<op>==|!=|<=|>=|&&|\|\||=>|\.\.\.|[-{}\[\]()=,.?:!<>+*/%])""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """One token; ``value`` of a string is its list of texts and expression texts."""

    kind: str
    value: Any
    line: int


def tokens(text: str, path: str, line: int) -> list[Token]:
    """All tokens, the last one of kind ``end``. Raises ``BuildError`` with the line of what is none."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise BuildError(f"unexpected character {text[position]!r}", path, line)
        kind = match.lastgroup or ""
        position = match.end()
        if kind == "quote":
            parts, end = _template(text, position, path, line)
            found.append(Token("string", parts, line))
            line += text.count("\n", position, end)
            position = end
        elif kind == "heredoc":
            parts, end = _heredoc(text, position, match[0], path, line)
            found += [Token("string", parts, line), Token("newline", "\n", line)]
            line += 1 + text.count("\n", position, end)
            position = end
        else:
            if kind != "space":
                found.append(Token(kind, match[0], line))
            line += match[0].count("\n")
    return [*found, Token("end", "", line)]


Part = str | list[Token]


def _template(text: str, position: int, path: str, line: int) -> tuple[list[Part], int]:
    """A quoted string after its opening quote: texts, and the tokens of each ``${…}``."""
    parts: list[Part] = []
    plain: list[str] = []
    while position < len(text):
        char = text[position]
        if char == '"':
            return [*parts, "".join(plain)], position + 1
        if char == "\\" and position + 1 < len(text):
            found, position = _escaped(text, position)
            plain.append(found)
        elif text.startswith("$${", position):
            plain.append("${")
            position += 3
        elif text.startswith("%{", position) and plain[-1:] != ["%"]:
            raise UnknownError("a `%{…}` directive of the bake file", path, line)
        elif text.startswith("${", position):
            end = _closing(text, position + 2, path, line)
            parts += ["".join(plain), tokens(text[position + 2 : end], path, line)]
            plain, position = [], end + 1
        elif char == "\n":
            break
        else:
            plain.append(char)
            position += 1
    raise BuildError("a string is not closed", path, line)


def _escaped(text: str, position: int) -> tuple[str, int]:
    """The character behind an escape, and where the text goes on."""
    code = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U000([01][0-9a-fA-F]{4}))").match(text, position)
    if code is not None:
        return chr(min(int(code[1] or code[2], 16), 0x10FFFF)), code.end()
    return {"n": "\n", "t": "\t", "r": "\r"}.get(text[position + 1], text[position + 1]), position + 2


def _closing(text: str, position: int, path: str, line: int) -> int:
    depth = 1
    while position < len(text):
        char = text[position]
        if char == '"':
            position = _string_end(text, position + 1)
            continue
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth == 0:
            return position
        position += 1
    raise BuildError("an expression is not closed", path, line)


def _string_end(text: str, position: int) -> int:
    while position < len(text) and text[position] != '"':
        position += 2 if text[position] == "\\" else 1
    return position + 1


def _heredoc(text: str, position: int, head: str, path: str, line: int) -> tuple[list[Part], int]:
    name = head.strip("<- \t\r\n")
    lines: list[str] = []
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        one = text[position:end]
        position = end + 1
        if one.strip() == name:
            cut = (
                min((len(row) - len(row.lstrip()) for row in lines if row.strip()), default=0)
                if head.startswith("<<-")
                else 0
            )
            return [_plain("".join(f"{row[cut:]}\n" for row in lines), path, line)][0], min(position, len(text))
        lines.append(one.rstrip("\r"))
    raise BuildError("a heredoc is not closed", path, line)


def _plain(text: str, path: str, line: int) -> list[Part]:
    """A heredoc's text with its ``${…}`` taken apart."""
    if re.search(r"(?<!%)%\{", text):
        raise UnknownError("a `%{…}` directive of the bake file", path, line)
    parts: list[Part] = []
    position = 0
    while (start := text.find("${", position)) >= 0:
        if start and text[start - 1] == "$":
            parts.append(text[position : start - 1] + "${")
            position = start + 2
            continue
        end = _closing(text, start + 2, path, line)
        parts += [text[position:start], tokens(text[start + 2 : end], path, line)]
        position = end + 1
    return [*parts, text[position:]]
