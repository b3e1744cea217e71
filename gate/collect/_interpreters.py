"""Python interpreters on this machine: which there are, and what is installed in one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from gate.errors import CannotDecide

_ASK = """
import json, sys
found = {}
try:
    from importlib import metadata
    for one in metadata.distributions():
        # the folder's name says both (the binary distribution format); parsing the files takes longer than all the rest
        folder = getattr(getattr(one, "_path", None), "name", "")
        name, _, version = folder[: -len(".dist-info")].partition("-")
        if not folder.endswith(".dist-info") or not version or "-" in version or "_" in version:
            name, version = one.metadata["Name"], one.version
        if name:
            found.setdefault(name.lower().replace("_", "-").replace(".", "-"), version)
except ImportError:
    pass
sys.stdout.write("\\n" + json.dumps({"version": list(sys.version_info[:3]), "packages": found, "path": sys.executable}))
"""


@dataclass(frozen=True)
class Interpreter:
    """One interpreter: absolute path, version, and the installed distributions by normalised name."""

    path: str
    version: tuple[int, ...]
    packages: Mapping[str, str]

    def has(self, *names: str) -> bool:
        """True when all of these distributions are installed."""
        return all(name in self.packages for name in names)


def inspect(python: str | Path) -> Interpreter:
    """Ask an interpreter for its version and distributions; isolated (``-I``), so no folder of the project counts.

    Raises CannotDecide when it cannot be run.
    """
    told = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", _ASK], capture_output=True, check=False, timeout=60, cwd="/", env=told,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        said = json.loads(done.stdout.decode("utf-8", "replace").strip().rpartition("\n")[2])
        return Interpreter(str(Path(python).absolute()), tuple(said["version"]), dict(said["packages"]))
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        raise CannotDecide(
            f"this Python cannot be run: {error}",
            where=str(python),
            advice="Name an interpreter that runs on this machine: --python PATH.",
        ) from error


def of_folder(folder: Path) -> Path | None:
    """The interpreter of a virtual environment's folder, or None when it is none or made for another machine."""
    if not (folder / "pyvenv.cfg").is_file() and not (folder / "conda-meta").is_dir():
        return None
    places = (folder / "bin" / "python", folder / "bin" / "python3", folder / "Scripts" / "python.exe")
    return next((one for one in places if os.access(one, os.X_OK)), None)


def fitting(wanted: str) -> str | None:
    """A Python on this machine that fits ``3.12``, ``3.12.4`` or ``>=3.10,<3.13``; our own first, then the newest.

    A full version asks for its minor version: patch releases do not decide what a migration does.
    """
    spec = specifier(wanted)
    if spec is None or spec.contains(_text(sys.version_info[:3]), prereleases=True):
        return sys.executable
    found = {version: path for version, path in _present() if spec.contains(version, prereleases=True)}
    newest = max(found, key=lambda text: tuple(map(int, text.split("."))), default=None)
    return found[newest] if newest else None


def specifier(wanted: str) -> SpecifierSet | None:
    """A version wish as a specifier; None when there is none or it cannot be read (then any Python will do)."""
    text = wanted.strip().removeprefix("cpython").lstrip("-@").removeprefix("python-")
    if not text:
        return None
    if re.fullmatch(r"\d+(\.\d+)*", text):
        parts = text.split(".")
        text = f"=={'.'.join(parts[:2])}.*" if len(parts) > 1 else f"=={parts[0]}.*"
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _present() -> Iterator[tuple[str, str]]:
    """Version and path of other interpreters: on PATH, of pyenv, of GitHub's tool cache. uv knows its own."""
    for minor in range(8, 20):
        path = shutil.which(f"python3.{minor}")
        if path and "/shims/" not in path:  # pyenv's shims refuse what is not activated
            yield f"3.{minor}.99", path
    roots = (
        (os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv"), "versions/3.*/bin/python3"),
        (os.environ.get("RUNNER_TOOL_CACHE") or "/opt/hostedtoolcache", "Python/3.*/*/bin/python3"),
    )
    for root, pattern in roots:
        for place in Path(root).glob(pattern):
            match = re.search(r"/(3\.\d+\.\d+)/", place.as_posix())
            if match:
                yield match[1], str(place)
