"""A string that a regular expression or LIKE pattern of a CHECK matches: for the seeder to try, not to be relied on."""

from __future__ import annotations

import re

_CLASSES = {"d": "0123456789", "w": "abcdefghijklmnopqrstuvwxyz0123456789_", "s": " "}
_POSIX = {
    "alpha": "abcdefgh", "lower": "abcdefgh", "upper": "ABCDEFGH", "digit": "0123456789", "alnum": "abcdefgh01234567",
    "xdigit": "0123456789abcdef", "space": " ", "punct": ".-",
}  # fmt: skip
_LONGEST = 5000
_COUNT = re.compile(r"\{(\d+)(?:,(\d*))?\}")


def like_example(pattern: str, number: int) -> str:
    """A text for a LIKE pattern; ``number`` makes texts differ where the pattern leaves room."""
    mark = f"a{number}"
    return pattern.replace("%", mark, 1).replace("%", "a").replace("_", "a")


def regex_example(pattern: str, number: int) -> str | None:
    """A text that the expression matches, or None when it uses what is not understood here."""
    try:
        return _Reader(pattern, number).read()
    except (IndexError, ValueError):
        return None


class _Reader:
    """Reads an expression from left to right and writes one match: the first branch, few repeats."""

    def __init__(self, pattern: str, number: int) -> None:
        self._text, self._number, self._at = pattern, number, 0

    def read(self) -> str:
        text = self._branch()
        if self._at < len(self._text) and self._text[self._at] == ")":
            raise ValueError("unbalanced parenthesis")
        return text

    def _branch(self) -> str:
        """The first alternative; the others are passed over."""
        branches = [""]
        while self._at < len(self._text) and self._text[self._at] != ")":
            if self._text[self._at] == "|":
                self._at += 1
                branches.append("")
            else:
                branches[-1] += self._piece()
        # The longest one leaves most room for different values.
        return max(branches, key=len)

    def _piece(self) -> str:
        atoms = self._atom()
        low, high = self._repeats()
        count = min(max(low, 1), high) if high else 0
        if not atoms:
            return ""
        if count * max(map(len, atoms)) > _LONGEST:
            raise ValueError("too long")
        return "".join(atoms[(self._number + step) % len(atoms)] for step in range(count))

    def _repeats(self) -> tuple[int, int]:
        if self._at >= len(self._text):
            return 1, 1
        sign = self._text[self._at]
        counted = _COUNT.match(self._text, self._at)
        if sign in "*+?":
            self._at += 1
            low, high = {"*": (1, 9), "+": (1, 9), "?": (0, 1)}[sign]
        elif counted:
            self._at = counted.end()
            low = int(counted[1])
            high = low if counted[2] is None else int(counted[2] or low + 9)
        else:
            return 1, 1
        if self._at < len(self._text) and self._text[self._at] == "?":
            self._at += 1
        return low, high

    def _atom(self) -> list[str]:
        """What may stand at this place; empty for anchors."""
        sign = self._text[self._at]
        self._at += 1
        if sign in "^$":
            return []
        if sign == ".":
            return list("abcdefgh")
        if sign == "[":
            return self._class()
        if sign == "(":
            return [self._group()]
        if sign == "\\":
            letter = self._text[self._at]
            self._at += 1
            return [] if letter in "AZmMyb" else list(_CLASSES.get(letter, letter))
        return [sign]

    def _group(self) -> str:
        if self._text.startswith("?", self._at):
            if not self._text.startswith("?:", self._at):
                raise ValueError("look-around")
            self._at += 2
        inner = self._branch()
        if self._text[self._at] != ")":
            raise ValueError("unbalanced parenthesis")
        self._at += 1
        return inner

    def _class(self) -> list[str]:
        if self._text[self._at] == "^":
            raise ValueError("negated class")
        found: list[str] = []
        first = True
        while first or self._text[self._at] != "]":
            first = False
            named = re.match(r"\[:(\w+):\]", self._text[self._at :])
            if named:
                found.extend(_POSIX.get(named[1], "a"))
                self._at += named.end()
                continue
            sign = self._text[self._at]
            self._at += 1
            if sign == "\\":
                letter = self._text[self._at]
                self._at += 1
                found.extend(_CLASSES.get(letter, letter))
            elif sign == "-" and found and self._text[self._at] != "]":
                end = ord(self._text[self._at])
                self._at += 1
                found.extend(chr(code) for code in range(ord(found[-1]) + 1, min(end, ord(found[-1]) + 30) + 1))
            else:
                found.append(sign)
        self._at += 1
        return found
