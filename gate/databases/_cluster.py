"""A server process of our own, whatever the server: started on a private folder, started again on other data, ended."""

from __future__ import annotations

import secrets
import shutil
import signal
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from gate.databases._process import (
    Identity,
    Keeper,
    clean_environment,
    copy_tree,
    free_port,
    runtime_folder,
    server_identity,
)
from gate.errors import ServerUnavailable

_START_SECONDS = 40.0
_SOCKET_PATH_LIMIT = 80
_PORT_TAKEN = ("could not bind", "Address already in use")


class Cluster(ABC):
    """A running server: all that is its own is in ``folder``, it listens on ``port`` of the loopback.

    A kind of server says how its data directory is made, how its program is called, and how it is seen to be ready.
    ``title`` and ``advice`` are for people, when it does not start.
    """

    stop_signal: ClassVar[signal.Signals]

    def __init__(self, users: Sequence[str], workdir: Path, title: str, advice: str) -> None:
        self.title, self.advice = title, advice
        self.identity: Identity = server_identity(users)
        self.folder = runtime_folder(workdir, self.identity)
        self.data = self.folder / "data"
        self.password = secrets.token_hex(16)
        self.keeper: Keeper | None = None
        self._extra: list[Path] = []
        try:
            self._prepare()
            self.port = self._start()
        except BaseException:
            self.stop()
            raise

    @abstractmethod
    def _prepare(self) -> None:
        """Make the data directory and the place of the socket."""

    @abstractmethod
    def _argv(self, port: int) -> list[str]:
        """The call of the server's program; its first word is the program."""

    @abstractmethod
    def _entered(self, port: int) -> bool:
        """Connect, and give our user the password of this run; false as long as the server takes nobody."""

    def _settle(self) -> None:
        """Make data that was just put there the server's own."""
        self.identity.own(self.data)

    def _socket_folder(self, name: str) -> Path:
        """A private folder with a short path: a socket's path has at most 107 bytes (unix(7))."""
        if len(str(self.folder)) <= _SOCKET_PATH_LIMIT:
            folder = self.folder / name
            folder.mkdir(mode=0o700)
        else:
            folder = Path(tempfile.mkdtemp(prefix="ag-"))
            self._extra.append(folder)
        self.identity.own(folder)
        return folder

    def _start(self, again: int | None = None) -> int:
        """Start the server, on a free port or on the one it had, and wait for it."""
        tail, argv = "", [""]
        for _ in range(5):
            port = again or free_port()
            argv = self._argv(port)
            self.keeper = self._kept(argv)
            if self._ready(port):
                return port
            tail = self.keeper.log_tail()
            self.keeper.halt()
            if not any(words in tail for words in _PORT_TAKEN):
                break
        raise ServerUnavailable(
            f"{self.title} did not start: {tail or 'it said nothing'}", where=argv[0], advice=self.advice
        )

    def _kept(self, argv: Sequence[str]) -> Keeper:
        return Keeper(
            argv,
            identity=self.identity,
            folder=self.folder,
            log=self.folder / "server.log",
            remove=[self.folder, *self._extra],
            stop_signal=self.stop_signal,
            environment=clean_environment(self.folder),
        )

    def _ready(self, port: int) -> bool:
        """Wait until the server takes connections."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.keeper is not None and self.keeper.alive():
            if self._entered(port):
                return True
            time.sleep(0.005)
        return False

    def thaw(self, source: Path) -> None:
        """Go on with another data directory, on the same port; every connection is lost."""
        if self.keeper is not None:
            self.keeper.halt()
        shutil.rmtree(self.data)
        copy_tree(source, self.data)
        self._settle()
        self.port = self._start(self.port)

    def stop(self) -> None:
        """End the server and remove its files."""
        if self.keeper is not None:
            self.keeper.stop()
            self.keeper = None
        for folder in (self.folder, *self._extra):
            shutil.rmtree(folder, ignore_errors=True)
