"""One entry of the settings' ``projects:``: which environments it names, and which settings it overrides."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any

from gate.collect import _environments
from gate.collect._environments import Start
from gate.errors import UsageError
from gate.facts.history import Project
from gate.settings import Settings, options, typed

_OWN = ("name", "directory")


def projects(start: Start, settings: Settings, entry: Mapping[str, Any]) -> tuple[Project, ...]:
    """The environments of an entry, named as it says. Raises UsageError for keys and files that are not there."""
    mine = overridden(settings, entry)
    place = Start.of(settings, mine.working_directory)
    if mine.config or mine.script_location or mine.factory or mine.flask:
        found = _environments.named(place, _with_directory(mine, entry))
    else:
        found = _environments.discovered(place)
    name = str(entry.get("name", ""))
    if not name:
        return found
    if len(found) > 1:
        raise UsageError(
            f"project {name!r} names {len(found)} environments: {', '.join(one.name for one in found)}",
            where="projects",
            advice="Say which: config and section, or working-directory, for each.",
        )
    return (dataclasses.replace(found[0], name=name),)


def _with_directory(mine: Settings, entry: Mapping[str, Any]) -> Settings:
    """``directory`` is Flask-Migrate's word for the script folder."""
    folder = str(entry.get("directory", ""))
    return dataclasses.replace(mine, script_location=folder) if folder and not mine.script_location else mine


def overridden(settings: Settings, entry: Mapping[str, Any]) -> Settings:
    """The settings with the entry's own keys above them; variables are joined, the rest is replaced."""
    if not isinstance(entry, Mapping):
        raise UsageError(
            "each project must hold keys and values",
            where="projects",
            advice="Example: - {name: api, config: alembic.ini}",
        )
    known = {row.name: row for row in options("file") if row.name != "projects"}
    said: dict[str, Any] = {}
    for key, value in entry.items():
        if key in _OWN:
            continue
        if str(key) not in known:
            near = difflib.get_close_matches(str(key), [*known, *_OWN], 1)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join((*_OWN, *sorted(known)))}."
            raise UsageError(f"unknown key {key}", where="projects", advice=hint)
        row = known[str(key)]
        said[row.attribute] = typed(row, value, "projects")
    said["env"] = {**settings.env, **said.get("env", {})}
    return dataclasses.replace(settings, **said)
