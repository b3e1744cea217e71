"""What is judged, as the event says it: repository, commits, pull request."""

from __future__ import annotations

from dataclasses import dataclass

from gate.facts.history import Base
from gate.model import Subject


@dataclass(frozen=True)
class RunSubject:
    """From context.json in a workflow, from git elsewhere."""

    repository: str | None = None
    head_sha: str | None = None
    pull_request: int | None = None
    event: str | None = None

    def subject(self, base: Base) -> Subject:
        """The report's ``subject``."""
        return Subject(self.repository, self.head_sha, base.sha, base.found_by, self.pull_request, self.event)
