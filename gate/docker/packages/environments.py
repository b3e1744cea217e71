"""Where Python packages lie in an image: the environment that an installer fills, and the ones that a process sees."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from gate.docker.build import Stage
from gate.docker.paths import clean, join
from gate.docker.tree import Dir, File

SYSTEM = "/usr/local"
POETRY = "/root/.cache/pypoetry/virtualenvs"
_PLAIN = frozenset({"/usr/local", "/usr", "", "/usr/local/s", "/root/.local", "/root/.cargo", "/opt/poetry"})


def site(prefix: str, python: str) -> str:
    """The folder of packages below a prefix."""
    return f"{prefix.rstrip('/')}/lib/python{python}/site-packages"


def prefix_of(program: str, values: Mapping[str, str], cwd: str) -> str:
    """The environment of a program: beside it when its path is said, else the active one, else the system's."""
    folder = posixpath.dirname(program)
    if folder.endswith("/bin"):
        return join(cwd, folder[:-4])
    if folder == "bin":
        return clean(cwd)
    return active(values) or SYSTEM


def active(values: Mapping[str, str]) -> str | None:
    """The environment that ``VIRTUAL_ENV`` or the first folder of PATH makes active."""
    if values.get("VIRTUAL_ENV"):
        return clean(values["VIRTUAL_ENV"])
    for one in values.get("PATH", "").split(":"):
        prefix = one.rstrip("/").removesuffix("/bin")
        if prefix.startswith("/") and one.rstrip("/").endswith("/bin") and prefix not in _PLAIN:
            return clean(prefix)
    return None


def site_roots(stage: Stage, cwd: str) -> tuple[str, ...]:
    """What installed packages add to ``sys.path``: folders of packages and the goals of editable installs."""
    prefixes = [SYSTEM, "/usr", "/root/.local", f"{cwd.rstrip('/')}/.venv"]
    prefixes += [
        one.rstrip("/").removesuffix("/bin")
        for one in stage.env.get("PATH", "").split(":")
        if one.rstrip("/").endswith("/bin")
    ]
    prefixes += [stage.env[name] for name in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT") if stage.env.get(name)]
    poetry = stage.tree.get(POETRY)
    prefixes += [f"{POETRY}/{name}" for name in (poetry.children if isinstance(poetry, Dir) else ())]
    found: list[str] = []
    for prefix in dict.fromkeys(map(clean, prefixes)):
        library = stage.tree.get(f"{prefix}/lib")
        for name in sorted(library.children) if isinstance(library, Dir) else ():
            folder = f"{prefix}/lib/{name}/site-packages"
            if re.fullmatch(r"python3[\d.]*t?", name) and stage.tree.is_dir(folder):
                found += [folder, *_pointers(stage, folder)]
    return tuple(dict.fromkeys(found))


def _pointers(stage: Stage, folder: str) -> list[str]:
    """The folders that ``.pth`` files of editable installs name."""
    node = stage.tree.get(folder)
    texts = [
        child.data
        for name, child in (node.children.items() if isinstance(node, Dir) else ())
        if name.endswith(".pth") and isinstance(child, File) and child.data
    ]
    return [
        line.strip()
        for text in texts
        for line in text.decode("utf-8", "replace").split("\n")
        if line.strip().startswith("/")
    ]
