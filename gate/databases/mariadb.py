"""Scratch databases on MariaDB: on the user's scratch server, or on a server of our own from the machine's packages."""

from __future__ import annotations

from pathlib import Path

import pymysql

from gate.databases._cluster_mariadb import USER, Cluster, find
from gate.databases._mysql_family import MysqlServer
from gate.databases._rows_mysql import Connection
from gate.databases._url import ServerUrl, parse
from gate.databases.base import Progress


def start(version: str | None, url: str | None, *, cache_dir: Path, workdir: Path, progress: Progress) -> MysqlServer:
    """A server: the one at ``url``, else one of our own. See ``gate.databases.base.open_server``."""
    if url is not None:
        return MysqlServer(parse(url), None, "url")
    binaries = find(version)
    progress(f"starting MariaDB {binaries.text}")
    cluster = Cluster(binaries, cache_dir, workdir, _try_connect)
    try:
        return MysqlServer(ServerUrl("mysql", USER, cluster.password, "127.0.0.1", cluster.port), cluster, "binaries")
    except BaseException:
        cluster.stop()
        raise


def _try_connect(socket: Path) -> Connection | None:
    try:
        return pymysql.connect(unix_socket=str(socket), user=USER, autocommit=True)
    except pymysql.MySQLError:
        return None
