"""Modules of the repository that ``env.py`` and the revisions import, looked for on the image's ``sys.path``."""

from __future__ import annotations

import dataclasses
import posixpath

from gate.docker.errors import UnknownError
from gate.docker.hearing import Hearing
from gate.docker.imports import Finder, Module
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
        roots += [found.script, up, posixpath.dirname(up), hearing.run.cwd, f"{up}/src", f"{hearing.run.cwd}/src"]
    finder = Finder(tuple(dict.fromkeys(roots)), lambda path: isinstance(tree.get(path), File), tree.is_dir)
    for module in project.modules:
        path = finder.path(module.name)
        if path is None or (isinstance(tree.get(path), Dir) and module.taken and _has_text(hearing, module.origin)):
            _lacks(hearing, module, roots)
        elif isinstance(tree.get(path), File):
            hearing.has(module.origin, path)


def _has_text(hearing: Hearing, origin: str) -> bool:
    """Whether a missing ``__init__.py`` matters: an empty one does not."""
    return bool((hearing.build.read(origin) or "").strip())


def _lacks(hearing: Hearing, module: Module, roots: list[str]) -> None:
    """A module is not found: not in the image, spilled elsewhere, or below no folder of ``sys.path``."""
    origin = module.origin
    if hearing.stage.foreign:
        what = f"whether {origin} is installed: {hearing.stage.foreign}"
        hearing.unknown.append(UnknownError(what, hearing.case.head.path, hearing.stage.line))
        return
    detail = f"{module.by}:{module.line} imports {origin}, which is not on the image's sys.path"
    landed = hearing.case.where.get(origin, [])
    if any(
        path.endswith(f"/{module.name.replace('.', '/')}{end}") for path in landed for end in (".py", "/__init__.py")
    ):
        gap = Gap(origin, "module", None, "env_import_missing", module.by, module.line, detail, landed[0])
        hearing.gaps.append(gap)
        return
    root = roots[0] if roots else hearing.run.cwd
    below = inside(hearing.project.directory, origin) or origin
    before = len(hearing.gaps)
    hearing.lacks(origin, "module", f"{root.rstrip('/')}/{below}")
    if len(hearing.gaps) > before and hearing.gaps[-1].reason == "env_import_missing":
        hearing.gaps[-1] = dataclasses.replace(hearing.gaps[-1], path=module.by, line=module.line, detail=detail)


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
