"""``alembic-gate projects``: the environments found; as a job matrix those that the change can affect.

A project is affected when the change touches a file below its folders, or a file that no project owns and that code
or settings may depend on (Python, requirements, settings, Docker). In doubt it is affected.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from pathlib import Path, PurePosixPath

from gate.collect import base_commit
from gate.collect._git import Git
from gate.collect.projects import find_projects
from gate.context import RunContext
from gate.errors import UsageError
from gate.facts.history import Project
from gate.settings import Settings

FORMATS = ("text", "json", "matrix")
SHARED = re.compile(
    r"\.(py|toml|ya?ml|ini|cfg|lock|sql|mako)$|(^|/)(requirements[^/]*\.txt|Dockerfile[^/]*|\.dockerignore|Pipfile)$"
)


def main(settings: Settings) -> int:
    """Print the projects in the chosen format. Raises UsageError."""
    if settings.format not in FORMATS:
        raise UsageError(
            f"unknown format {settings.format!r}", where="--format", advice=f"Known: {', '.join(FORMATS)}."
        )
    projects = find_projects(settings)
    text = {"text": _text, "json": _json}.get(settings.format)
    sys.stdout.write((text(projects) if text else matrix(affected(settings, projects))) + "\n")
    return 0


def matrix(projects: tuple[Project, ...]) -> str:
    """``strategy.matrix`` for ``fromJSON``: one line. ``artifact`` is the name in letters that an artifact may have."""
    rows = [{"project": one.name, "config": one.config or "", "artifact": artifact(one.name)} for one in projects]
    return json.dumps({"include": rows}, separators=(",", ":"))


def artifact(name: str) -> str:
    """A project's name as part of an artifact's name (no slash, colon, quote, comma ...)."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "project"


def affected(settings: Settings, projects: tuple[Project, ...]) -> tuple[Project, ...]:
    """The projects that the change since the base can affect; all of them when the change is not known."""
    paths = changed(settings, projects[0])
    if paths is None:
        return projects
    owned = {one.name: folders(one) for one in projects}
    loose = [path for path in paths if not any(_below(path, all_of) for all_of in owned.values())]
    if any(SHARED.search(path) for path in loose):
        return projects
    return tuple(one for one in projects if any(_below(path, owned[one.name]) for path in paths))


def changed(settings: Settings, project: Project) -> list[str] | None:
    """Paths that differ between the base and HEAD; None without a base."""
    git = Git(Path(settings.repo).resolve())
    with contextlib.ExitStack() as stack:
        context = RunContext(settings, project, Path(settings.repo), stack, lambda _: None, lambda _: None)
        base = base_commit.collect(context)
    if base.sha is None:
        return None
    out = git.run("diff-tree", "-r", "-z", "--no-renames", "--name-only", base.sha, "HEAD")
    return None if out is None else [path for path in out.decode("utf-8", "surrogateescape").split("\0") if path]


def folders(project: Project) -> tuple[str, ...]:
    """The folders that belong to a project: where it starts, its config, its scripts and revisions."""
    places = [project.directory, project.script_location or "", *project.version_locations]
    places += [str(PurePosixPath(project.config).parent)] if project.config else []
    return tuple(dict.fromkeys(place.strip("/") or "." for place in places))


def _below(path: str, places: tuple[str, ...]) -> bool:
    return any(place != "." and path.startswith(f"{place}/") for place in places)


def _text(projects: tuple[Project, ...]) -> str:
    return "\n".join(f"{one.name}  {one.config or one.script_location or one.entry or ''}" for one in projects)


def _json(projects: tuple[Project, ...]) -> str:
    keys = ("name", "kind", "config", "section", "script_location", "version_locations", "directory", "entry")
    return json.dumps([{key: getattr(one, key) for key in keys} for one in projects], indent=2)
