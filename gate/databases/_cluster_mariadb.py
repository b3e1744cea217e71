"""MariaDB's own way to be found, initialised and given one user."""

from __future__ import annotations

from gate.databases._cluster_mysql_family import Binaries, programs, version_numbers, version_said
from gate.errors import ServerUnavailable

ADVICE = (
    "install MariaDB's server package (mariadb-server-core on Debian), "
    "or give a scratch server with --database-url mysql://user:password@host:port/"
)
_LAYOUT = ("--innodb-log-file-size=8M", "--innodb-undo-tablespaces=0")
_USERS = (
    "DELETE FROM mysql.global_priv WHERE User = '' OR Host <> 'localhost'",
    "FLUSH PRIVILEGES",
    "CREATE OR REPLACE USER '{user}'@'{host}' IDENTIFIED BY '{password}'",
    "GRANT ALL PRIVILEGES ON *.* TO '{user}'@'{host}' WITH GRANT OPTION",
)


def find(version: str | None) -> Binaries:
    """MariaDB's programs on this machine. Raises ``ServerUnavailable`` naming what there is instead."""
    found = programs("mariadbd", "mariadb-install-db")
    if len(found) < 2:
        raise ServerUnavailable("there is no MariaDB server on this machine", advice=ADVICE)
    server = found["mariadbd"]
    numbers, text = version_numbers(version_said(server), version, "MariaDB", ADVICE)
    install = (
        found["mariadb-install-db"],
        "--no-defaults",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    )
    return Binaries("mariadb", "MariaDB", server, numbers, text, install, _LAYOUT, (), _USERS, ADVICE)
