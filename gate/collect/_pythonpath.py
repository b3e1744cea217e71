"""Where the project's own packages stand, so that its code is found as it is in the working tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gate.collect._dependencies import toml
from gate.facts.history import Project


def folders(repo: Path, project: Project, said: tuple[str, ...]) -> tuple[str, ...]:
    """Folders for ``sys.path``, relative to the repository: those of the settings first, then what the layout says."""
    start = repo / project.directory
    named = [path for one in said for path in (repo / one, start / one) if path.is_dir()]
    guessed = [start / "src", repo / "src", *_above(repo, project), *_members(start), *_members(repo), start]
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


def _members(folder: Path) -> Iterator[Path]:
    """The members of a uv workspace: installed beside each other, so importable from each other."""
    members = toml(folder / "pyproject.toml").get("tool", {}).get("uv", {}).get("workspace", {}).get("members", ())
    for pattern in members if isinstance(members, list) else ():
        for member in sorted(folder.glob(str(pattern))):
            yield member / "src" if (member / "src").is_dir() else member


def _shadows(place: Path) -> bool:
    """A script folder that is itself a package named ``alembic`` would stand before the library."""
    return any((place / name / "__init__.py").is_file() for name in ("alembic", "sqlalchemy", "flask_migrate"))
