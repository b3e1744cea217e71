"""Which Alembic environments the repository holds, read from its files. Nothing of the project is imported.

Order of trust: the flags, the settings' ``projects:``, what config files say, and at last ``env.py`` files that no
config names (a ``Config`` made in code). Several environments are several projects; ``--project`` picks one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from gate.collect import _environments, _project_entries
from gate.collect._environments import Start
from gate.errors import UsageError
from gate.facts.history import Project
from gate.settings import Settings


def find_projects(settings: Settings) -> tuple[Project, ...]:
    """Every environment to judge, at least one.

    Raises UsageError when there is none, when a named file is missing or holds none, or when ``--project`` names none.
    """
    start = Start.of(settings)
    if settings.config or settings.script_location or settings.factory or settings.flask:
        found = _environments.named(start, settings)
    elif settings.projects:
        found = tuple(one for entry in settings.projects for one in _project_entries.projects(start, settings, entry))
    else:
        found = _environments.discovered(start)
    return _chosen(_unique(found), settings.project)


def settings_for(settings: Settings, project: Project) -> Settings:
    """The settings of one project: what its entry under ``projects:`` says stands above the file's."""
    for entry in settings.projects:
        if entry.get("name") == project.name:
            return _project_entries.overridden(settings, entry)
    return settings


def _unique(found: Iterable[Project]) -> tuple[Project, ...]:
    """Names told apart: a name that two projects share gets the section or the folder in front of it."""
    projects = list(found)
    for longer in (_with_section, _with_folder, _with_config):
        names = [one.name for one in projects]
        projects = [longer(one) if names.count(one.name) > 1 else one for one in projects]
    return tuple(projects)


def _with_section(project: Project) -> Project:
    return dataclasses.replace(project, name=project.section) if project.section != "alembic" else project


def _with_folder(project: Project) -> Project:
    folder = project.directory if project.directory != "." else ""
    return dataclasses.replace(project, name=f"{folder}:{project.name}") if folder else project


def _with_config(project: Project) -> Project:
    place = project.config or project.script_location or project.entry or ""
    return dataclasses.replace(project, name=f"{place}:{project.section}")


def _chosen(projects: tuple[Project, ...], name: str) -> tuple[Project, ...]:
    if not name:
        return projects
    same = tuple(one for one in projects if one.name == name)
    if same:
        return same
    known = ", ".join(one.name for one in projects)
    raise UsageError(f"there is no project {name!r}", where="--project", advice=f"Found: {known}.")


def repository(settings: Settings) -> Path:
    """The repository's root, absolute."""
    return Path(settings.repo).resolve()
