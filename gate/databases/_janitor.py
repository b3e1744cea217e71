"""Drops the databases that the gate made on somebody else's server, when the gate died without dropping them.

Runs as its own process. Reads lines from stdin: first the server, as JSON, then
names as they are made (``+name``) and dropped (``-name``). End of file means that the gate is gone, however it went.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from gate._family import spare, spare_no_more
from gate.databases._url import ServerUrl
from gate.errors import GateError

# The package is found where this file was found, whether it is installed or not.
_RUN = "import sys; sys.path.append(sys.argv[1]); from gate.databases._janitor import main; main()"


class Janitor:
    """The gate's side: tells the process which databases exist."""

    def __init__(self, place: ServerUrl) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _RUN, str(Path(__file__).parents[2])],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        spare(self._process.pid)
        self._tell(json.dumps(asdict(place)))

    def made(self, name: str) -> None:
        """A database is about to be made."""
        self._tell(f"+{name}")

    def dropped(self, name: str) -> None:
        """A database is gone."""
        self._tell(f"-{name}")

    def _tell(self, line: str) -> None:
        if self._process.stdin is not None:
            # Without its janitor the gate still drops its databases itself, as long as it lives.
            with contextlib.suppress(OSError, ValueError):
                self._process.stdin.write(line + "\n")
                self._process.stdin.flush()

    def close(self) -> None:
        """Let it drop what is left, and wait for it."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        spare_no_more(self._process.pid)


def main() -> None:
    """Listen until the gate is gone, then drop what it left."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    place: ServerUrl | None = None
    names: set[str] = set()
    for line in sys.stdin:
        text = line.rstrip("\n")
        if place is None:
            place = ServerUrl(**json.loads(text))
        elif text.startswith("+"):
            names.add(text[1:])
        else:
            names.discard(text[1:])
    if place is not None and names:
        with contextlib.suppress(GateError):
            _dropper(place)(names)


def _dropper(place: ServerUrl) -> Callable[[set[str]], None]:
    if place.kind == "postgresql":
        from gate.databases import postgresql

        return lambda names: postgresql.drop_all(place, names)
    from gate.databases import _mysql_family

    return lambda names: _mysql_family.drop_all(place, names)
