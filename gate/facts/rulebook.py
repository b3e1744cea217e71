"""All rules as one value that checks and collectors may be handed, so that nobody has to know where rules live."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gate.facts.rehearsal import Deploy
from gate.model import Finding


@dataclass(frozen=True)
class Rulebook:
    """``askers`` give a rule's findings for a deploy; ``ids`` are all rules' ids, for suppressions and settings."""

    ids: frozenset[str]
    askers: tuple[Callable[[Deploy], Iterable[Finding]], ...]

    def findings(self, deploy: Deploy, check: str | None = None) -> tuple[Finding, ...]:
        """Every finding of every rule, in order of running; with ``check`` only those that it reports."""
        every = (finding for ask in self.askers for finding in ask(deploy))
        mine = [finding for finding in every if check in (None, finding.check)]
        place = {revision.id: number for number, revision in enumerate(deploy.revisions)}
        return tuple(
            sorted(mine, key=lambda one: (place.get(one.revision or "", 0), one.location.line if one.location else 0))
        )
