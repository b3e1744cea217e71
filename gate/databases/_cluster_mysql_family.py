"""A MySQL or MariaDB server of our own: data directory from a cached template, on a private socket and the loopback.

Durability is off; it does not change which algorithm or lock an ALTER takes. What differs between the two servers
(where the programs are, how a data directory is made, how users are) is in ``Binaries``.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.databases._cluster import Cluster
from gate.databases._process import (
    copy_tree,
    keep_template,
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
    "--event-scheduler=OFF",  # an event that the deploy makes would change rows while they are being compared
)
_END_SECONDS = 40.0


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


class MysqlCluster(Cluster):
    """A running server: ``socket`` is its private socket's path."""

    # Data is thrown away, so nothing needs to be written on the way out.
    stop_signal = signal.SIGKILL

    def __init__(self, binaries: Binaries, cache_dir: Path, workdir: Path, connect: Callable[[Path], Any]) -> None:
        self.binaries, self._cache_dir, self._connect = binaries, cache_dir, connect
        super().__init__(("mysql",), workdir, f"{binaries.name} {binaries.text}", binaries.advice)

    def _prepare(self) -> None:
        self._prepare_data()
        self.socket = self._socket_folder("s") / "s.sock"

    def _prepare_data(self) -> None:
        made = (self.binaries.text, self.binaries.server, *self.binaries.layout)
        key = hashlib.sha256("\0".join(made).encode()).hexdigest()[:12]
        template = self._cache_dir / self.binaries.kind / f"{self.binaries.text}-{key}"
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

    def _entered(self, port: int) -> bool:
        """Leave one user only, with the password of this run."""
        connection = self._connect(self.socket) if self.socket.exists() else None
        if connection is None:
            return False
        with connection, connection.cursor() as cursor:
            for statement in self._user_statements():
                cursor.execute(statement)
        return True

    def _user_statements(self) -> list[str]:
        words = [{"user": USER, "host": host, "password": self.password} for host in ("127.0.0.1", "::1")]
        return list(dict.fromkeys(one.format(**word) for word in words for one in self.binaries.users))

    def freeze(self, target: Path) -> None:
        """Copy the data directory after a clean end of the server, then start it again on the same port."""
        connection = self._connect(self.socket)
        with connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL innodb_fast_shutdown = 1")
            cursor.execute("SHUTDOWN")
        deadline = time.monotonic() + _END_SECONDS
        while self.keeper is not None and self.keeper.alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        if self.keeper is not None:
            self.keeper.halt()
        try:
            copy_tree(self.data, target)
        finally:
            self.port = self._start(self.port)
