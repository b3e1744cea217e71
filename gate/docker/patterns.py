"""File patterns of the builder, matched in linear time.

Two languages share one matcher: the one of ignore files, ``--exclude`` and ``--parents`` (moby's ``patternmatcher``:
https://github.com/moby/patternmatcher) and Go's ``filepath.Match`` for the sources of COPY and ADD
(https://pkg.go.dev/path/filepath#Match). The reference turns patterns into backtracking-free regular expressions;
Python's ``re`` backtracks, so patterns with more than two wildcards are run as a set of states over the path.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.docker.paths import clean

BAD = "syntax error in pattern"


@dataclass(frozen=True)
class Char:
    """One literal character."""

    text: str


@dataclass(frozen=True)
class CharClass:
    """``[a-z]``: one character of these ranges, or of none of them. ``slash`` says whether it may be a slash."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool
    slash: bool

    def has(self, char: str) -> bool:
        """Whether the class takes this character."""
        inside = any(low <= char <= high for low, high in self.ranges)
        return inside != self.negated and (self.slash or char != "/")


@dataclass(frozen=True)
class Wild:
    """A wildcard: ``one`` is ``?``, ``some`` is ``*``, ``deep`` is ``**`` at the end, ``folders`` is ``**/``.

    ``any`` is the shell's ``?``, which takes a slash too. ``enter`` stands before ``folders``, which is optional as a
    whole: it may be passed over, but not left half-way.
    """

    kind: str


Token = Char | CharClass | Wild
Matcher = Callable[[str], bool]


def has_wildcard(text: str) -> bool:
    """Whether the builder treats a source as a glob: an unescaped ``*``, ``?`` or ``[``."""
    position = 0
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] in "*?[":
            return True
        position += 1
    return False


def unescape(text: str) -> str:
    """The plain name behind a source without wildcards."""
    return re.sub(r"\\(.)", r"\1", text)


def go_match(pattern: str) -> Matcher:
    """``filepath.Match``: ``*``, ``?`` and classes stop at a slash; ``**`` is ``*``. Raises ``ValueError``."""
    check_syntax(pattern)
    tokens: list[Token] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "*":
            if not (tokens and tokens[-1] == Wild("some")):
                tokens.append(Wild("some"))
            position += 1
        elif char == "?":
            tokens.append(Wild("one"))
            position += 1
        elif char == "[":
            token, position = _char_class(pattern, position, slash=False)
            tokens.append(token)
        else:
            position += char == "\\"
            tokens.append(Char(pattern[position]))
            position += 1
    return _matcher(tokens)


def moby_match(pattern: str) -> Matcher:
    """The pattern of an ignore file, cleaned already. Raises ``ValueError`` for what the builder refuses."""
    check_syntax(pattern)
    if not re.search(r"[*?\[\]\\]", pattern):
        return lambda path: path == pattern
    if pattern.endswith("/**") and not re.search(r"[*?\[\]\\]", pattern[:-3]):
        return lambda path: path.startswith(pattern[:-2])
    if pattern.startswith("**") and not re.search(r"[*?\[\]\\]", pattern[2:]):
        return _suffix(pattern[2:])
    return _matcher(_moby_tokens(pattern))


def _suffix(suffix: str) -> Matcher:
    """``**x`` takes every path that ends in ``x``; ``**/x`` also ``x`` itself."""
    return lambda path: path.endswith(suffix) or (suffix[:1] == "/" and path == suffix[1:])


def _moby_tokens(pattern: str) -> list[Token]:
    tokens: list[Token] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "*" and pattern[position + 1 : position + 2] == "*":
            position += 3 if pattern[position + 2 : position + 3] == "/" else 2
            tokens += [Wild("deep")] if position >= len(pattern) else [Wild("enter"), Wild("folders")]
        elif char == "[":
            token, position = _char_class(pattern, position, slash=True)
            if any(low > high for low, high in token.ranges):
                raise ValueError(BAD)  # the builder makes a regular expression of it, which refuses the range
            tokens.append(token)
        else:
            escaped = char == "\\" and position + 1 < len(pattern)
            wild = {"*": "some", "?": "one"}.get(char)
            tokens.append(Wild(wild) if wild else Char(pattern[position + escaped]))
            position += 1 + escaped
    return tokens


def check_syntax(pattern: str) -> None:
    """Refuse what Go's ``filepath.Match`` refuses: an unterminated class, a trailing backslash."""
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "[":
            _, position = _char_class(pattern, position, slash=True)
            continue
        if char == "\\" and position + 1 >= len(pattern):
            raise ValueError(BAD)
        position += 2 if char == "\\" else 1


