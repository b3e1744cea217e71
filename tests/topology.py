"""What stands around a PostgreSQL server in production, for tests: a streaming standby, a connection pooler."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest

from gate.databases._cluster_postgresql import PostgresCluster
from gate.databases._process import free_port

POOLER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


def cluster_of(database: Any) -> PostgresCluster:
    """The running PostgreSQL server behind a scratch database."""
    found: PostgresCluster = database._server._cluster
    return found


def process_of(database: Any) -> int:
    """The process of the server behind a scratch database, to be hurt."""
    keeper = database._server._cluster.keeper
    assert keeper is not None
    number: int = keeper.pid
    return number


@dataclass(frozen=True)
class Standby:
    """A hot standby: ``execute`` runs one statement on it, ``url`` is a database of it for ``--target-url``."""

    host: str
    port: int
    password: str

    def url(self, database: Any) -> str:
        """The database of this name as the standby has it."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database.parts['database']}"

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of one statement."""
        with psycopg.connect(host=self.host, port=self.port, user="postgres", autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []


@contextmanager
def streaming_standby(database: Any, folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Standby]:
    """A copy of the server by ``pg_basebackup`` that streams from it, under the name ``standby_one``."""
    cluster = cluster_of(database)
    rules = cluster.data / "pg_hba.conf"
    if "replication" not in rules.read_text():
        rules.write_text(rules.read_text() + "local replication all trust\n")
        database.execute("SELECT pg_reload_conf()")
    data = cluster.folder / f"standby-{free_port()}"
    source = f"host={cluster.socket} port={cluster.port} user=postgres application_name=standby_one"
    backup = [str(cluster.binaries.program("pg_basebackup")), "-d", source, "-D", str(data), "-R", "-X", "stream"]
    done = cluster.identity.run([*backup, "-c", "fast", "--no-sync"], cwd=cluster.folder, timeout=120)
    assert done.returncode == 0, done.stderr
    port = free_port()
    argv = cluster._argv(port)
    argv[argv.index("-D") + 1] = str(data)
    argv += [part for name, value in (settings or {}).items() for part in ("-c", f"{name}={value}")]
    with started(cluster, argv, folder / "standby.log") as process:
        standby = Standby(str(cluster.socket), port, cluster.password)
        until(lambda: process.poll() is None and _streams(standby), folder / "standby.log")
        yield standby
    shutil.rmtree(data, ignore_errors=True)


def _streams(standby: Standby) -> bool:
    try:
        return bool(standby.execute("SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'"))
    except psycopg.Error:
        return False


@contextmanager
def started(cluster: PostgresCluster, argv: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program run as the server's user, ended with the block."""
    own = cluster.identity
    with log.open("wb") as out:
        process = subprocess.Popen(
            argv,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=cluster.folder,
            user=own.uid,
            group=own.gid,
            extra_groups=None if own.uid is None else [],
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def replicated(database: Any, folder: Path) -> Iterator[tuple[str, str]]:
    """Two servers of the database's kind (MariaDB), the second a replica that takes writes; the URLs of an ``app`` on each."""
    cluster = database._server._cluster
    place = cluster.folder / f"pair-{free_port()}"
    place.mkdir()
    cluster.identity.own(place)
    install = [*cluster.binaries.install, f"--datadir={place / '1'}", *cluster.binaries.layout]
    done = cluster.identity.run(install, cwd=place, timeout=180)
    assert done.returncode == 0, done.stderr
    shutil.copytree(place / "1", place / "2")
    cluster.identity.own(place)
    ports = (free_port(), free_port())
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(_one_of_a_pair(cluster, place, number, port, folder))
            for number, port in enumerate(ports, 1)
        )
        for cursor in (first, second):
            cursor.execute("SET sql_log_bin = 0")
            cursor.execute("CREATE USER gate@'127.0.0.1' IDENTIFIED BY 'pair'")
            cursor.execute("GRANT ALL ON *.* TO gate@'127.0.0.1'")
            cursor.execute("SET sql_log_bin = 1")
        second.execute(
            f"CHANGE MASTER TO master_host='127.0.0.1', master_port={ports[0]}, master_user='gate', master_password='pair', "
            "master_log_file='bin.000001', master_log_pos=4"
        )
        second.execute("START SLAVE")
        first.execute("CREATE DATABASE app")
        until(lambda: second.execute("SHOW DATABASES LIKE 'app'") == 1, folder / "pair-2.log")
        one, other = (f"mysql+pymysql://gate:pair@127.0.0.1:{port}/app" for port in ports)
        yield one, other
    shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _one_of_a_pair(cluster: Any, place: Path, number: int, port: int, folder: Path) -> Iterator[Any]:
    """A running server that writes a binary log; gives a cursor of its superuser."""
    socket = place / f"{number}.sock"
    own = {"--datadir": place / f"{number}", "--socket": socket, "--pid-file": place / f"{number}.pid"}
    words = [one for one in cluster._argv(port) if one.partition("=")[0] not in own and one != "--skip-log-bin"]
    words += [f"{name}={value}" for name, value in own.items()] + [f"--server-id={number}", "--log-bin=bin"]
    log = folder / f"pair-{number}.log"
    with started(cluster, words, log):
        until(socket.exists, log)
        with (
            pymysql.connect(unix_socket=str(socket), user="root", autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            yield cursor


def until(holds: Any, log: Path | None = None, seconds: float = 60) -> None:
    """Wait until something holds; what the log says is the failure's text."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, log.read_text("utf-8", "replace")[-2000:] if log else "waited in vain"
        time.sleep(0.05)


@contextmanager
def pooler(database: Any, folder: Path, mode: str = "transaction", **settings: object) -> Iterator[str]:
    """PgBouncer in front of the server; gives the URL of this database through it."""
    if POOLER is None:
        assert os.environ.get("ALEMBIC_GATE_CI") != "1", "CI has no pgbouncer: add the package"
        pytest.skip("no pgbouncer on this machine (Debian's package pgbouncer)")
    cluster = cluster_of(database)
    port = free_port()
    place = cluster.folder / f"pooler-{port}"
    place.mkdir()
    (place / "users.txt").write_text(f'"postgres" "{cluster.password}"\n')
    words = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": place / "users.txt",
        "pool_mode": mode,
        "default_pool_size": 2,
        "server_round_robin": 1,
        **settings,
    }
    lines = "".join(f"{name} = {value}\n" for name, value in words.items())
    (place / "pgbouncer.ini").write_text(f"[databases]\n* = host=127.0.0.1 port={cluster.port}\n\n[pgbouncer]\n{lines}")
    cluster.identity.own(place)
    url = re.sub(r":\d+/", f":{port}/", database.url("postgresql"))
    with started(cluster, [POOLER, str(place / "pgbouncer.ini")], folder / "pooler.log"):
        until(lambda: _answers(url), folder / "pooler.log")
        yield url
    shutil.rmtree(place, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True
