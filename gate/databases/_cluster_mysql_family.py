"""A MySQL or MariaDB server of our own: data directory from a cached template, on a private socket and the loopback.

Durability is off; it does not change which algorithm or lock an ALTER takes. What differs between the two servers
(where the programs are, how a data directory is made, how users are) is in ``Binaries``.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.databases._process import (
    Identity,
    Keeper,
    clean_environment,
    copy_tree,
    free_port,
    keep_template,
    runtime_folder,
    server_identity,
    taken_from,
)
from gate.errors import ServerUnavailable

USER = "root"
_SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-use-native-aio=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-fast-shutdown=2",
    "--character-set-server=utf8mb4",
    "--max-connections=60",
    "--default-time-zone=+00:00",
)
_START_SECONDS = 40.0
_SOCKET_PATH_LIMIT = 80


@dataclass(frozen=True)
class Binaries:
    """The server program of one kind, and what is its own way.

    ``install`` makes a data directory (``--datadir`` follows), ``layout`` holds at initialisation and at run time since
    it decides the layout of that directory, ``settings`` at run time only; ``users`` are the statements that leave one
    user, with ``{user}``, ``{host}`` and ``{password}`` to fill in for each host.
    """

    kind: str
    name: str
    server: str
    version: tuple[int, ...]
    text: str
    install: tuple[str, ...]
    layout: tuple[str, ...]
    settings: tuple[str, ...]
    users: tuple[str, ...]
    advice: str


def programs(*names: str) -> dict[str, str]:
    """Where these programs are, on ``PATH`` or where packages put servers; those that are nowhere are left out."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/usr/bin"))
    found = {name: shutil.which(name, path=path) for name in names}
    return {name: where for name, where in found.items() if where is not None}


def version_said(server: str) -> str:
    """The line that the server program says of its version; empty when it does not run."""
    try:
        done = subprocess.run([server, "--no-defaults", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout


def version_numbers(said: str, wanted: str | None, name: str, advice: str) -> tuple[tuple[int, ...], str]:
    """The version in that line. Raises ``ServerUnavailable`` when there is none, or when it is not the wanted one."""
    match = re.search(r"Ver (\d[\d.]*)", said)
    if match is None:
        raise ServerUnavailable(f"the {name} server does not run here", advice=advice)
    numbers = tuple(int(one) for one in match[1].split(".") if one)
    prefix = tuple(int(one) for one in re.findall(r"\d+", wanted or ""))
    if numbers[: len(prefix)] != prefix:
        raise ServerUnavailable(f"{name} {wanted} is not on this machine, only {match[1]}", advice=advice)
    return numbers, match[1]


class Cluster:
    """A running server: ``socket`` is its private socket's path, ``port`` that on the loopback."""

    def __init__(self, binaries: Binaries, cache_dir: Path, workdir: Path, connect: Callable[[Path], Any]) -> None:
        self.binaries, self._connect = binaries, connect
        self.identity: Identity = server_identity(("mysql",))
        self.folder = runtime_folder(workdir, self.identity)
        self.password = secrets.token_hex(16)
        self._extra: list[Path] = []
        self.keeper: Keeper | None = None
        try:
            self.data = self.folder / "data"
            self._prepare_data(cache_dir)
            self.socket = self._socket_path()
            self.port = self._start()
        except BaseException:
            self.stop()
            raise

    def _prepare_data(self, cache_dir: Path) -> None:
        made = (self.binaries.text, self.binaries.server, *self.binaries.layout)
        key = hashlib.sha256("\0".join(made).encode()).hexdigest()[:12]
        template = cache_dir / self.binaries.kind / f"{self.binaries.text}-{key}"
        if taken_from(template, "ibdata1", self.data):
            self.identity.own(self.data)
            return
        self._install()
        keep_template(self.data, template)

    def _install(self) -> None:
        argv = [*self.binaries.install, f"--datadir={self.data}", *self.binaries.layout]
        try:
            done = self.identity.run(argv, cwd=self.folder, timeout=180)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServerUnavailable(
                f"{self.binaries.name}'s initialisation did not run: {error}", where=argv[0]
            ) from error
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).split())[-400:]
            raise ServerUnavailable(
                f"{self.binaries.name}'s initialisation failed: {said}", where=argv[0], advice=self.binaries.advice
            )

    def _socket_path(self) -> Path:
        """A path with at most 107 bytes (unix(7)), in a private folder."""
        if len(str(self.folder)) <= _SOCKET_PATH_LIMIT:
            return self.folder / "s.sock"
        folder = Path(tempfile.mkdtemp(prefix="ag-"))
        self._extra.append(folder)
        self.identity.own(folder)
        return folder / "s.sock"

    def _start(self, again: int | None = None) -> int:
        """Start the server, on a free port or on the one it had, and wait for it."""
        tail = ""
        for _ in range(5):
            port = again or free_port()
            self.keeper = Keeper(
                self._argv(port),
                identity=self.identity,
                folder=self.folder,
                log=self.folder / "server.log",
                remove=[self.folder, *self._extra],
                # Data is thrown away, so nothing needs to be written on the way out.
                stop_signal=signal.SIGKILL,
                environment=clean_environment(self.folder),
            )
            if self._ready():
                return port
            tail = self.keeper.log_tail()
            self.keeper.halt()
            if "Address already in use" not in tail:
                break
        raise ServerUnavailable(
            f"{self.binaries.name} {self.binaries.text} did not start: {tail or 'it said nothing'}",
            where=self.binaries.server,
            advice=self.binaries.advice,
        )

    def _argv(self, port: int) -> list[str]:
        return [
            self.binaries.server,
            "--no-defaults",
            f"--datadir={self.data}",
            f"--socket={self.socket}",
            f"--port={port}",
            f"--pid-file={self.folder / 'server.pid'}",
            f"--tmpdir={self.folder}",
            *self.binaries.layout,
            *_SETTINGS,
            *self.binaries.settings,
        ]

    def _ready(self) -> bool:
        """Wait until the server takes connections; leave one user only, with the password of this run."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.keeper is not None and self.keeper.alive():
            connection = self._connect(self.socket) if self.socket.exists() else None
            if connection is not None:
                with connection, connection.cursor() as cursor:
                    for statement in self._user_statements():
                        cursor.execute(statement)
                return True
            time.sleep(0.01)
        return False

    def _user_statements(self) -> list[str]:
        words = [{"user": USER, "host": host, "password": self.password} for host in ("127.0.0.1", "::1")]
        return list(dict.fromkeys(one.format(**word) for word in words for one in self.binaries.users))

    def freeze(self, target: Path) -> None:
        """Copy the data directory after a clean end of the server, then start it again on the same port."""
        connection = self._connect(self.socket)
        with connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL innodb_fast_shutdown = 1")
            cursor.execute("SHUTDOWN")
        deadline = time.monotonic() + _START_SECONDS
        while self.keeper is not None and self.keeper.alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        if self.keeper is not None:
            self.keeper.halt()
        try:
            copy_tree(self.data, target)
        finally:
            self.port = self._start(self.port)

    def thaw(self, source: Path) -> None:
        """Go on with another data directory, on the same port; every connection is lost."""
        if self.keeper is not None:
            self.keeper.halt()
        shutil.rmtree(self.data)
        copy_tree(source, self.data)
        self.identity.own(self.data)
        self.port = self._start(self.port)

    def stop(self) -> None:
        """End the server and remove its files."""
        if self.keeper is not None:
            self.keeper.stop()
            self.keeper = None
        for folder in (self.folder, *self._extra):
            shutil.rmtree(folder, ignore_errors=True)
