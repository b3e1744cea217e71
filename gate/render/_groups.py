"""Findings told together.

One pattern at one place often does several harms (a lock, a refusal by rows, a broken release), with the same evidence
and the same way out. Readers want that once. Counts stay by finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gate.model import Evidence, Finding, Remedy


@dataclass(frozen=True)
class Group:
    """Findings of one id at one place about one thing, worst first.

    ``told_by`` names the group that told the same way out before.
    """

    findings: tuple[Finding, ...]
    told_by: str | None = None

    @property
    def lead(self) -> Finding:
        """The worst of them."""
        return self.findings[0]

    @property
    def also(self) -> tuple[Finding, ...]:
        """The further harms."""
        return self.findings[1:]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Everybody's evidence, each piece once."""
        return tuple(dict.fromkeys(one for finding in self.findings for one in finding.evidence))

    @property
    def remedy(self) -> Remedy | None:
        """The way out: the first one with steps."""
        every = [finding.remedy for finding in self.findings if finding.remedy]
        return next((one for one in every if one.steps), every[0] if every else None)

    @property
    def related(self) -> tuple[str, ...]:
        """The other revisions that take part."""
        return tuple(dict.fromkeys(one for finding in self.findings for one in finding.related))


def groups(findings: Iterable[Finding]) -> list[Group]:
    """The findings in groups, in the order of each group's first (so: worst first)."""
    together: dict[tuple[object, ...], list[Finding]] = {}
    for one in findings:
        key = (one.id, one.location, one.revision, one.table, one.column)
        together.setdefault(key, []).append(one)
    return _told_once([Group(tuple(mine)) for mine in together.values()])


def _told_once(every: list[Group]) -> list[Group]:
    first: dict[Remedy, Group] = {}
    told = []
    for group in every:
        remedy = group.remedy
        known = first.setdefault(remedy, group) if remedy and remedy.steps else group
        told.append(group if known is group else replace(group, told_by=_name(known.lead)))
    return told


def _name(finding: Finding) -> str:
    return f"`{finding.id}`" + (f" at `{finding.location.path}:{finding.location.line}`" if finding.location else "")
