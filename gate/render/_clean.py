"""Text from outside made visible and bounded, before any format escapes it.

Characters that no reader sees but that change what is read (controls, direction overrides, invisible tags) are shown
as ``<U+202E>``: hiding them would help the attack that https://trojansource.codes describes. Lone surrogates are
shown too, since no file can hold them.
"""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls but tab, newline, carriage return, next line
    "\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_NEWLINES = re.compile("\r\n?|\x85|\u2028|\u2029")
ELLIPSIS = "…"


def visible(text: str) -> str:
    """``text`` with one kind of newline and every hidden character written as its code point."""
    return _HIDDEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", _NEWLINES.sub("\n", text))


def one_line(text: str) -> str:
    """``text`` visible and on one line, runs of white space folded."""
    return " ".join(visible(text).split())


def clip(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` characters, cut with an ellipsis that counts."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + ELLIPSIS


def bounded(text: str, limit: int) -> str:
    """``text`` visible on one line of at most ``limit`` characters. What is far beyond is not even looked at."""
    near = text[: limit * 4]
    return clip(one_line(near) + (ELLIPSIS if len(near) < len(text) else ""), limit)


def bounded_block(text: str, limit: int) -> str:
    """``text`` visible in about ``limit`` characters, cut at a line."""
    near = visible(text[: limit * 2]).strip("\n")
    if len(near) <= limit and len(text) <= limit * 2:
        return near
    kept = near[:limit]
    kept = kept[: kept.rfind("\n")] if "\n" in kept else kept
    return f"{kept}\n{ELLIPSIS} {len(text) - len(kept):,} more characters"
