"""Reads the file of known differences that ``alembic-gate known-diffs --write`` made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gate.context import RunContext
from gate.errors import UsageError

SCHEMA = "alembic-gate/known-diffs/v1"
DEFAULT = ".alembic-gate-known-diffs.json"
_ADVICE = "Write it with: alembic-gate known-diffs --write"


def read(context: RunContext) -> tuple[Mapping[str, Any], ...]:
    """The project's known differences; none without a file. Raises UsageError for a named file that is none."""
    named = context.settings.known_diffs
    path = context.repo / (named or DEFAULT)
    if not path.is_file():
        if named:
            raise UsageError("there is no such file", where=f"known-diffs: {named}", advice=_ADVICE)
        return ()
    try:
        told = json.loads(path.read_text("utf-8"))
        if told["schema"] != SCHEMA:
            raise ValueError(f"its schema is {told['schema']!r}, not {SCHEMA!r}")
        rows = told["projects"].get(context.project.name, [])
        return tuple({str(key): value for key, value in row.items()} for row in rows)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"cannot be read: {error}", where=f"known-diffs: {path.name}", advice=_ADVICE) from error
