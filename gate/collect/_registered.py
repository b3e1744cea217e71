"""Lets ``importlib.metadata`` find the project without building it: a dist-info folder written from its metadata.

Building would run the project's own build backend. Applications that ask for their version or entry points at import
find them here, and their code in the working tree (``pythonpath``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def register(site_packages: Path, pyproject: Mapping[str, Any]) -> None:
    """Write the project's dist-info unless a distribution of that name is installed. Source: PyPA, core metadata."""
    poetry = pyproject.get("tool", {}).get("poetry", {})
    project = pyproject.get("project", {}) or poetry
    name, version = str(project.get("name", "")), str(project.get("version") or poetry.get("version") or "0.0.0")
    folded = re.sub(r"[-_.]+", "_", name)
    if not re.fullmatch(r"[A-Za-z0-9_]+", folded) or any(site_packages.glob(f"{folded}-*.dist-info")):
        return
    if not re.fullmatch(r"[0-9][A-Za-z0-9.+!]*", version):
        version = "0.0.0"
    folder = site_packages / f"{folded}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    (folder / "INSTALLER").write_text("alembic-gate\n", "utf-8")
    (folder / "RECORD").write_text("", "utf-8")
    (folder / "entry_points.txt").write_text(_entry_points(project, poetry), "utf-8")


def _entry_points(project: Mapping[str, Any], poetry: Mapping[str, Any]) -> str:
    groups = {
        "console_scripts": project.get("scripts", {}),
        **project.get("entry-points", {}),
        **poetry.get("plugins", {}),
    }
    lines = []
    for group, entries in groups.items():
        if isinstance(entries, Mapping):
            lines += [
                f"[{group}]",
                *(f"{name} = {value}" for name, value in entries.items() if isinstance(value, str)),
                "",
            ]
    return "\n".join(lines)
