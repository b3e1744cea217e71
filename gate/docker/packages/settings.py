"""A Python project's packaging settings, as far as files say them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gate.docker.tree import Dir, File, Tree


class UnclearError(Exception):
    """What the package holds is decided by code or by a backend that is not read."""


@dataclass(frozen=True)
class Source:
    """A project's folder in the image's tree. ``folder`` is absolute; ``texts`` holds its settings files."""

    tree: Tree
    folder: str
    toml: Mapping[str, Any] = field(default_factory=dict)
    pyproject: str = ""
    setup_cfg: str = ""
    setup_py: str = ""
    manifest: str = ""
    gitignore: str = ""
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The distribution's name, normalised to a module name."""
        project, poetry = self.toml.get("project", {}), self.tool("poetry")
        match = re.search(r"^name\s*=\s*(\S+)", self.setup_cfg, re.MULTILINE) or re.search(
            r"\bname\s*=\s*[\"']([^\"']+)", self.setup_py
        )
        name = str(project.get("name") or poetry.get("name") or (match[1] if match else ""))
        return re.sub(r"[-_.]+", "_", name).lower()

    def tool(self, *names: str) -> Mapping[str, Any]:
        """A table below ``[tool]``, empty when it is not there."""
        found: Any = self.toml.get("tool", {})
        for name in names:
            found = found.get(name, {}) if isinstance(found, Mapping) else {}
        return found if isinstance(found, Mapping) else {}

    @property
    def backend(self) -> str:
        """The build backend's module."""
        said = self.toml.get("build-system")
        return (
            str(said.get("build-backend", "setuptools.build_meta:__legacy__"))
            if isinstance(said, Mapping)
            else "setuptools"
        )

    def is_dir(self, path: str) -> bool:
        """Whether a folder of the project."""
        return self.tree.is_dir(f"{self.folder}/{path}")

    def is_file(self, path: str) -> bool:
        """Whether a file of the project."""
        return isinstance(self.tree.get(f"{self.folder}/{path}"), File)

    def below(self, path: str = "") -> dict[str, File]:
        """Files below a folder of the project, by paths relative to the project."""
        base = self.tree.resolve(f"{self.folder}/{path}") or self.folder
        root = f"{self.folder.rstrip('/')}/"
        start = f"{path.rstrip('/')}/" if path not in ("", ".") else ""
        return {
            start + found[len(base.rstrip("/")) + 1 :]: file
            for found, file in self.tree.files(base)
            if found.startswith((base.rstrip("/") + "/", root))
        }

    def folders(self, path: str = "") -> list[str]:
        """Names of the folders directly in a folder of the project."""
        node = self.tree.get(f"{self.folder}/{path}")
        return (
            sorted(name for name in node.children if self.is_dir(f"{path}/{name}" if path else name))
            if isinstance(node, Dir)
            else []
        )

    def line_of(self, *keys: str) -> tuple[str, int] | None:
        """The repository's file and line where the first of these keys is set."""
        for name, text in (
            ("pyproject.toml", self.pyproject),
            ("setup.cfg", self.setup_cfg),
            ("setup.py", self.setup_py),
        ):
            for key in keys:
                for number, line in enumerate(text.split("\n"), start=1):
                    if name in self.origins and re.match(rf"\s*(\[?[\w.-]*\b)?{re.escape(key)}\b\s*[\]=:(]", line):
                        return self.origins[name], number
        return None


def read(tree: Tree, folder: str, text: Any) -> Source | None:
    """The project in a folder, None when there is none. ``text`` gives a file's text. Raises ``UnclearError``."""
    found: dict[str, str] = {}
    origins: dict[str, str] = {}
    for name in ("pyproject.toml", "setup.cfg", "setup.py", "MANIFEST.in", ".gitignore"):
        node = tree.get(f"{folder}/{name}")
        if isinstance(node, File):
            found[name] = text(node) or ""
            if node.origin:
                origins[name] = node.origin
    if not found.keys() & {"pyproject.toml", "setup.cfg", "setup.py"}:
        return None
    try:
        toml = tomllib.loads(found.get("pyproject.toml", ""))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnclearError(f"{folder}/pyproject.toml cannot be read: {error}") from error
    return Source(
        tree,
        tree.resolve(folder) or folder,
        toml,
        found.get("pyproject.toml", ""),
        found.get("setup.cfg", ""),
        found.get("setup.py", ""),
        found.get("MANIFEST.in", ""),
        found.get(".gitignore", ""),
        origins,
    )
