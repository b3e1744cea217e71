"""File modes as ``chmod`` and ``--chmod`` spell them: octal, or symbolic clauses such as ``u=rwX,go=rX``.

Follows BSD's ``setmode(3)``, which BuildKit uses (https://github.com/tonistiigi/dchapes-mode), with an umask of zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Change = Callable[[int, bool], int]

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=][rwxXstugo]*)+)")
_STEP = re.compile(r"([-+=])([rwxXstugo]*)")
_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o0007, "a": 0o6777}
_BITS = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}
_SHIFT = {"u": 6, "g": 3, "o": 0}


@dataclass(frozen=True)
class _Step:
    """One operator of a clause: whose bits (a mask), ``-``, ``+`` or ``=``, and the letters."""

    who: int
    operator: str
    letters: str

    def applied(self, mode: int, executable: bool) -> int:
        """The mode after it. ``executable``: a folder, or a file that anybody may execute."""
        bits = 0
        for letter in self.letters:
            if letter in _SHIFT:
                bits |= (mode >> _SHIFT[letter] & 7) * 0o111
            elif letter != "X":
                bits |= _BITS[letter]
            elif executable or self.operator == "-":
                bits |= 0o111
        bits &= self.who | (0o1000 if self.who & ~0o007 else 0)
        if self.operator == "-":
            return mode & ~bits
        return (mode & ~self.who if self.operator == "=" else mode) | bits


def change_of(text: str) -> Change:
    """The new mode from the old one and whether it is a folder. Raises ``ValueError`` for what is no mode."""
    if re.fullmatch(r"[0-7]+", text):
        return lambda mode, is_dir: int(text, 8)
    clauses = [_CLAUSE.fullmatch(one) for one in text.split(",")]
    steps = [
        _Step(_who(clause[1]), operator, letters)
        for clause in clauses
        if clause is not None
        for operator, letters in _STEP.findall(clause[2])
    ]
    if not all(clauses):
        raise ValueError(f"{text!r} is no file mode")
    return lambda mode, is_dir: _changed(steps, mode, is_dir)


def _who(letters: str) -> int:
    found = 0
    for one in letters:
        found |= _WHO[one]
    return found or 0o7777


def _changed(steps: list[_Step], mode: int, is_dir: bool) -> int:
    executable = is_dir or bool(mode & 0o111)
    for step in steps:
        mode = step.applied(mode, executable)
    return mode
