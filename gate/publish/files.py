"""Files for later steps: report, SARIF and plan in the runner's temp folder, since the workspace stays unchanged.

Paths are given relative to that folder: ``${{ runner.temp }}/${{ steps.gate.outputs.result-file }}``. Everything gets
the folder's own owner, because files of root would stay behind on self-hosted runners.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from gate.errors import CannotDecide
from gate.model import ProjectReport, Report
from gate.publish._merge import counts
from gate.publish._report import FOREIGN_LIMIT, is_inside
from gate.render import formats

_TRUE = ("true", "True", "TRUE")
_FALSE = ("false", "False", "FALSE")
# Characters that the emptiest finding takes: its keys alone.
_LEAST = 400


def write(temp: str, report: Report, sarif: str) -> dict[str, str]:
    """Write what the run leaves behind; the outputs that name the files. Raises CannotDecide or OSError."""
    root = Path(temp)
    if not temp or not root.is_dir():
        raise CannotDecide("the runner's temp folder is not here, so no result file is left", where="RUNNER_TEMP")
    folder = f"alembic-gate-{secrets.token_hex(6)}"
    named = {"result-file": _put(root, f"{folder}/report.json", fitted(report))}
    if sarif and sarif not in _FALSE:
        name = f"{folder}/alembic-gate.sarif" if sarif in _TRUE else sarif
        if not is_inside(name):
            raise CannotDecide("must be a path below the runner's temp folder", where=f"sarif: {name}")
        named["sarif-file"] = _put(root, name, formats()["sarif"](report))
    if any(project.sections.get("plan") for project in report.projects):
        named["plan-file"] = _put(root, f"{folder}/plan.md", formats()["plan"](report))
    return named


def fitted(report: Report) -> str:
    """``report.json`` of at most one MiB, which is what a second workflow reads; counts stay whole."""
    whole = dataclasses.replace(report, sections={**report.sections, "counts": dict(counts([report]))})
    text = ""
    for smaller in _ladder(whole):
        if sum(len(project.findings) for project in smaller.projects) * _LEAST > FOREIGN_LIMIT:
            continue
        text = formats()["json"](smaller)
        if len(text) <= FOREIGN_LIMIT:
            break
    return text


def _ladder(report: Report) -> Iterator[Report]:
    """Less and less: statements first, then findings beyond N, then everything but the verdict."""
    yield report
    yield _cut(report, 10**9)
    for most in (1000, 300, 100, 20):
        yield _cut(report, most)
    note = "the report was cut to its verdict and counts: it was too large"
    yield dataclasses.replace(report, projects=(), notices=(note,), sections={"counts": report.sections["counts"]})


def _cut(report: Report, most: int) -> Report:
    projects = tuple(_cut_project(project, most) for project in report.projects[:200])
    notices = (
        *(notice[:500] for notice in report.notices[:20]),
        f"cut to size: at most {most} findings a project, no SQL",
    )
    return dataclasses.replace(report, projects=projects, notices=notices)


def _cut_project(project: ProjectReport, most: int) -> ProjectReport:
    kept = sorted(project.findings, key=lambda one: (one.suppressed is not None, one.severity.rank))[:most]
    brief = tuple(
        dataclasses.replace(
            one, message=one.message[:1000], evidence=(), precondition_sql=None, related=one.related[:10]
        )
        for one in kept
    )
    sections = {name: value for name, value in project.sections.items() if name in ("image", "target")}
    ids = project.new_revisions[:500]
    return dataclasses.replace(project, findings=brief, sections=sections, new_revisions=ids, heads=project.heads[:500])


def _put(root: Path, name: str, text: str) -> str:
    """Write one file below ``root`` for everybody to read, owned as ``root`` is; its name."""
    path = root / name
    missing = [one for one in (path, *path.parents) if one != root and one.is_relative_to(root) and not one.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.parent.resolve().is_relative_to(root.resolve()) or path.is_symlink():
        raise CannotDecide("leads out of the runner's temp folder", where=name)
    path.write_text(text, encoding="utf-8", errors="replace")
    owner = root.stat()
    for one in missing:
        with contextlib.suppress(OSError):
            os.chown(one, owner.st_uid, owner.st_gid)
    return name
