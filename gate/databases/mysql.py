"""Scratch databases on MySQL: on the user's scratch server, or on one of our own where the machine has its program.

Debian has no package of it, so the action's image has none; GitHub's Ubuntu runners and many laptops have one.
"""

from __future__ import annotations

from pathlib import Path

from gate.databases import _cluster_mysql
from gate.databases._mysql_family import MysqlServer, start_own
from gate.databases._url import parse
from gate.databases.base import Progress
from gate.errors import ServerUnavailable

# Programs that are there and do not start: on GitHub's Ubuntu runners AppArmor keeps `mysqld` to its own folders.
_REFUSING: set[str] = set()


def start(version: str | None, url: str | None, *, cache_dir: Path, workdir: Path, progress: Progress) -> MysqlServer:
    """The server at ``url``, which says itself whether it is MySQL or MariaDB; else one of our own."""
    if url is not None:
        return MysqlServer(parse(url), None, "url")
    binaries = _cluster_mysql.find(version)
    try:
        return start_own(binaries, cache_dir, workdir, progress)
    except ServerUnavailable:
        _REFUSING.add(binaries.server)
        raise


def on_this_machine() -> bool:
    """Whether a MySQL of any version is here and, as far as it was tried, starts."""
    try:
        return _cluster_mysql.find(None).server not in _REFUSING
    except ServerUnavailable:
        return False
