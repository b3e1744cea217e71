"""MySQL's own way to be found, initialised and given one user."""

from __future__ import annotations

from gate.databases._cluster_mysql_family import Binaries, programs, version_numbers, version_said
from gate.errors import ServerUnavailable

ADVICE = (
    "add a `services:` container with mysql to the job and pass --database-url mysql://root:password@host:3306/; "
    "or install MySQL's server package; or rehearse on MariaDB with --database mariadb, whose answers are labelled "
    "as MariaDB's"
)
# Since 5.7 the server itself initialises: https://dev.mysql.com/doc/refman/8.4/en/data-directory-initialization.html
_OLDEST = (5, 7)
_SETTINGS = ("--secure-file-priv=NULL", "--innodb-flush-method=nosync")
# Not over the X protocol, whose port is fixed; the plugin exists since 8.0.11.
_SINCE_8 = ("--mysqlx=OFF",)
# `caching_sha2_password` remembers who logged in; flushing privileges would make drivers without TLS fail at their first
# login: https://dev.mysql.com/doc/refman/8.4/en/caching-sha2-pluggable-authentication.html
_USERS = (
    "DROP USER IF EXISTS '{user}'@'{host}'",
    "CREATE USER '{user}'@'{host}' IDENTIFIED BY '{password}'",
    "GRANT ALL PRIVILEGES ON *.* TO '{user}'@'{host}' WITH GRANT OPTION",
)


def find(version: str | None) -> Binaries:
    """MySQL's program on this machine. Raises ``ServerUnavailable`` naming what there is instead."""
    wanted = f"a MySQL{' ' + version if version else ''} server"
    server = programs("mysqld").get("mysqld")
    said = version_said(server) if server else ""
    if server is None or "mariadb" in said.lower():  # MariaDB's packages bring a `mysqld` as well
        raise ServerUnavailable(f"{wanted} has to be given: there is none on this machine", advice=ADVICE)
    numbers, text = version_numbers(said, version, "MySQL", ADVICE)
    if numbers < _OLDEST:
        raise ServerUnavailable(f"MySQL {text} on this machine is too old to be started", where=server, advice=ADVICE)
    install = (server, "--no-defaults", "--initialize-insecure", "--secure-file-priv=NULL")
    settings = (*_SETTINGS, *_SINCE_8) if numbers >= (8, 0) else _SETTINGS
    return Binaries("mysql", "MySQL", server, numbers, text, install, (), settings, _USERS, ADVICE)
