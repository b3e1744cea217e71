"""The expected errors, one small tree. Each says what, where, and what to do next.

::

    GateError                    exit 3  could not decide
    ├── UsageError               exit 2  wrong flags, inputs or settings
    └── CannotDecide             exit 3  a fact could not be collected
        ├── ProjectBroken        the project's own code failed (import, env.py, missing dependency)
        ├── ServerUnavailable    no scratch server, or it refused us
        ├── TargetUnavailable    the target database could not be read
        └── TimedOut             a step took longer than it may

Anything else that escapes is a bug of ours: exit 3 with a report to paste.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASS, FINDINGS, USAGE, UNDECIDED = 0, 1, 2, 3


class GateError(Exception):
    """An expected problem. ``advice`` says what to do next; ``where`` names the file, server or flag."""

    exit_code = UNDECIDED

    def __init__(self, what: str, *, where: str | None = None, advice: str | None = None) -> None:
        super().__init__(what)
        self.what, self.where, self.advice = what, where, advice

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}"


class UsageError(GateError):
    """Wrong usage or settings: nothing was judged."""

    exit_code = USAGE


class CannotDecide(GateError):
    """A fact could not be collected, so whoever asked for it is undecided."""


class ProjectBroken(CannotDecide):
    """The project's own code could not be run: an import failed, env.py raised, a dependency is missing."""


class ServerUnavailable(CannotDecide):
    """No scratch server of the wanted kind could be had."""


class TargetUnavailable(CannotDecide):
    """The target database could not be read."""


class TimedOut(CannotDecide):
    """A step took longer than it may and was ended with its children."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make the folders of ``path``, then let the body write it; what the system refuses becomes a GateError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        advice = "Check that the folder may be written to."
        raise GateError(f"cannot be written: {error.strerror or error}", where=str(path), advice=advice) from error
