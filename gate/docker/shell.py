"""A shell line to simple commands: enough of POSIX sh to see what a RUN or a script does to files.

What is not understood is said (``dynamic`` words, ``conditional`` commands), never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_OPENERS = frozenset(["if", "then", "else", "elif", "while", "until", "do", "{", "!", "time"])
_CLOSERS = frozenset(["fi", "done", "}", "esac"])
_OPERATOR = re.compile(r"&&|\|\||;;|[;&|()\n]|\d*>>|\d*>&?|\d*<<<|<<-?|\d*<&?")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^{}$]*))?\}|([A-Za-z_][A-Za-z0-9_]*))")


@dataclass(frozen=True)
class Word:
    """One word, quotes removed. ``dynamic``: it holds something only the running shell knows. ``glob``.

    Unquoted wildcards.
    """

    text: str
    dynamic: bool = False
    glob: bool = False


@dataclass(frozen=True)
class Command:
    """A simple command. ``conditional``: it may not run. ``piped``: it stands in a pipeline. ``writes``.

    Redirections.
    """

    words: tuple[Word, ...]
    conditional: bool = False
    piped: bool = False
    writes: tuple[tuple[str, Word], ...] = ()
    depth: int = 0

    @property
    def text(self) -> tuple[str, ...]:
        """The words' texts."""
        return tuple(word.text for word in self.words)


def commands(script: str, values: Mapping[str, str]) -> list[Command]:
    """The simple commands of a script, in order; ``values`` are the variables known to it."""
    return list(_Parser(_tokens(script), dict(values)).run())


@dataclass
class _Parser:
    """Goes over the tokens once; keeps whether what follows may be skipped by the shell."""

    tokens: list[str]
    values: dict[str, str]
    nesting: int = 0
    depth: int = 0
    may_skip: bool = False

    def run(self) -> Iterator[Command]:
        words: list[str] = []
        writes: list[tuple[str, str]] = []
        position, piped = 0, False
        while position <= len(self.tokens):
            token = self.tokens[position] if position < len(self.tokens) else "\n"
            position += 1
            if not _OPERATOR.fullmatch(token):
                words.append(token)
            elif token.lstrip("0123456789")[:1] in "<>":
                goal = self.tokens[position] if position < len(self.tokens) else ""
                writes.append((token.lstrip("0123456789"), goal))
                position += 1
            else:
                is_pipe = token == "|"  # noqa: S105  # a shell operator, no password
                command = self._command(words, writes, piped or is_pipe)
                if command is not None:
                    yield command
                self._operator(token, command)
                piped = is_pipe
                words, writes = [], []

    def _operator(self, mark: str, command: Command | None) -> None:
        if mark == "(":
            self.depth += 1
        elif mark == ")":
            self.depth = max(self.depth - 1, 0)
        elif mark == "||":
            self.may_skip = True
        elif mark == "&&":
            self.may_skip = self.may_skip or bool(command and command.text[:1] in (("test",), ("[",), ("[[",)))
        elif mark in (";", "\n", "&"):
            self.may_skip = False

    def _command(self, words: list[str], writes: list[tuple[str, str]], piped: bool) -> Command | None:
        while words and words[0] in _OPENERS | _CLOSERS:
            self.nesting += words[0] in ("if", "while", "until")
            self.nesting -= words[0] in ("fi", "done", "esac")
            words = words[1:]
        if words and words[0] in ("for", "case", "select"):
            self.nesting += 1
            return Command(tuple(map(self.word, words)), True, piped, (), self.depth)
        while words and re.match(r"[A-Za-z_][A-Za-z0-9_]*=", words[0]):
            self._assign(words[0])
            words = words[1:]
        if words and words[0] in ("export", "local", "declare", "readonly", "typeset"):
            for word in words[1:]:
                self._assign(word)
        if not words and not writes:
            return None
        goals = tuple((mark, self.word(goal)) for mark, goal in writes)
        return Command(tuple(map(self.word, words)), self.may_skip or self.nesting > 0, piped, goals, self.depth)

    def _assign(self, text: str) -> None:
        name, equals, value = text.partition("=")
        word = self.word(value)
        if word.dynamic:
            self.values.pop(name, None)
        elif equals:
            self.values[name] = word.text

    def word(self, raw: str) -> Word:
        """A raw word without its quotes, variables put in."""
        out: list[str] = []
        dynamic = glob = False
        for kind, piece in _pieces(raw):
            if kind == "single":
                out.append(piece)
                continue
            filled = _VARIABLE.sub(self._value, piece)
            dynamic = dynamic or "\0" in filled or "`" in filled or "$(" in filled or "$" in _VARIABLE.sub("", piece)
            glob = glob or (kind == "plain" and any(mark in piece for mark in "*?["))
            out.append(filled)
        text = "".join(out).replace("\0", "$")
        if raw.startswith("~"):
            text = "/root" + text[1:] if text[1:2] in ("", "/") else text
        return Word(text, dynamic, glob)

    def _value(self, match: re.Match[str]) -> str:
        found = self.values.get(match[1] or match[3])
        if found is None:
            return match[2] if match[2] is not None else "\0"
        return found


def _pieces(raw: str) -> Iterator[tuple[str, str]]:
    """Quoted and unquoted parts of a word."""
    position, plain = 0, ""
    while position < len(raw):
        char = raw[position]
        if char in "'\"":
            end = raw.find(char, position + 1)
            end = len(raw) if end < 0 else end
            yield "plain", plain
            plain = ""
            yield "single" if char == "'" else "double", raw[position + 1 : end]
            position = end + 1
        elif char == "\\" and position + 1 < len(raw):
            yield "plain", plain
            plain = ""
            yield "single", raw[position + 1]
            position += 2
        else:
            plain += char
            position += 1
    yield "plain", plain


def _tokens(script: str) -> list[str]:
    """Words (quotes kept) and operators. Comments go; ``$( … )`` stays one word."""
    tokens: list[str] = []
    word = ""
    position = 0
    while position < len(script):
        char = script[position]
        if char == "\\" and script[position + 1 : position + 2] == "\n":
            position += 2
            continue
        if char == "#" and not word:
            end = script.find("\n", position)
            position = len(script) if end < 0 else end
            continue
        operator = _OPERATOR.match(script, position)
        if operator and not (operator[0][0].isdigit() and word):
            tokens += [word] if word else []
            tokens.append(operator[0])
            word, position = "", operator.end()
        elif char.isspace():
            tokens += [word] if word else []
            word, position = "", position + 1
        else:
            end = _end_of_piece(script, position)
            word += script[position:end]
            position = end
    return [*tokens, word] if word else tokens


def _end_of_piece(script: str, start: int) -> int:
    """The end of a quoted text, an escape, a ``$( … )`` or one character."""
    char = script[start]
    if char == "\\":
        return min(start + 2, len(script))
    if char == "'":
        end = script.find("'", start + 1)
        return len(script) if end < 0 else end + 1
    if char == '"' or script.startswith("$(", start) or script.startswith("${", start):
        return _end_of_nest(script, start)
    return start + 1


def _end_of_nest(script: str, start: int) -> int:
    closer = {'"': '"', "$(": ")", "${": "}"}[script[start] if script[start] == '"' else script[start : start + 2]]
    position = start + (1 if closer == '"' else 2)
    depth = 1
    while position < len(script):
        char = script[position]
        if char == "\\":
            position += 2
            continue
        if char == closer:
            depth -= 1
            if depth == 0:
                return position + 1
        elif closer != '"' and char == {")": "(", "}": "{"}[closer]:
            depth += 1
        position += 1
    return len(script)
