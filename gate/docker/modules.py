"""Modules of the repository that ``env.py`` and the revisions import, looked for on the image's ``sys.path``."""

from __future__ import annotations

import dataclasses
import posixpath

from gate.docker.errors import UnknownError
from gate.docker.hearing import Hearing
from gate.docker.imports import Finder
from gate.docker.judgement import Gap
from gate.docker.lookup import Found
from gate.docker.paths import inside, join
from gate.docker.tree import Dir, File


def modules(hearing: Hearing, found: Found) -> None:
    """Every needed module must be found where the process looks for modules."""
    project, tree = hearing.project, hearing.stage.tree
    if not project.modules:
        return
    roots = list(found.sys_path)
    if project.env_changes_path and found.script:
        up = posixpath.dirname(found.script)
        roots += [found.script, up, posixpath.dirname(up), hearing.run.cwd]
    finder = Finder(tuple(dict.fromkeys(roots)), lambda path: isinstance(tree.get(path), File), tree.is_dir)
    for module in project.modules:
        path = finder.path(module.name)
        if path is None or (isinstance(tree.get(path), Dir) and module.taken and _has_text(hearing, module.origin)):
            _module_lacks(hearing, module.origin, module.by, module.line, roots)
        elif isinstance(tree.get(path), File):
            hearing.has(module.origin, path)


def _has_text(hearing: Hearing, origin: str) -> bool:
    """Whether a missing ``__init__.py`` matters: an empty one does not."""
    return bool((hearing.build.read(origin) or "").strip())


def _module_lacks(hearing: Hearing, origin: str, by: str, line: int, roots: list[str]) -> None:
    if hearing.stage.foreign:
        hearing.unknown.append(
            UnknownError(
                f"whether {origin} is installed: {hearing.stage.foreign}", hearing.case.head.path, hearing.stage.line
            )
        )
        return
    root = roots[0] if roots else hearing.run.cwd
    directory = hearing.project.directory
    below = inside(directory, origin) or origin
    before = len(hearing.gaps)
    hearing.lacks(origin, "module", f"{root.rstrip('/')}/{below}")
    if len(hearing.gaps) > before and hearing.gaps[-1].reason in ("env_import_missing", "wrong_path"):
        gap = hearing.gaps[-1]
        detail = f"{by}:{line} imports {origin}, which is not on the image's sys.path"
        hearing.gaps[-1] = dataclasses.replace(gap, reason="env_import_missing", path=by, line=line, detail=detail)


def library(hearing: Hearing, found: Found) -> None:
    """A package named ``alembic`` of the project: it hides the library where its folder comes before the library's."""
    early = {join(hearing.run.cwd, one) for one in hearing.stage.env.get("PYTHONPATH", "").split(":") if one}
    early |= {hearing.run.cwd} if hearing.run.module else set()
    for root in found.sys_path:
        path = f"{root.rstrip('/')}/alembic/__init__.py"
        node = hearing.stage.tree.get(path)
        if not isinstance(node, File) or "/site-packages" in root or not node.origin:
            continue
        text = f"{path} is a package named like the library and hides it for whatever has {root} first on sys.path"
        if root in early:
            hearing.gaps.append(
                Gap(node.origin, "env", path, "wrong_path", node.place.path, node.place.line, text, path)
            )
        elif (node.origin, 1, text) not in hearing.remarks:
            hearing.remarks.append((node.origin, 1, text))
