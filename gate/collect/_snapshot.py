"""The base's schema from a snapshot whose key covers everything that decides it; a doubt means replay."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gate.facts.rehearsal import Failure

if TYPE_CHECKING:
    from gate.collect._stage import Stage


def restored_or(stage: Stage, heads: tuple[str, ...], replay: Callable[[], Failure | None]) -> Failure | None:
    """Replay the base; told in the report's ``snapshot``."""
    stage.snapshot = {"used": False, "reason": f"replayed {len(stage.history.ancestors(heads))} revisions"}
    return replay()
