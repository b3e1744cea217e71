"""The Python in which the project's code runs, and what that code is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class ProjectEnvironment:
    """The project's interpreter with what is installed in it.

    ``python`` is the absolute path of the interpreter. ``alembic`` and ``sqlalchemy`` are version texts, None when not
    installed. ``source`` is where it came from: the ``--python`` flag, the active environment, a folder of the
    repository, built by us, or our own interpreter. ``variables`` and ``files`` are the settings' templates
    (``{url} {driver} {host} ...``), not yet filled in. ``pythonpath`` holds folders relative to the repository, best
    first. ``modules`` are imported before the comparison. ``drivers`` are the installed drivers by SQLAlchemy's names.
    ``identity`` changes with everything installed, for caches.
    """

    python: str
    version: tuple[int, ...] = ()
    alembic: str | None = None
    sqlalchemy: str | None = None
    source: Literal["flag", "active", "folder", "built", "own"] = "own"
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    pythonpath: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    drivers: tuple[str, ...] = ()
    identity: str = ""
    notes: tuple[str, ...] = ()
