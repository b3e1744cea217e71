"""Several reports as one: the legs of a matrix, the projects of a monorepo (requirement 25).

A leg that is missing or unreadable makes the whole undecided; what is not there never reads as green.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.model import CheckResult, ProjectReport, Report, Severity, Verdict
from gate.publish._report import ReportUnreadableError, is_inside, read_report

MOST = 500
"""Report files in one merge."""
_EXIT = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.UNDECIDED: 3}
_RUNNER_TEMP = re.compile(r".*/_temp/(.+)")


@dataclass(frozen=True)
class Leg:
    """One report that was found, or why it was not."""

    name: str
    report: Report | None = None
    problem: str | None = None


def read_legs(named: Sequence[str], roots: Sequence[Path], limit: int) -> list[Leg]:
    """The reports under the given files and folders, each looked for below ``roots``."""
    legs: list[Leg] = []
    for name in named:
        found = list(_files(name, roots))[:MOST]
        if not found:
            legs.append(Leg(Path(name).stem or name, problem=f"there is no report at {name}"))
        legs += [_leg(path, root, limit) for path, root in found]
    return legs


def _files(name: str, roots: Sequence[Path]) -> Iterable[tuple[Path, Path]]:
    """Files that ``name`` stands for. A path of the runner's own temp folder is the same folder in the container."""
    on_runner = _RUNNER_TEMP.fullmatch(name)
    for text in (name, on_runner[1] if on_runner else ""):
        for root in roots:
            path = root / text if text and is_inside(text) else Path(name)
            real = path.resolve()
            if not (real.is_relative_to(root.resolve()) and real.exists()):
                continue
            if real.is_dir():
                yield from ((one, real) for one in sorted(real.rglob("*.json")) if one.resolve().is_relative_to(real))
            else:
                yield path, path.parent
            return


def _leg(path: Path, root: Path, limit: int) -> Leg:
    name = path.parent.name if path.parent != root and path.parent.name else path.stem
    try:
        return Leg(name, read_report(path, limit))
    except ReportUnreadableError as error:
        return Leg(name, problem=str(error))


def merge(legs: Sequence[Leg], expected: Iterable[str] = ()) -> Report:
    """One report. The verdict is the worst: fail, then undecided, then pass."""
    good = [leg for leg in legs if leg.report is not None]
    missing = [name for name in expected if name not in {known for leg in good for known in _names(leg)}]
    lost = [
        *(leg for leg in legs if leg.report is None),
        *(Leg(name, problem="no report of it arrived") for name in missing),
    ]
    reports = [leg.report for leg in good if leg.report is not None]
    commits = {one.subject.head_sha for one in reports if one.subject.head_sha}
    if len(commits) > 1:
        lost.append(Leg("commits", problem=f"the reports are about {len(commits)} different commits"))
    if len(reports) == 1 and not lost:
        return reports[0]
    verdict = _worst([one.verdict for one in reports] + ([Verdict.UNDECIDED] if lost or not reports else []))
    first = reports[0] if reports else Report("check", verdict, 3, "")
    return dataclasses.replace(
        first,
        verdict=verdict,
        exit_code=_EXIT[verdict],
        projects=(*_projects(good), *map(_lost, lost)),
        timings={},
        notices=tuple(dict.fromkeys(notice for one in reports for notice in one.notices)),
        sections={**_sections(reports), "counts": counts(reports)},
    )


def counts(reports: Iterable[Report]) -> Mapping[str, int]:
    """Findings that count over all reports; a report that was cut to size carries its full numbers."""
    number = {f"{one}s": 0 for one in Severity}
    for report in reports:
        told = report.sections.get("counts") or {}
        for severity in Severity:
            number[f"{severity}s"] += max(report.count(severity), int(told.get(f"{severity}s", 0)))
    return number


def _sections(reports: Sequence[Report]) -> dict[str, object]:
    merged: dict[str, object] = {}
    for report in reversed(reports):
        merged.update(report.sections)
    return merged


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    return next(one for one in (Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS) if one in verdicts)


def _names(leg: Leg) -> set[str]:
    projects = leg.report.projects if leg.report else ()
    return {leg.name, *(project.name for project in projects)}


def _projects(legs: Sequence[Leg]) -> Iterable[ProjectReport]:
    """All projects; those of one name are told apart by their leg."""
    names = [project.name for leg in legs if leg.report for project in leg.report.projects]
    for leg in legs:
        for project in leg.report.projects if leg.report else ():
            double = names.count(project.name) > 1
            yield dataclasses.replace(project, name=f"{project.name} ({leg.name})") if double else project


def _lost(leg: Leg) -> ProjectReport:
    row = CheckResult("report", Verdict.UNDECIDED, leg.problem, "See the log of the job that should have written it.")
    return ProjectReport(leg.name, checks=(row,))
