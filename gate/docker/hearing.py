"""One image being judged: what it should hold, where Alembic looks, and what was found so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from gate.docker.access import unreadable
from gate.docker.build import Build, Stage
from gate.docker.errors import UnknownError
from gate.docker.evaluation import Evaluation
from gate.docker.judgement import Gap
from gate.docker.lookup import Run
from gate.docker.project import Project
from gate.docker.reasons import Case, explain, shown
from gate.docker.tree import File

ORDER = ("revision", "env", "config", "beside", "module")


@dataclass
class Hearing:
    """One image being judged: what it should hold, where Alembic looks, and what was found so far."""

    made: Evaluation
    stage: Stage
    project: Project
    run: Run
    case: Case
    gaps: list[Gap] = field(default_factory=list)
    unknown: list[UnknownError] = field(default_factory=list)
    present: dict[str, str] = field(default_factory=dict)
    remarks: list[tuple[str, int, str]] = field(default_factory=list)

    @property
    def build(self) -> Build:
        """The build behind the image."""
        return self.made.build

    def lacks(self, origin: str, role: str, expected: str | None) -> None:
        """A needed file is not at its place: find out why."""
        try:
            self.gaps.append(explain(self.case, origin, role, expected))
        except UnknownError as unknown:
            self.unknown.append(unknown)

    def has(self, origin: str, path: str) -> None:
        """A needed file is at its place; it must also be readable."""
        if self.readable(origin, path):
            self.present[origin] = path

    def readable(self, origin: str, path: str) -> bool:
        """Whether the image's user can read it; a gap when not."""
        place = unreadable(self.stage, path, self.stage.user)
        if place is None:
            return True
        detail = f"the user {self.stage.user} cannot read {shown(path)}"
        node = self.stage.tree.get(path)
        place = node.place if not place.path and isinstance(node, File) else place
        self.gaps.append(
            Gap(
                origin,
                "env",
                path,
                "unreadable",
                place.path or self.made.dockerfile.path,
                place.line or 1,
                detail,
                path,
            )
        )
        return False
