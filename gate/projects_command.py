"""``alembic-gate projects [--format text|json|matrix]``: the Alembic environments of the repository.

``matrix`` prints one line for ``strategy.matrix`` of a GitHub workflow (``include`` with ``name``, ``config`` and
``directory``), holding only the projects that the change can affect: those whose folder, scripts or shared files the
commits since the base touch. Without a base, or when a shared file changed, every project is in it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable

from gate.collect._git import Git
from gate.collect.projects import find_projects, repository
from gate.errors import PASS, UsageError
from gate.facts.history import Project
from gate.settings import Settings

FORMATS = ("text", "json", "matrix")
# Beside no project of their own, yet read by all of them.
_SHARED = (
    ".alembic-gate.",
    ".github/",
    "pyproject.toml",
    "uv.lock",
    "poetry.lock",
    "requirements",
    "setup.",
    "Pipfile",
)


def main(settings: Settings) -> int:
    """Print the projects. Raises UsageError when there is none, or for an unknown format."""
    if settings.format not in FORMATS:
        problem = f"unknown format {settings.format!r}"
        raise UsageError(problem, where="--format", advice=f"Known: {', '.join(FORMATS)}.")
    projects = find_projects(settings)
    if settings.format == "text":
        sys.stdout.write("".join(_lines(one) for one in projects))
    elif settings.format == "json":
        sys.stdout.write(json.dumps([row(one) for one in projects], indent=2) + "\n")
    else:
        touched = affected(projects, changed_files(settings))
        sys.stdout.write(json.dumps({"include": [_cell(one) for one in touched]}, separators=(",", ":")) + "\n")
    return PASS


def _lines(project: Project) -> str:
    how = f"{project.config} [{project.section}]" if project.config else f"{project.kind}, no config file"
    notes = "".join(f"\n    note: {note}" for note in project.notes)
    entry = f", application {project.entry}" if project.entry else ""
    places = ", ".join(project.version_locations)
    return f"{project.name}\n    {how}{entry}\n    revisions in {places}; started from {project.directory}{notes}\n"


def row(project: Project) -> dict[str, object]:
    """A project as JSON: every field but the URL, which may hold a password."""
    return {
        "name": project.name,
        "kind": project.kind,
        "config": project.config,
        "section": project.section,
        "script_location": project.script_location,
        "version_locations": list(project.version_locations),
        "directory": project.directory,
        "entry": project.entry,
        "notes": list(project.notes),
    }


def _cell(project: Project) -> dict[str, str]:
    place = {"config": project.config or "", "directory": project.directory}
    return {"name": project.name, "project": project.name, **place, "artifact": artifact(project.name)}


def artifact(name: str) -> str:
    """A project's name in letters that an artifact's name may have (no slash, colon, quote, comma ...)."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "project"


def changed_files(settings: Settings) -> tuple[str, ...] | None:
    """Files that the commits since the base and the working tree change; None when nobody knows."""
    if settings.base == "none":
        return None
    git = Git(repository(settings))
    named = settings.base or git.default_base()
    tip = (git.revision(named) or git.revision(f"origin/{named}")) if named else None
    if settings.base and tip is None:
        raise UsageError("git knows no such commit here", where=f"--base {settings.base}", advice="Fetch it first.")
    below = git.merge_base("HEAD", tip) if tip else None
    out = git.run("diff", "--name-only", "-z", "--no-renames", "--relative", below) if below else None
    new = git.run("ls-files", "-z", "--others", "--exclude-standard") or b""
    if out is None:
        return None
    return tuple(name for name in (out + new).decode("utf-8", "surrogateescape").split("\0") if name)


def affected(projects: Iterable[Project], changed: tuple[str, ...] | None) -> tuple[Project, ...]:
    """The projects that these files can affect."""
    every = tuple(projects)
    if changed is None:
        return every
    owned = {folder for one in every for folder in _folders(one)}
    shared = [name for name in changed if not any(_within(name, folder) for folder in owned)]
    if any(name.startswith(_SHARED) or name.endswith(".py") for name in shared):
        return every
    return tuple(one for one in every if any(_within(name, folder) for name in changed for folder in _folders(one)))


def _folders(project: Project) -> tuple[str, ...]:
    places = (project.directory, project.script_location or "", *project.version_locations)
    return tuple(place for place in places if place)


def _within(name: str, folder: str) -> bool:
    return folder == "." or name.startswith(folder.rstrip("/") + "/")
