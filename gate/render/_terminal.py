"""Text for a terminal: colour when it was asked for, wrapping, and nothing that a terminal or a log would obey."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from gate.render._clean import bounded, bounded_block
from gate.render._workflow_commands import harmless

WIDTH = 100
_CODES = {"red": 31, "green": 32, "yellow": 33, "blue": 34, "dim": 2, "bold": 1}
_MEANING = {
    "pass": "green", "fail": "red", "undecided": "yellow", "skipped": "dim",
    "error": "red", "warning": "yellow", "note": "blue",
}  # fmt: skip


@dataclass(frozen=True)
class Ink:
    """Colours a text, or leaves it as it is."""

    colour: bool = False

    def __call__(self, text: str, *names: str) -> str:
        """``text`` in the named colours, or in those of the word (``fail``, ``warning``) that it is."""
        codes = [str(_CODES[_MEANING.get(name, name)]) for name in names if name]
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self.colour and codes and text else text


def wrapped(text: str, indent: str = "  ", limit: int = 3000) -> str:
    """Words from outside in lines of ``WIDTH`` columns."""
    line = bounded(text, limit)
    return textwrap.fill(
        harmless(line),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )


def hanging(label: str, text: str, indent: str = "  ", limit: int = 3000) -> str:
    """``text`` beside a label, its further lines under its first word."""
    line = bounded(text, limit)
    return textwrap.fill(
        harmless(line),
        WIDTH,
        initial_indent=f"{indent}{label}",
        break_on_hyphens=False,
        subsequent_indent=indent + " " * len(label),
        break_long_words=False,
    )


def block(code: str, indent: str = "      ", limit: int = 8000) -> str:
    """Lines of code as they are, indented."""
    return textwrap.indent(harmless(bounded_block(code, limit)), indent)


def plain(text: str, limit: int = 300) -> str:
    """One line of words from outside."""
    return harmless(bounded(text, limit))
