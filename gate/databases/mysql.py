"""Scratch databases on MySQL: on the user's scratch server only, since no package of its server can be relied on."""

from __future__ import annotations

from pathlib import Path

from gate.databases._mysql_family import MysqlServer
from gate.databases._url import parse
from gate.databases.base import Progress
from gate.errors import ServerUnavailable


def start(version: str | None, url: str | None, *, cache_dir: Path, workdir: Path, progress: Progress) -> MysqlServer:
    """The server at ``url``, which says itself whether it is MySQL or MariaDB."""
    if url is None:
        raise ServerUnavailable(
            f"a MySQL{' ' + version if version else ''} server has to be given",
            advice="add a `services:` container with mysql to the job and pass "
            "--database-url mysql://root:password@host:3306/; or rehearse on MariaDB with --database mariadb, "
            "whose answers are labelled as MariaDB's",
        )
    return MysqlServer(parse(url), None, "url")
