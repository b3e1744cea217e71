"""Where the project's own packages stand, so that its code is found as it is in the working tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from gate.collect._dependencies import toml
from gate.collect._project_files import text_of
from gate.facts.history import Project


def folders(repo: Path, project: Project, said: tuple[str, ...]) -> tuple[str, ...]:
    """Folders for ``sys.path``, relative to the repository: those of the settings first, then what the layout says."""
    start = repo / project.directory
    named = [path for one in said for path in (repo / one, start / one) if path.is_dir()]
    guessed = [
        start / "src",
        repo / "src",
        *_above(repo, project),
        *_members(start),
        *_members(repo),
        start,
        *_root(repo, start, project),
    ]
    places = [*named, *(place for place in guessed if place.is_dir() and not _shadows(place))]
    inside = [place.resolve() for place in places if place.resolve().is_relative_to(repo)]
    return tuple(dict.fromkeys(place.relative_to(repo).as_posix() for place in inside))


def _above(repo: Path, project: Project) -> Iterator[Path]:
    """The folder above the outermost package that the scripts stand in."""
    folder = (repo / (project.script_location or ".")).parent
    if not (folder / "__init__.py").is_file():
        return
    while (folder / "__init__.py").is_file() and folder != repo:
        folder = folder.parent
    yield folder


def _root(repo: Path, start: Path, project: Project) -> Iterator[Path]:
    """The repository itself, when env.py imports a module of it that the project's folder does not have."""
    text = text_of(repo / (project.script_location or ".") / "env.py") or ""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    if any(_has(repo, name) and not _has(start, name) for name in names):
        yield repo


def _has(folder: Path, module: str) -> bool:
    top = module.split(".", 1)[0]
    return bool(top) and ((folder / f"{top}.py").is_file() or (folder / top / "__init__.py").is_file())


def _members(folder: Path) -> Iterator[Path]:
    """The members of a uv workspace: installed beside each other, so importable from each other."""
    members = toml(folder / "pyproject.toml").get("tool", {}).get("uv", {}).get("workspace", {}).get("members", ())
    for pattern in members if isinstance(members, list) else ():
        for member in sorted(folder.glob(str(pattern))):
            yield member / "src" if (member / "src").is_dir() else member


def _shadows(place: Path) -> bool:
    """A script folder that is itself a package named ``alembic`` would stand before the library."""
    return any((place / name / "__init__.py").is_file() for name in ("alembic", "sqlalchemy", "flask_migrate"))
