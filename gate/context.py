"""What one run carries around: settings, the project, private folders, progress, and what must be closed at the end."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from gate.facts.history import Project
from gate.settings import Settings

Progress = Callable[[str], None]
FactT = TypeVar("FactT")


@dataclass
class RunContext:
    """The run's means, handed to collectors. Everything put on ``stack`` is closed when the run ends, in any way.

    ``shared`` is one dictionary for all projects of the run (started servers, built environments). ``fetch`` gives
    another fact of this project, collecting it if need be: for collectors that need it only sometimes. ``ahead`` loads
    what the run's other questions will need: for a collector that waits for another process.
    """

    settings: Settings
    project: Project
    workdir: Path
    stack: contextlib.ExitStack
    progress: Progress
    fetch: Callable[[type], Any]
    shared: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    ahead: Callable[[], None] = lambda: None

    @property
    def mode(self) -> str:
        """``check``, ``predeploy`` or ``verify``."""
        return self.settings.command

    @property
    def repo(self) -> Path:
        """The repository's root, absolute."""
        return Path(self.settings.repo).resolve()

    def fact(self, kind: type[FactT]) -> FactT:
        """Another fact of this project."""
        found = self.fetch(kind)
        assert isinstance(found, kind)
        return found

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add the seconds that the block takes to the report's ``timings``."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.timings[name] = self.timings.get(name, 0.0) + time.monotonic() - started

    @property
    def cache_dir(self) -> Path:
        """The cache: ``--cache-dir``, else ``ALEMBIC_GATE_CACHE``, else the user's; private with ``--no-cache``."""
        named = self.settings.cache_dir or os.environ.get("ALEMBIC_GATE_CACHE", "")
        if not self.settings.cache:
            folder = self.workdir / "cache"
        elif named:
            folder = Path(named)
        else:
            folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "alembic-gate"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """A temporary folder of this run; other uids may pass through it, since the probe and the servers have their own."""
    with tempfile.TemporaryDirectory(prefix="alembic-gate-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder
