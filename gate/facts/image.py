"""What is known of the images that ship: for each, whether an upgrade inside it finds what the repository holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ImageVerdict = Literal["fine", "broken", "cannot-tell"]
Level = Literal["static", "context probe", "inspection"]


@dataclass(frozen=True)
class ImageNote:
    """A warning beside the verdict, at a file (relative to the repository) and line (from 1)."""

    path: str
    line: int
    text: str


@dataclass(frozen=True)
class ImageAnswer:
    """The answer about one image.

    ``reason`` is one of the fixed slugs for ``broken``; ``path`` and ``line`` the deciding place; ``missing`` are
    paths of the repository that are not where Alembic looks; ``present`` maps paths of the repository to paths in the
    image; ``target`` is the stage built; ``level`` says how the answer was got; ``settle`` what would settle a
    ``cannot-tell``; ``mend`` the mending lines as a diff. ``revisions`` are the ids that Alembic finds inside a built
    image, None where they are not known. ``starts_upgrade``: its command or a script of it was seen to run the upgrade.
    """

    name: str
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
    notes: tuple[ImageNote, ...] = ()
    level: Level = "static"
    source: str = "dockerfile"
    dockerfile: str | None = None
    context: str | None = None
    revisions: tuple[str, ...] | None = None
    starts_upgrade: bool = False


@dataclass(frozen=True)
class ImageFacts:
    """All images that ship; ``deciding`` is the one that runs the migrations. ``none`` says why there is no image."""

    images: tuple[ImageAnswer, ...] = ()
    deciding: int = 0
    none: str = ""
    notes: tuple[ImageNote, ...] = ()

    @property
    def decides(self) -> ImageAnswer | None:
        """The image that runs the migrations."""
        return self.images[self.deciding] if self.images else None

    @property
    def others(self) -> tuple[ImageAnswer, ...]:
        """The images beside it."""
        return tuple(image for number, image in enumerate(self.images) if number != self.deciding)
