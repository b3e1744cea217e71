"""The answer about one image, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.facts.image import ImageVerdict

FINE: ImageVerdict = "fine"
BROKEN: ImageVerdict = "broken"
CANNOT_TELL: ImageVerdict = "cannot-tell"


@dataclass(frozen=True)
class Gap:
    """One needed file that is not where it is looked for: why, and the place that decided.

    ``role`` is ``revision``, ``env``, ``config``, ``beside`` or ``module``; ``expected`` the path in the image;
    ``landed`` where it lies instead; ``carrier`` a stage that holds it and its path there.
    """

    origin: str
    role: str
    expected: str | None
    reason: str
    path: str | None
    line: int | None
    detail: str
    landed: str | None = None
    carrier: tuple[str, str] | None = None


@dataclass(frozen=True)
class Judgement:
    """The answer for one image. ``missing`` are paths of the repository, ``present`` maps them to paths in the image.

    ``settle`` says what would settle a cannot-tell; ``mend`` is the mending line as a diff; ``notes`` are warnings,
    each with a file and line. ``revisions`` are the ids that a built image holds. ``dockerfile`` and ``stage_line`` say where the built stage begins.
    """

    verdict: ImageVerdict
    reason: str | None = None
    path: str | None = None
    line: int | None = None
    missing: tuple[str, ...] = ()
    present: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    message: str = ""
    settle: str = ""
    mend: str = ""
    notes: tuple[tuple[str, int, str], ...] = ()
    gaps: tuple[Gap, ...] = ()
    dockerfile: str = ""
    stage_line: int = 1
    revisions: tuple[str, ...] | None = None
