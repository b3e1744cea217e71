"""The ignore file of a build, read and asked exactly as BuildKit does, with the line that decided.

Sources: https://github.com/moby/patternmatcher (``ignorefile`` and ``MatchesUsingParentResults``) and
https://docs.docker.com/build/concepts/context/#dockerignore-files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gate.docker.errors import BuildError
from gate.docker.paths import clean
from gate.docker.patterns import Matcher, moby_match, normalised
from gate.docker.tree import Place

LONGEST_LINE = 65536  # bufio.Scanner refuses longer ones, and so does the build


@dataclass(frozen=True)
class Pattern:
    """One line of an ignore file. ``exception`` is a line with ``!``; ``spaced`` one with a blank after it."""

    text: str
    cleaned: str
    line: int
    exception: bool
    spaced: bool
    match: Matcher

    @property
    def is_wild(self) -> bool:
        """Whether the pattern holds a wildcard."""
        return bool(re.search(r"[*?\[\\]", self.cleaned))


@dataclass(frozen=True)
class Ruling:
    """What the ignore file says of one path. ``pattern`` is the last line that matched the path or a parent."""

    excluded: bool
    pattern: Pattern | None = None


State = tuple[bool, ...]


@dataclass(frozen=True)
class IgnoreFile:
    """The patterns of one ignore file; ``path`` is relative to the repository (empty when there is none)."""

    path: str = ""
    patterns: tuple[Pattern, ...] = ()
    for_dockerfile: bool = False

    @property
    def has_exceptions(self) -> bool:
        """Whether an excluded folder may hold files that come back."""
        return any(pattern.exception for pattern in self.patterns)

    def step(self, path: str, parent: State = ()) -> tuple[bool, State]:
        """Whether ``path`` is excluded, with the matches that its children inherit (BuildKit's own walk)."""
        excluded = False
        matches = []
        for number, pattern in enumerate(self.patterns):
            match = bool(parent) and parent[number]
            if not match and pattern.exception == excluded:
                match = pattern.match(path)
            matches.append(match)
            if match:
                excluded = not pattern.exception
        return excluded, tuple(matches)

    def ruling(self, path: str) -> Ruling:
        """Whether ``path`` is excluded and by which line: the last one that matches the path or a parent."""
        state: State = ()
        excluded = False
        parts = path.split("/")
        levels = ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
        for level in levels:
            excluded, state = self.step(level, state)
        deciding = [
            pattern
            for number, pattern in enumerate(self.patterns)
            if pattern.exception != excluded and (state[number] or any(pattern.match(level) for level in levels))
        ]
        return Ruling(excluded, deciding[-1] if deciding else None)

    def excludes(self, path: str) -> bool:
        """Whether ``path`` is kept out of the context."""
        return self.ruling(path).excluded


def parse(text: str, path: str = ".dockerignore", *, for_dockerfile: bool = False) -> IgnoreFile:
    """The ignore file behind a text. Raises ``BuildError`` where the builder refuses a line."""
    patterns = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if len(line) > LONGEST_LINE:
            raise BuildError("this line is longer than the builder reads", path, number)
        pattern = _pattern(line, path, number)
        if pattern is not None:
            patterns.append(pattern)
    return IgnoreFile(path, tuple(patterns), for_dockerfile)


def _pattern(line: str, path: str, number: int) -> Pattern | None:
    if line.startswith("#"):
        return None
    text = line.strip()
    if not text:
        return None
    exception = text.startswith("!")
    body = text[1:].strip() if exception else text
    if not body:
        raise BuildError('a bare "!" excludes nothing and is refused by the builder', path, number)
    cleaned = normalised(body)
    if cleaned.startswith("!") and not exception:
        exception, cleaned = True, cleaned[1:]
    return Pattern(text, cleaned, number, exception, exception and text[1:2] != body[:1], _match(cleaned, path, number))


def _match(cleaned: str, path: str, number: int) -> Matcher:
    try:
        return moby_match(cleaned)
    except ValueError as error:
        raise BuildError(f"{error}: {cleaned}", path, number) from error


def matching(patterns: Sequence[str], place: Place) -> IgnoreFile:
    """``--exclude`` and ``--parents``: the same matcher, but none of an ignore file's cleaning but ``filepath.Clean``.

    So ``/x`` and ``!./x`` match nothing (seen with a real builder).
    """
    found = []
    for text in filter(None, map(str.strip, patterns)):
        cleaned = clean(text)
        if cleaned == "!":
            raise BuildError('illegal exclusion pattern: "!"', place.path, place.line)
        exception = cleaned.startswith("!")
        bare = cleaned.removeprefix("!")
        found.append(Pattern(text, bare, place.line, exception, False, _match(bare, place.path, place.line)))
    return IgnoreFile(place.path, tuple(found))


def portability(ignore: IgnoreFile) -> list[tuple[int, str]]:
    """Lines that the classic builder or Podman read otherwise, each with what differs (seen with real builders)."""
    found = []
    for number, pattern in enumerate(ignore.patterns):
        earlier = ignore.patterns[:number]
        if pattern.exception and pattern.is_wild and any(not one.exception for one in earlier):
            found.append((pattern.line, f"a wildcard exception below an excluded folder (`{pattern.text}`)"))
        if re.search(r"\*\*[^/*]", pattern.cleaned):
            found.append((pattern.line, f"`**` without a slash (`{pattern.text}`)"))
        if pattern.spaced:
            found.append((pattern.line, f"a blank after `!` (`{pattern.text}`)"))
    if ignore.for_dockerfile:
        found.append((1, f"an ignore file of one Dockerfile (`{ignore.path}`)"))
    return found
