"""What the session of a deploy on MySQL and MariaDB is set to when a statement runs."""

from __future__ import annotations

import re

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.rule import MYSQL

_OFF = ("0", "off", "false")
_STRICT = re.compile(r"\b(?:STRICT_(?:TRANS|ALL)_TABLES|TRADITIONAL)\b", re.IGNORECASE)
_WITHOUT_STRICT = re.compile(r"\bREPLACE\s*\([^,]+,\s*['\"][^'\"]*STRICT_", re.IGNORECASE)


def foreign_key_checks(deploy: Deploy, statement: Statement) -> bool:
    """Whether foreign_key_checks is on when the statement runs; without it a new key reads no rows."""
    return _setting(deploy, statement, "foreign_key_checks", "1").strip().lower() not in _OFF


def is_strict(deploy: Deploy, statement: Statement) -> bool:
    """Whether a value that does not fit is refused, as both servers do by default; without, it is cut with a warning.

    A mode taken from another place (``DEFAULT``, ``@old_mode``, ``@@GLOBAL.sql_mode``) counts as the default.
    https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html#sql-mode-strict, https://mariadb.com/kb/en/alter-table/#ignore
    """
    if deploy.dialect not in MYSQL:
        return True
    mode = _setting(deploy, statement, "sql_mode", "DEFAULT").strip()
    if is_ignoring(deploy, statement) or _WITHOUT_STRICT.search(mode):
        return False
    return bool(_STRICT.search(mode)) or "@" in mode or mode.upper() == "DEFAULT"


def is_ignoring(deploy: Deploy, statement: Statement) -> bool:
    """MariaDB's ALTER IGNORE TABLE: rows that a new key forbids are deleted, values that do not fit are cut."""
    return (
        deploy.dialect == "mariadb"
        and re.match(r"\s*ALTER\s+(?:ONLINE\s+)?IGNORE\s", statement.sql, re.IGNORECASE) is not None
    )


def _setting(deploy: Deploy, statement: Statement, name: str, default: str) -> str:
    """A setting's value when the statement runs: as the server said beside an ALTER, else as written."""
    seen = statement.observed.facts.get(name) if statement.observed else None
    if seen is not None:
        return str(seen)
    value = deploy.settings.get(name, default)
    for one in deploy.statements:
        for change in one.changes if one.number < statement.number else ():
            if isinstance(change, c.SetSetting) and change.name == name:
                value = change.value
    return value
