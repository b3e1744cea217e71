"""The job summary: the same Markdown as the comment, complete where that one is cut.

The runner drops a summary above 1,048,576 bytes whole, so it is cut by bytes, not by characters.
"""

from __future__ import annotations

from gate.model import Report
from gate.render._markdown_detail import SUMMARY, fitted
from gate.render._markdown_report import build

LIMIT = 1_000_000
"""Bytes of one job's summary."""


def render(report: Report) -> str:
    """The fullest summary that fits."""
    return fitted(lambda detail: build(report, detail), SUMMARY, lambda text: len(text.encode()), LIMIT)
