"""How a project is installed: the dependency files nearest to it, read as a recipe. Nothing is run here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gate.collect import _lock_files
from gate.collect._lock_files import Locked
from gate.collect._project_files import text_of

_MIGRATES = re.compile(r"^(alembic|flask-migrate|flask_migrate|sqlalchemy|sqlmodel)\b", re.IGNORECASE | re.MULTILINE)
_LOCAL = re.compile(
    r"^\s*(?:-e\s|--editable[ =])?\s*(?:\.{1,2}(?:/[^\s;\[]*)?(?:\[[^\]]*\])?|file:\S+)\s*(?:[;#].*)?$", re.MULTILINE
)
_INCLUDE = re.compile(r"^\s*(?:-[rc]|--requirement|--constraint)[ =]?\s*(\S+)", re.MULTILINE)
_USUAL = (
    "requirements.txt",
    "main.txt",
    "base.txt",
    "prod.txt",
    "production.txt",
    "app.txt",
    "common.txt",
    "default.txt",
)


@dataclass(frozen=True)
class Recipe:
    """One way to install a project. ``words`` follow ``uv pip install``; ``sync`` means ``uv sync`` instead.

    ``files`` decide the environment (they make the cache's key). ``declared`` are the direct requirement lines.
    ``needs_copy`` means that the project itself is built, which must not happen in the workspace.
    """

    how: str
    folder: Path
    files: tuple[Path, ...]
    python: str = ""
    words: tuple[str, ...] = ()
    sync: bool = False
    locked: Locked = field(default_factory=Locked)
    declared: tuple[str, ...] = ()
    needs_copy: bool = False


def find(folders: Iterator[Path]) -> Recipe | None:
    """The recipe of the first folder that has dependency files (from the project's folder up to the repository)."""
    for folder in folders:
        for look in (_uv, _poetry, _pdm, _pipenv, _requirements, _pyproject, _setup):
            recipe = look(folder)
            if recipe:
                return recipe
    return None


def wished_python(folder: Path, repo: Path) -> str:
    """The Python version that files ask for: ``.python-version`` first, then what the metadata requires."""
    for place in dict.fromkeys((folder, repo)):
        said = (text_of(place / ".python-version") or "").strip().split("\n")[0].strip()
        if re.match(r"\d", said):
            return said
    for place in dict.fromkeys((folder, repo)):
        if said := _python_in(place):
            return said
    return ""


def _python_in(folder: Path) -> str:
    table = toml(folder / "pyproject.toml")
    if said := table.get("project", {}).get("requires-python"):
        return str(said)
    if said := table.get("tool", {}).get("poetry", {}).get("dependencies", {}).get("python"):
        return _lock_files.caret(str(said))
    if said := toml(folder / "Pipfile").get("requires", {}).get("python_version"):
        return str(said)
    if match := re.match(r"python-(\d[\d.]*)", (text_of(folder / "runtime.txt") or "").strip()):
        return match[1]
    match = re.search(
        r"^FROM\s+(?:--\S+\s+)*(?:\S*/)?python:(\d+\.\d+)", text_of(folder / "Dockerfile") or "", re.MULTILINE
    )
    return match[1] if match else ""


def toml(path: Path) -> Mapping[str, Any]:
    """A TOML file's table, empty when it is missing or broken."""
    try:
        return tomllib.loads(text_of(path) or "")
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _uv(folder: Path) -> Recipe | None:
    """``uv.lock`` here, or in a folder above whose workspace this one belongs to: uv finds that itself."""
    here = folder / "pyproject.toml"
    table = toml(here)
    lock = next((one / "uv.lock" for one in (folder, *list(folder.parents)[:4]) if (one / "uv.lock").is_file()), None)
    if lock is None or not here.is_file() or (lock.parent != folder and "project" not in table):
        return None
    if lock.parent != folder and not toml(lock.parent / "pyproject.toml").get("tool", {}).get("uv", {}).get(
        "workspace"
    ):
        return None
    extras = _lock_files.driver_extras(table.get("project", {}).get("optional-dependencies", {}))
    words = tuple(word for name in extras for word in ("--extra", name))
    declared = tuple(table.get("project", {}).get("dependencies", ()))
    return Recipe(
        "uv.lock", folder, (lock, here, lock.parent / "pyproject.toml"), words=words, sync=True, declared=declared
    )


def _poetry(folder: Path) -> Recipe | None:
    table = toml(folder / "pyproject.toml")
    lock = text_of_large(folder / "poetry.lock")
    if not lock and "poetry" not in table.get("tool", {}):
        return None
    try:
        locked = _lock_files.poetry(table, lock or "")
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        return None
    if not locked.requirements:
        return None
    files = (folder / "poetry.lock", folder / "pyproject.toml")
    return Recipe(
        "poetry.lock" if lock else "pyproject.toml", folder, files, locked=locked, declared=locked.requirements
    )


def _pdm(folder: Path) -> Recipe | None:
    lock = text_of_large(folder / "pdm.lock")
    if not lock:
        return None
    locked = _lock_files.pdm(toml(folder / "pyproject.toml"), lock)
    files = (folder / "pdm.lock", folder / "pyproject.toml")
    return Recipe("pdm.lock", folder, files, locked=locked, declared=locked.requirements)


def _pipenv(folder: Path) -> Recipe | None:
    pipfile, lock = text_of(folder / "Pipfile"), text_of_large(folder / "Pipfile.lock")
    if pipfile is None and lock is None:
        return None
    try:
        locked = _lock_files.pipenv(pipfile or "", lock or "")
    except (ValueError, KeyError, TypeError):
        return None
    files = (folder / "Pipfile", folder / "Pipfile.lock")
    return Recipe("Pipfile.lock" if lock else "Pipfile", folder, files, locked=locked, declared=locked.requirements)


def text_of_large(path: Path) -> str | None:
    """A lock's text: locks may be larger than what people write by hand."""
    try:
        return path.read_text("utf-8") if path.is_file() and path.stat().st_size < 50_000_000 else None
    except (OSError, UnicodeDecodeError):
        return None


def _requirements(folder: Path) -> Recipe | None:
    """The requirements file that brings Alembic, the usual names first; unless pyproject.toml is the one that does."""
    patterns = ("requirements*.txt", "requirements/*.txt", "reqs/*.txt", "*requirements.txt", "*-requirements.txt")
    files = list(dict.fromkeys(path for pattern in patterns for path in sorted(folder.glob(pattern))))
    files.sort(key=lambda path: (path.name not in _USUAL, _USUAL.index(path.name) if path.name in _USUAL else 0))
    bringing = [path for path in files if _MIGRATES.search("\n".join(declared_in(path)))]
    if not bringing and (not files or files[0].name != "requirements.txt" or _pyproject(folder)):
        return None
    chosen = (bringing or files)[0]
    every = tuple(dict.fromkeys(included(chosen)))
    local = any(_LOCAL.search(text_of(path) or "") for path in every)
    words = ("-r", str(chosen))
    return Recipe(
        chosen.relative_to(folder).as_posix(),
        folder,
        (*every, folder / "pyproject.toml"),
        words=words,
        declared=tuple(declared_in(chosen)),
        needs_copy=local,
    )


def included(path: Path, seen: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """A requirements file and everything it includes, once each."""
    if path in seen or not path.is_file():
        return
    yield path
    for match in _INCLUDE.finditer(text_of(path) or ""):
        yield from included(path.parent / match[1], seen | {path})


def declared_in(path: Path) -> Iterator[str]:
    """The requirement lines of a file and its includes, options and comments left out."""
    for one in included(path):
        joined = re.sub(r"\\\n", " ", text_of(one) or "")
        for line in joined.splitlines():
            bare = re.sub(r"(^|\s)#.*$", "", line).split(" --hash")[0].strip()
            if bare and not bare.startswith("-") and not _LOCAL.match(bare):
                yield bare


def _pyproject(folder: Path) -> Recipe | None:
    """``[project]`` with static dependencies, and the extras and groups that bring the database's driver."""
    path = folder / "pyproject.toml"
    table = toml(path).get("project", {})
    if not table.get("dependencies") or "dependencies" in table.get("dynamic", ()):
        return None
    extras = _lock_files.driver_extras(table.get("optional-dependencies", {}))
    words = ("-r", str(path), *(word for name in extras for word in ("--extra", name)))
    return Recipe("pyproject.toml", folder, (path,), words=words, declared=tuple(table["dependencies"]))


def _setup(folder: Path) -> Recipe | None:
    """An older package: its build says the dependencies, so it is built, in a copy."""
    files = tuple(folder / name for name in ("setup.py", "setup.cfg", "pyproject.toml") if (folder / name).is_file())
    dynamic = "dependencies" in toml(folder / "pyproject.toml").get("project", {}).get("dynamic", ())
    said = "install_requires" in "".join(text_of(path) or "" for path in files if path.name != "pyproject.toml")
    if not dynamic and not said:
        return None
    return Recipe(files[0].name, folder, files, words=(".",), needs_copy=True)
