"""Reads context.json, which ``prepare`` wrote with the token so that this process needs none."""

from __future__ import annotations

import json
from typing import Any

from gate.errors import UsageError
from gate.settings import Settings


def prepared(settings: Settings) -> dict[str, Any]:
    """The context as a dictionary, empty outside of workflows. Raises UsageError when the named file is not one."""
    if not settings.context:
        return {}
    path = settings.path(settings.context)
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot be read: {error}", where=str(path), advice="Run alembic-gate prepare first."
        ) from error
    if not isinstance(told, dict):
        raise UsageError(
            "is not a context written by prepare", where=str(path), advice="Run alembic-gate prepare first."
        )
    return told
