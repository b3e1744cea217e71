"""Version modules that only a build writes (``shop/_version.py``): a checkout without them cannot be imported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gate.collect._dependencies import toml

# The names that setuptools-scm and hatch-vcs write (https://setuptools-scm.readthedocs.io/en/latest/config/).
_TEXT = """\
__version__ = version = "0.0.0"
__version_tuple__ = version_tuple = (0, 0, 0)
__commit_id__ = commit_id = None
"""


def write(tree: Path) -> None:
    """Write those that the private copy lacks, where its pyproject.toml files say that a build puts them."""
    for pattern in ("pyproject.toml", "*/pyproject.toml", "*/*/pyproject.toml"):
        for file in sorted(tree.glob(pattern)):
            for place in _named(toml(file).get("tool", {})):
                _write(tree, file.parent / place)


def _named(tool: Any) -> Iterator[str]:
    for *way, name in (
        ("setuptools_scm", "version_file"),
        ("setuptools_scm", "write_to"),
        ("hatch", "build", "hooks", "vcs", "version-file"),
        ("pdm", "version", "write_to"),
        ("pdm", "build", "version", "write_to"),
    ):
        table = tool
        for key in way:
            table = table.get(key) if isinstance(table, dict) else None
        said = table.get(name) if isinstance(table, dict) else None
        if isinstance(said, str) and said.endswith(".py"):
            yield said


def _write(tree: Path, path: Path) -> None:
    inside = path.resolve().is_relative_to(tree.resolve())
    if inside and path.parent.is_dir() and not path.exists() and not path.is_symlink():
        path.write_text(_TEXT, "utf-8")
        path.chmod(0o644)
