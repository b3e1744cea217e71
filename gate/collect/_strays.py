"""Files that Alembic stumbles over or never sees: modules in a version folder that are no revision, revisions outside.

A wrong config gives a plausible wrong answer with exit code 0: the folder beside the configured one is not looked at.
An archive of squashed revisions is not such a case; what lies outside counts only when it hangs on what is loaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gate.collect import _contents, _revision_files
from gate.facts.history import GraphProblem, History, Project, Revision

# Alembic takes the id from such a file name (alembic/script/base.py, _legacy_rev).
_LEGACY = re.compile(r"([a-f0-9]+)\.py$")
_STAR = re.compile(rb"^\s*from\s+\S+\s+import\s+\*", re.MULTILINE)


def refused(files: Mapping[str, bytes]) -> Iterator[GraphProblem]:
    """Modules in a version folder without ``revision``: Alembic refuses the whole folder because of one."""
    for path, raw in files.items():
        name = path.rpartition("/")[2]
        if _LEGACY.match(name) or _STAR.search(raw) or _revision_files.read(path, raw, deep=False) is not None:
            continue
        advice = "Move it out of the version folder, or give it `revision` and `down_revision`."
        yield GraphProblem(
            "unreadable", f"{path} is no revision, and Alembic loads no folder that holds one", path, 1, advice=advice
        )


def not_loaded(repo: Path, project: Project, history: History) -> Iterator[GraphProblem]:
    """Revisions in the script folder that the config leaves out, although they hang on revisions that it loads.

    Where it loads none at all, all of them count: env.py may choose a folder for each kind of database.
    """
    outside = list(_outside(repo, project))
    wanted = {parent for one in history.revisions for parent in one.parents} - history.by_id.keys()
    connected = set(history.by_id)
    hanging: list[Revision] = [] if history.revisions else outside
    while more := [one for one in outside if one not in hanging and (set(one.parents) & connected or one.id in wanted)]:
        hanging += more
        connected |= {one.id for one in more}
    if hanging:
        ids = tuple(one.id for one in hanging)
        text = (
            f"{len(ids)} revision file{'s' if len(ids) > 1 else ''} not loaded by this config: "
            f"{', '.join(one.path for one in hanging[:5])}"
        )
        advice = (
            "Name their folder in version_locations (or recursive_version_locations = true), say how the Config "
            "is made "
            "(`factory: module:callable`), or move them out of the script folder."
        )
        yield GraphProblem("not-loaded", text, hanging[0].path, hanging[0].line, ids, advice)


def _outside(repo: Path, project: Project) -> Iterator[Revision]:
    top = repo / (project.script_location or "")
    if not project.script_location or not top.is_dir():
        return
    inside = [repo / place for place in project.version_locations]
    for here, folders, names in os.walk(top):
        folders[:] = sorted(one for one in folders if one != "__pycache__" and not one.startswith("."))
        if Path(here) in inside or (project.recursive and any(Path(here).is_relative_to(one) for one in inside)):
            continue
        yield from _revisions(
            repo, (Path(here, name) for name in sorted(names) if name.endswith(".py") and name != "env.py")
        )


def _revisions(repo: Path, paths: Iterable[Path]) -> Iterator[Revision]:
    for path in paths:
        try:
            found = _revision_files.read(path.relative_to(repo).as_posix(), _contents.read(path), deep=False)
        except (OSError, ValueError):
            continue
        if isinstance(found, Revision):
            yield found
