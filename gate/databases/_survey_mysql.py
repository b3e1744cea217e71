"""What goes on at a MySQL or MariaDB server. A missing privilege is said, never taken for calm.

Which table a session holds is only told by ``performance_schema.metadata_locks`` or, on MariaDB, by the plugin
``METADATA_LOCK_INFO`` (https://mariadb.com/kb/en/metadata-lock-info-plugin/); without them sessions are *blind*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from gate.databases._grants_mysql import account
from gate.facts.schema import Schema
from gate.facts.target_survey import HeldLock, Session, TableSize, TargetSurvey

Row = tuple[Any, ...]
Optional = Callable[[str], "list[Row] | str"]

_SIZES = """
SELECT TABLE_NAME, TABLE_ROWS, DATA_LENGTH + INDEX_LENGTH FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'
"""
_FILES = {
    "mariadb": "SELECT NAME, FILE_SIZE FROM information_schema.INNODB_SYS_TABLESPACES WHERE NAME LIKE CONCAT(DATABASE(), '/%')",
    "mysql": "SELECT NAME, FILE_SIZE FROM information_schema.INNODB_TABLESPACES WHERE NAME LIKE CONCAT(DATABASE(), '/%')",
}
_TRANSACTIONS = """
SELECT trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, trx_started, NOW()) FROM information_schema.INNODB_TRX
WHERE trx_mysql_thread_id <> CONNECTION_ID() AND trx_mysql_thread_id > 0
"""
_SESSIONS = """
SELECT ID, USER, COALESCE(HOST, ''), COMMAND, TIME, COALESCE(STATE, ''), LEFT(COALESCE(INFO, ''), 300) FROM information_schema.PROCESSLIST
WHERE ID <> CONNECTION_ID() AND (DB = DATABASE() OR DB IS NULL) AND COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID')
"""
# Threads that fetch from a source, and those that send to replicas. MariaDB names the command, MySQL only the state:
# https://dev.mysql.com/doc/refman/8.4/en/replica-io-thread-states.html
_REPLICATION = """
SELECT COALESCE(SUM(USER = 'system user' AND (COMMAND = 'Slave_IO' OR STATE LIKE 'Waiting for % to send event' OR STATE LIKE 'Queueing % event to the relay log'
                    OR STATE LIKE 'Connecting to %' OR STATE LIKE 'Reconnecting after %')), 0),
       COALESCE(SUM(COMMAND LIKE 'Binlog Dump%'), 0)
FROM information_schema.PROCESSLIST
"""
_LOCK_PLUGIN = """
SELECT THREAD_ID, LOCK_TYPE, LOCK_MODE, TABLE_NAME, 'GRANTED', TABLE_SCHEMA FROM information_schema.METADATA_LOCK_INFO
WHERE THREAD_ID <> CONNECTION_ID() AND (TABLE_SCHEMA = DATABASE() OR LOCK_TYPE = 'User lock')
"""
_LOCK_SCHEMA = """
SELECT t.PROCESSLIST_ID, m.OBJECT_TYPE, m.LOCK_TYPE, m.OBJECT_NAME, m.LOCK_STATUS, m.OBJECT_SCHEMA
FROM performance_schema.metadata_locks m JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID
WHERE t.PROCESSLIST_ID <> CONNECTION_ID() AND (m.OBJECT_SCHEMA = DATABASE() AND m.OBJECT_TYPE = 'TABLE'
      OR m.OBJECT_TYPE = 'USER LEVEL LOCK')
