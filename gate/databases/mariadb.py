"""Scratch databases on MariaDB: on the user's scratch server, or on a server of our own from the machine's packages."""

from __future__ import annotations

from pathlib import Path

from gate.databases import _cluster_mariadb
from gate.databases._mysql_family import MysqlServer, start_own
from gate.databases._url import parse
from gate.databases.base import Progress


def start(version: str | None, url: str | None, *, cache_dir: Path, workdir: Path, progress: Progress) -> MysqlServer:
    """A server: the one at ``url``, else one of our own. See ``gate.databases.base.open_server``."""
    if url is not None:
        return MysqlServer(parse(url), None, "url")
    return start_own(_cluster_mariadb.find(version), cache_dir, workdir, progress)
