"""One walk over the repository for everything that may say "here is an Alembic environment". Reads no contents."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

# Folders that hold other people's code or a machine's leavings.
FOREIGN = frozenset(
    (
        "node_modules",
        "site-packages",
        "dist-packages",
        "__pycache__",
        "venv",
        "virtualenv",
        "bower_components",
        "build",
        "dist",
        "eggs",
        "wheelhouse",
        "htmlcov",
        "vendor",
        "third_party",
        "__pypackages__",
    )
)
# Folders whose environments stand for something else than the application.
ASIDE = frozenset(
    (
        "tests",
        "test",
        "testing",
        "test_data",
        "testdata",
        "fixtures",
        "examples",
        "example",
        "samples",
        "sample",
        "docs",
        "doc",
        "benchmarks",
        "cookiecutters",
    )
)
LARGEST = 1024 * 1024  # bytes; nobody writes a configuration of this size by hand


@dataclass
class Candidates:
    """Files found, absolute, in order of path: shallow ones first."""

    configs: list[Path] = field(default_factory=list)
    pyprojects: list[Path] = field(default_factory=list)
    env_files: list[Path] = field(default_factory=list)


def walk(start: Path) -> Candidates:
    """Ini files, pyproject.toml files and ``env.py`` files below a folder; links to folders are not followed."""
    found = Candidates()
    for here, folders, names in os.walk(start, onerror=lambda _: None):
        folders[:] = sorted(one for one in folders if not _foreign(Path(here, one)))
        for name in sorted(names):
            if name.endswith(".ini") or name == "setup.cfg":
                found.configs.append(Path(here, name))
            elif name == "pyproject.toml":
                found.pyprojects.append(Path(here, name))
            elif name == "env.py":
                found.env_files.append(Path(here, name))
    for paths in (found.configs, found.pyprojects, found.env_files):
        paths.sort(key=_shallow_first)
    return found


def _foreign(folder: Path) -> bool:
    name = folder.name
    if name.startswith(".") or name.endswith((".egg-info", ".dist-info")) or (folder / "pyvenv.cfg").is_file():
        return True
    return name in FOREIGN and not (folder / "env.py").is_file() and not (folder / "alembic.ini").is_file()


def _shallow_first(path: Path) -> tuple[int, bool, str]:
    """The usual name before others of the same depth: ``alembic.ini`` before ``development.ini``."""
    return len(path.parts), path.name != "alembic.ini", path.as_posix()


def is_aside(path: Path, start: Path) -> bool:
    """True when this file belongs to tests, examples or documentation rather than to the application."""
    folders = path.relative_to(start).parts[:-1] if path.is_relative_to(start) else ()
    return any(one.lower() in ASIDE or "cookiecutter" in one for one in folders)


def text_of(path: Path) -> str | None:
    """A file's text, or None when it is missing, unreadable, or far too large to be what it says."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return None
        raw = path.read_bytes()
    except (OSError, ValueError):
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
