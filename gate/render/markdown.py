"""The pull request's comment: Markdown for GitHub, in at most 60,000 characters with its marker.

The line that marks the comment as ours is added by whoever posts it; ``LIMIT`` leaves room for it.
"""

from __future__ import annotations

from gate.model import Report
from gate.render._markdown_detail import COMMENT, fitted
from gate.render._markdown_report import build

LIMIT = 59_000
"""Characters. GitHub refuses more than 65,536."""


def render(report: Report) -> str:
    """The fullest comment that fits; verdict and counts are always whole."""
    return fitted(lambda detail: build(report, detail), COMMENT, len, LIMIT)