"""
_HAS_PLUGIN = "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'METADATA_LOCK_INFO' AND PLUGIN_STATUS = 'ACTIVE'"
_HAS_SCHEMA = """
SELECT 1 FROM performance_schema.setup_instruments WHERE NAME = 'wait/lock/metadata/sql/mdl' AND ENABLED = 'YES' AND @@performance_schema = 1
"""
_REPLICAS = (
    "replicas that read the target's binary log: {number}. How far they are behind is only known there (SHOW REPLICA STATUS), "
    "and each runs the upgrade's statements again after the target"
)
_NAMED_LOCKS = ("alembic", "alembic_version", "alembic_upgrade", "migration", "migrations", "db_migration")
_IN_USE = "SHOW OPEN TABLES FROM {database} WHERE In_use > 0"
_SETTINGS = """
SELECT 'lock_wait_timeout', @@global.lock_wait_timeout UNION ALL SELECT 'innodb_lock_wait_timeout', @@global.innodb_lock_wait_timeout
UNION ALL SELECT 'sql_mode', @@global.sql_mode UNION ALL SELECT 'foreign_key_checks', @@global.foreign_key_checks
"""


def survey(
    ask: Callable[[str], list[Row]],
    optional: Optional,
    schema: Schema,
    kind: str,
    unknown: tuple[str, ...],
    *,
    whole: bool,
) -> TargetSurvey:
    """Put the views together; ``whole`` tells that the role may SELECT from every table."""
    unknowns: list[str] = list(unknown)
    user = str(ask("SELECT CURRENT_USER()")[0][0])
    if not whole:
        unknowns.append(f"tables without a grant are not visible: {user} has no SELECT on the whole database")
    sessions = _sessions(optional, unknowns, user)
    settings = optional(_SETTINGS)
    replication = optional(_REPLICATION)
    sources, replicas = replication[0] if not isinstance(replication, str) else (0, 0)
    return TargetSurvey(
        schema=schema,
        tables=_tables(ask, optional, kind),
        sessions=sessions + _locked_tables(optional, ask, sessions),
        settings={str(name): str(value) for name, value in settings} if not isinstance(settings, str) else {},
        unknowns=tuple(unknowns),
        replicates=bool(sources),
        notes=(_REPLICAS.format(number=replicas),) if replicas else (),
    )


def _tables(ask: Callable[[str], list[Row]], optional: Optional, kind: str) -> dict[str, TableSize]:
    """Sizes by name: InnoDB's statistics lag behind, the size of the file does not."""
    files = optional(_FILES[kind])
    sizes = {str(name).partition("/")[2]: int(size) for name, size in files} if not isinstance(files, str) else {}
    return {
        name: TableSize(name, None if rows is None else int(rows), max(int(size or 0), sizes.get(name, 0)) or None)
        for name, rows, size in ask(_SIZES)
    }


def _sessions(optional: Optional, unknowns: list[str], user: str) -> tuple[Session, ...]:
    transactions = optional(_TRANSACTIONS)
    if isinstance(transactions, str):
        unknowns.append(
            f"transactions of other users, and replication: {user} lacks PROCESS (GRANT PROCESS ON *.* TO {account(user)})"
        )
        transactions = []
    ages = {int(id): float(seconds) for id, seconds in transactions}
    held, advisory, blind = _locks(optional)
    people = optional(_SESSIONS)
    found = []
    for id, name, _host, command, seconds, _state, query in people if not isinstance(people, str) else []:
        age = ages.get(int(id))
        idle = command == "Sleep"
        state = "idle in transaction" if idle and age is not None else "idle" if idle else "active"
        locks, keys = tuple(held.get(int(id), ())), tuple(advisory.get(int(id), ()))
        found.append(
            Session(
                str(id), name, "", state, age, float(seconds or 0), query, locks, keys, blind=blind and age is not None
            )
        )
    return tuple(
        one
        for one in found
        if one.transaction_seconds is not None or one.locks or one.advisory or one.state == "active"
    )


def _locks(optional: Optional) -> tuple[dict[int, list[HeldLock]], dict[int, list[str]], bool]:
    """Table locks and user locks by connection, and whether the server tells them at all."""
    held: dict[int, list[HeldLock]] = defaultdict(list)
    advisory: dict[int, list[str]] = defaultdict(list)
    for has, sql in ((_HAS_PLUGIN, _LOCK_PLUGIN), (_HAS_SCHEMA, _LOCK_SCHEMA)):
        if not optional(has) or isinstance(optional(has), str):
            continue
        rows = optional(sql)
        if isinstance(rows, str):
            continue
        for id, kind, mode, name, status, place in rows:
            if "user" in str(kind).lower():
                advisory[int(id)].append(str(name or place))
            elif name:
                held[int(id)].append(HeldLock(str(name), str(mode), str(status) == "GRANTED"))
        return held, advisory, False
    names = ", ".join(f"IS_USED_LOCK('{name}')" for name in _NAMED_LOCKS)
    used = optional(f"SELECT {names}")
    for id, name in zip(used[0], _NAMED_LOCKS, strict=True) if not isinstance(used, str) else ():
        if id is not None:
            advisory[int(id)].append(name)
    return held, advisory, True


def _locked_tables(
    optional: Optional, ask: Callable[[str], list[Row]], sessions: tuple[Session, ...]
) -> tuple[Session, ...]:
    """Tables under LOCK TABLES: in use while no statement runs on them, seen twice half a second apart."""
    if any(one.locks for one in sessions):
        return ()
    database = ask("SELECT DATABASE()")[0][0]
    sql = _IN_USE.format(database="`" + str(database).replace("`", "``") + "`")
    first = optional(sql)
    if not first or isinstance(first, str):
        return ()
    ask("SELECT SLEEP(0.5)")
    second = optional(sql)
    stay = {row[1] for row in first} & {row[1] for row in second} if not isinstance(second, str) else set()
    busy = " ".join(one.query for one in sessions if one.state == "active")
    return tuple(
        Session("unknown", state="locked", locks=(HeldLock(str(name), "LOCK TABLES"),))
        for name in sorted(stay)
        if name not in busy
    )
