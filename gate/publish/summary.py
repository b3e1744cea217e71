"""The job summary: appended, never overwritten, and never so large that the runner drops it (requirement 33)."""

from __future__ import annotations

from pathlib import Path

from gate.model import Report
from gate.render import formats

LIMIT = 1_000_000
"""Bytes; the runner drops a step's summary above 1,048,576 whole."""


def text_of(report: Report, room: int = LIMIT) -> str:
    """The fullest summary that has room: complete, else as the comment, else only its first line."""
    for name in ("summary", "markdown"):
        text = formats()[name](report)
        if len(text.encode()) <= room:
            return text
    line = text.split("\n", 1)[0] + "\n"
    return line if len(line.encode()) <= room else ""


def append(path: str, report: Report) -> None:
    """Add the report to the runner's summary file. Raises OSError."""
    file = Path(path)
    there = file.read_bytes() if file.exists() else b""
    gap = b"" if not there or there.endswith(b"\n\n") else b"\n" if there.endswith(b"\n") else b"\n\n"
    text = text_of(report, LIMIT - len(there) - len(gap))
    with file.open("ab") as target:
        target.write(gap + text.encode("utf-8", "replace") if text else b"")


def append_text(path: str, text: str) -> None:
    """Add one paragraph, for runs that ended before there was a report."""
    with Path(path).open("a", encoding="utf-8", errors="replace") as target:
        target.write(f"\n{text}\n")
