"""How much a Markdown text tells, and the way down to what always fits.

What goes first is what the reader misses least (requirement 21): statements and logs, then passing checks, then
findings beyond N. The verdict line stands outside of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

_FEWEST = 3


@dataclass(frozen=True)
class Detail:
    """Upper bounds of what is told.

    ``findings`` are told whole, ``listed`` ones in a line each, the rest is counted. ``words`` and ``code`` are
    characters of one text from outside; ``rows`` is per table. ``asked`` tells that the target was asked already.
    """

    sql: bool = True
    passing: bool = True
    findings: int = 100
    listed: int = 100
    open: int = 3
    rows: int = 100
    words: int = 1200
    code: int = 6000
    projects: int = 40
    sections: bool = True
    asked: bool = False


COMMENT = Detail()
SUMMARY = Detail(findings=3000, listed=2000, open=20, rows=2000, words=2000, code=20000, projects=500)


def fitted(build: Callable[[Detail], str], most: Detail, measure: Callable[[str], int], limit: int) -> str:
    """The fullest text whose measure is within the limit; the last resort is small whatever the report holds."""
    detail, text = most, build(most)
    while measure(text) > limit:
        lesser = _less(detail, limit / measure(text))
        if lesser is None:
            break
        detail, text = lesser, build(lesser)
    return text


def _less(detail: Detail, share: float) -> Detail | None:
    """The next step down; ``share`` is the part of the last text that would have fitted."""
    if detail.sql:
        return dataclasses.replace(detail, sql=False, code=min(detail.code, 3000))
    if detail.passing:
        return dataclasses.replace(detail, passing=False)
    if detail.findings > _FEWEST:
        factor = min(2 / 3, max(share, 0.05))
        number, rows = int(detail.findings * factor), int(detail.rows * factor)
        return dataclasses.replace(detail, findings=max(number, _FEWEST), rows=max(rows, 5))
    if detail.words > 300:
        return dataclasses.replace(detail, listed=40, words=300, code=800, rows=5, projects=10)
    if detail.sections:
        return dataclasses.replace(detail, sections=False)
    if detail.listed:
        return dataclasses.replace(detail, findings=1, listed=0, words=200, code=0, rows=3, projects=1)
    return None
