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


def start(version: str | None, url: str | None, *, cache_dir: Path, workdir: Path, progress: Progress) -> MysqlServer:
    """The server at ``url``, which says itself whether it is MySQL or MariaDB; else one of our own."""
    if url is not None:
        return MysqlServer(parse(url), None, "url")
    return start_own(_cluster_mysql.find(version), cache_dir, workdir, progress)


def on_this_machine() -> bool:
    """Whether a MySQL of any version can be started here."""
    try:
        _cluster_mysql.find(None)
    except ServerUnavailable:
        return False
    return True
