"""Which of autogenerate's differences are recorded as known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gate.settings import Settings

Operation = Mapping[str, Any]


def split(operations: Iterable[Operation], settings: Settings) -> tuple[list[Operation], list[Operation]]:
    """New differences and known ones."""
    return list(operations), []
