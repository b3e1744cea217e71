"""Which images ship: what the flags name, else build steps of workflows, compose, bake.

And at last plain Dockerfiles.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gate.docker.paths import clean

Read = Callable[[str], str | None]


@dataclass(frozen=True)
class BindMount:
    """A folder of the repository that compose lays over the image; ``line`` is where it says so."""

    source: str
    target: str
    line: int


@dataclass(frozen=True)
class Ship:
    """One image that somebody builds. ``path`` and ``line`` name where that is said.

    Paths are relative to the repository.

    ``unknown`` says why its build cannot be read; ``git`` that the builder takes the commit, not the working tree.
    ``extra`` are named contexts as written: a folder, ``docker-image://…``, or ``target:``/``service:`` of another
    ship. ``image`` is the name it gets; ``dynamic`` are build arguments whose values are not known; ``lines`` where
    ``context`` and ``target`` are said; ``aside`` marks one that is only there for others to build on.
    """

    name: str
    source: str
    path: str
    line: int = 1
    dockerfile: str | None = "Dockerfile"
    inline: str | None = None
    context: str = "."
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    unknown: str = ""
    git: bool = False
    workdir: str | None = None
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[BindMount, ...] = ()
    image: str = ""
    user: str | None = None
    dynamic: frozenset[str] = frozenset()
    lines: Mapping[str, int] = field(default_factory=dict)
    aside: bool = False


@dataclass(frozen=True)
class Wanted:
    """What the flags and settings say. Empty texts are not said."""

    dockerfile: str = ""
    context: str = ""
    target: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    compose: tuple[str, ...] = ()
    service: str = ""
    bake: str = ""
    bake_target: str = ""
    workflow: str = ""
    env: Mapping[str, str] = field(default_factory=dict)


def dockerfile_names(files: Sequence[str]) -> list[str]:
    """Dockerfiles by their usual names, the one at the root first."""
    found = [one for one in files if _is_dockerfile(posixpath.basename(one)) and not _is_aside(one)]
    return sorted(found, key=lambda one: (one.count("/"), posixpath.basename(one) != "Dockerfile", one))


def _is_dockerfile(name: str) -> bool:
    lower = name.lower()
    ends = (".dockerignore", ".md", ".txt", ".py", ".sh", ".yml", ".yaml", ".j2", ".json", ".swp")
    return (
        lower in ("dockerfile", "containerfile")
        or lower.startswith(("dockerfile.", "containerfile."))
        or lower.endswith(".dockerfile")
    ) and (not lower.endswith(ends))


def _is_aside(path: str) -> bool:
    parts = path.lower().split("/")[:-1]
    return any(
        part in ("node_modules", ".venv", "venv", "site-packages", ".devcontainer", "tests", "test", "examples")
        for part in parts
    )


def from_flags(wanted: Wanted) -> Ship:
    """The image that ``--dockerfile``, ``--docker-context`` and ``--docker-target`` name."""
    context = clean(wanted.context or ".")
    dockerfile = wanted.dockerfile or (f"{context}/Dockerfile" if context != "." else "Dockerfile")
    return Ship(
        clean(dockerfile),
        "flags",
        clean(dockerfile),
        1,
        clean(dockerfile),
        None,
        context,
        wanted.target or None,
        dict(wanted.args),
    )


def from_dockerfiles(files: Sequence[str], wanted: Wanted) -> list[Ship]:
    """Plain Dockerfiles: built from the root of the repository, unless only their own folder can be meant."""
    return [
        Ship(one, "dockerfile", one, 1, one, None, "?", wanted.target or None, dict(wanted.args))
        for one in dockerfile_names(files)
    ]
