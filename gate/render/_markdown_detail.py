"""How much a Markdown text tells, and the ladder down to what always fits.

What goes first is what the reader misses least (requirement 21): statements and logs, then passing checks, then
findings beyond N. The verdict line stands outside the ladder.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Detail:
    """Upper bounds of what is told.

    ``findings`` are told whole, ``listed`` ones in a line each, the rest is counted. ``words`` and ``code`` are
    characters of one text from outside; ``rows`` is per table.
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


COMMENT = Detail()
SUMMARY = Detail(findings=3000, listed=2000, open=20, rows=2000, words=2000, code=20000, projects=500)


def ladder(most: Detail) -> Iterator[Detail]:
    """``most``, then less and less; the last step is small whatever the report holds."""
    yield most
    most = dataclasses.replace(most, sql=False, code=min(most.code, 3000))
    yield most
    most = dataclasses.replace(most, passing=False)
    yield most
    while most.findings > 3:
        most = dataclasses.replace(most, findings=most.findings * 2 // 3, rows=max(most.rows * 2 // 3, 5))
        yield most
    most = dataclasses.replace(most, listed=40, words=300, code=800, rows=5, projects=10)
    yield most
    most = dataclasses.replace(most, sections=False)
    yield most
    yield dataclasses.replace(most, findings=1, listed=0, words=200, code=0, rows=3, projects=1)


def fitted(build: Callable[[Detail], str], most: Detail, fits: Callable[[str], bool]) -> str:
    """The fullest text that fits."""
    text = ""
    for detail in ladder(most):
        text = build(detail)
        if fits(text):
            break
    return text
