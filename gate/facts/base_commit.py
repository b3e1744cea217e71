"""Which commit is the base, and how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FoundBy = Literal["flag", "merge-parent", "merge-base", "event", "api", "none"]


@dataclass(frozen=True)
class BaseCommit:
    """``sha`` is what the deploy is compared with; ``tip`` today's tip of the base branch where it has moved on.

    ``files`` holds the base's revision files by path when they came by the API, because the commit is not here.
    """

    sha: str | None = None
    ref: str | None = None
    found_by: FoundBy = "none"
    tip: str | None = None
    files: Mapping[str, str] | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)