def _char_class(pattern: str, start: int, *, slash: bool) -> tuple[CharClass, int]:
    """The class that opens at ``start`` and the position after its ``]``; only ``^`` negates."""
    position = start + 1
    negated = pattern[position : position + 1] == "^"
    position += negated
    ranges: list[tuple[str, str]] = []
    while not (ranges and pattern[position : position + 1] == "]"):
        low, position = _class_char(pattern, position)
        high = low
        if pattern[position] == "-":
            high, position = _class_char(pattern, position + 1)
        ranges.append((low, high))
    return CharClass(tuple(ranges), negated, slash), position + 1


def _class_char(pattern: str, position: int) -> tuple[str, int]:
    if position >= len(pattern) or pattern[position] in "-]":
        raise ValueError(BAD)
    position += pattern[position] == "\\"
    if position + 1 >= len(pattern):
        raise ValueError(BAD)
    return pattern[position], position + 1


def _matcher(tokens: Sequence[Token]) -> Matcher:
    """A regular expression while that cannot blow up, else the run over sets of states."""
    if sum(isinstance(token, Wild) and token.kind not in ("one", "enter") for token in tokens) <= 2:
        expression = re.compile("".join(_expression(token) for token in tokens), re.DOTALL)
        return lambda path: expression.fullmatch(path) is not None
    machine = Machine.of(tokens)
    return machine.accepts


def _expression(token: Token) -> str:
    if isinstance(token, Char):
        return re.escape(token.text)
    if isinstance(token, Wild):
        return {"one": "[^/]", "some": "[^/]*", "deep": ".*", "folders": "(?:.*/)?", "enter": ""}[token.kind]
    inside = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in token.ranges if low <= high)
    if not inside:
        return "." if token.negated else r"(?!)"
    found = f"[{'^' if token.negated else ''}{inside}]"
    return found if token.slash else f"(?!/){found}"


@dataclass(frozen=True)
class Machine:
    """All positions of a pattern at once, as bits: time is path length times pattern length, whatever the pattern.

    Bit ``n`` stands before token ``n``. ``literals`` says which tokens a character passes; ``one`` those that any but
    a slash passes, ``any`` those that every character passes, ``folders`` those that a slash passes; ``stay`` and
    ``stay_deep`` keep their place.
    """

    size: int
    prefix: str
    literals: dict[str, int]
    classes: tuple[tuple[int, CharClass], ...]
    one: int
    any: int
    folders: int
    stay: int
    stay_deep: int
    skip: int
    enter: int

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> Machine:
        """The machine of a pattern."""

        def bits(*kinds: str) -> int:
            return sum(1 << n for n, token in enumerate(tokens) if isinstance(token, Wild) and token.kind in kinds)

        literals: dict[str, int] = {}
        for n, token in enumerate(tokens):
            if isinstance(token, Char):
                literals[token.text] = literals.get(token.text, 0) | 1 << n
        prefix = "".join(
            token.text
            for token in itertools.takewhile(lambda one: isinstance(one, Char), tokens)
            if isinstance(token, Char)
        )
        classes = tuple((1 << n, token) for n, token in enumerate(tokens) if isinstance(token, CharClass))
        return cls(
            len(tokens),
            prefix,
            literals,
            classes,
            bits("one"),
            bits("any"),
            bits("folders"),
            bits("some"),
            bits("deep", "folders"),
            bits("some", "deep", "enter"),
            bits("enter"),
        )

    def accepts(self, path: str) -> bool:
        """Whether the whole path matches."""
        if not path.startswith(self.prefix):
            return False
        states = self._rest(1)
        for char in path:
            passed = states & (self.literals.get(char, 0) | self.any | (self.folders if char == "/" else self.one))
            for bit, token in self.classes:
                passed |= bit if states & bit and token.has(char) else 0
            stayed = states & (self.stay_deep if char == "/" else self.stay_deep | self.stay)
            states = self._rest(passed << 1 | stayed)
            if not states:
                return False
        return bool(states >> self.size & 1)

    def _rest(self, states: int) -> int:
        """With the positions reachable without a character."""
        while True:
            more = states | (states & self.skip) << 1 | (states & self.enter) << 2
            if more == states:
                return states
            states = more


def normalised(pattern: str) -> str:
    """A line's pattern as the builder cleans it: Go's ``filepath.Clean``, one leading slash dropped."""
    pattern = clean(pattern)
    return pattern[1:] if len(pattern) > 1 and pattern.startswith("/") else pattern
