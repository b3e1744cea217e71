"""Text from outside, made harmless for GitHub's Markdown.

What GitHub does with a comment beyond CommonMark decides here: mentions, ``#123`` and ``GH-123`` references, bare
links and e-mail addresses become links after rendering, except in code. A zero-width space parts them, which is how
Renovate and Dependabot quote foreign text. Spec: https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.render._clean import bounded, bounded_block
from gate.render._workflow_commands import harmless

_PART = "&#8203;"
_PUNCTUATION = re.compile(r"[\\*_\[\]{}|~^]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "&#96;", "$": "&#36;"}
# Before anything but a blank: a host may begin with a dot where GitHub looks for e-mail addresses (cmark-gfm, autolink.c).
_REFERENCE = re.compile(r"@(?=\S)|#(?=[\w/-])|\bGH-(?=\d)", re.IGNORECASE)
_LINK = re.compile(r"(?<=\w):(?=//)|\b(?:www|mailto|xmpp)(?=[.:])", re.IGNORECASE)
_BLOCK_START = re.compile(r"^(?:([-+=#:])|(\d{1,9})([.)])(?=\s|$))")
_CODE_SPAN = re.compile(r"(?<!`)`([^`\s](?:[^`]{0,198}[^`\s])?)`(?!`)")


def text(raw: str, limit: int = 2000) -> str:
    """``raw`` as plain words on one line."""
    return _start(_words(bounded(raw, limit)))


def prose(raw: str, limit: int = 2000) -> str:
    """``raw`` on one line where ``code`` between single backticks stays code and everything else is plain words."""
    line = bounded(raw, limit)
    parts: list[str] = []
    end = 0
    for span in _CODE_SPAN.finditer(line):
        parts += [_words(line[end : span.start()]), code(span[1])]
        end = span.end()
    return _start("".join([*parts, _words(line[end:])]))


def cell(raw: str, limit: int = 300) -> str:
    """``raw`` as the cell of a table: prose without a bare pipe (GFM wants it escaped in code too)."""
    return _piped(prose(raw, limit))


def code(raw: str, limit: int = 300) -> str:
    """``raw`` as inline code, its ticks longer than any run inside."""
    line = bounded(raw, limit) or " "
    ticks = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{_unmark(line)}{pad}{ticks}"


def code_cell(raw: str, limit: int = 200) -> str:
    """``raw`` as inline code inside a table."""
    return _piped(code(raw, limit))


def fence(raw: str, language: str = "", limit: int = 6000) -> str:
    """``raw`` as a block of code, its fence longer than any run of backticks inside."""
    body = _unmark(harmless(bounded_block(raw, limit)))
    ticks = "`" * max(3, _longest_run(body) + 1)
    return f"{ticks}{language}\n{body}\n{ticks}"


def html(raw: str, limit: int = 300) -> str:
    """``raw`` inside an HTML element (``<summary>``), where Markdown is not read; ``code`` spans become elements."""
    plain = _parted(_entities(_unmark(bounded(raw, limit))))
    return re.sub(r"&#96;((?:(?!&#96;).)+)&#96;", r"<code>\1</code>", plain)


def strong(escaped: str) -> str:
    """Bold words that are escaped already; nothing for nothing, since four stars draw a line."""
    return f"**{escaped.strip()}**" if escaped.strip() else ""


def details(summary: str, body: str) -> str:
    """A block that starts closed; ``summary`` and ``body`` are escaped already."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of cells that are escaped already; empty without rows."""
    if not rows:
        return ""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _words(raw: str) -> str:
    return _parted(_PUNCTUATION.sub(r"\\\g<0>", _entities(raw)))


def _entities(raw: str) -> str:
    return re.sub("[&<>`$]", lambda found: _ENTITIES[found[0]], raw)


def _parted(escaped: str) -> str:
    """References and links cut apart. An entity (``&#96;``) is not a reference: its ``#`` follows ``&``."""
    cut = re.sub(rf"&#\d+;|{_REFERENCE.pattern}", _part_reference, escaped, flags=re.IGNORECASE)
    return _LINK.sub(rf"\g<0>{_PART}", cut)


def _part_reference(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith("&") else found[0] + _PART


def _start(line: str) -> str:
    """A line that opens no list, heading, quote or underline by its first character."""
    return _BLOCK_START.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", line)


def _piped(escaped: str) -> str:
    """Each pipe behind an odd number of backslashes, which is how GFM's table scanner counts."""
    return re.sub(r"(\\*)\|", lambda found: found[0] if len(found[1]) % 2 else f"{found[1]}\\|", escaped)


def _unmark(raw: str) -> str:
    """Code cannot open an HTML comment (it would look like a marker of ours) nor a workflow command."""
    return raw.replace("<!--", "<! --").replace("##[", "## [")


def _longest_run(raw: str) -> int:
    return max((len(run) for run in re.findall("`+", raw)), default=0)
