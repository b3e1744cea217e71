"""Report files as what they are here: files that somebody else may have written (requirement 23)."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gate.model import Report
from gate.reports import MAX_BYTES as FOREIGN_LIMIT
from gate.reports import ReportUnreadableError, build, is_inside, parse, validate

__all__ = ["FOREIGN_LIMIT", "OWN_LIMIT", "ReportUnreadableError", "build", "is_inside", "load", "read_report"]

OWN_LIMIT = 256 * 1024 * 1024
"""Bytes of the report of our own check in the same container: 50,000 findings and more."""


def read_report(path: Path, limit: int) -> Report:
    """The report at ``path``. Raises ReportUnreadableError; links and special files are refused.

    Only a foreign report is held against the schema: our own is built by our own types, and may be very large.
    """
    raw = load(path, limit)
    if limit <= FOREIGN_LIMIT:
        validate(raw, path.name)
    return build(raw, path.name)


def load(path: Path, limit: int) -> Mapping[str, Any]:
    """The file's JSON object. Raises ReportUnreadableError."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ReportUnreadableError("is not a plain file", where=path.name)
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        raise ReportUnreadableError(f"cannot be read ({type(error).__name__})", where=path.name) from error
    return parse(raw, path.name, limit)
