"""What ``information_schema`` hides from a role that may only SELECT, put together from what it shows.

MariaDB and MySQL list TABLE_CONSTRAINTS and REFERENTIAL_CONSTRAINTS only to roles with more than SELECT on the table
(measured on MariaDB 10.11), while KEY_COLUMN_USAGE, CHECK_CONSTRAINTS and SHOW CREATE TABLE show the same things.
https://mariadb.com/kb/en/information-schema-table_constraints-table/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

Row = dict[str, Any]
Ask = Callable[[str], list[Row]]

_KEYS = "SELECT * FROM information_schema.KEY_COLUMN_USAGE WHERE CONSTRAINT_SCHEMA = DATABASE()"
_CHECKS = "SELECT * FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()"
_RULE = re.compile(
    r"CONSTRAINT [`\"](?P<name>(?:[^`\"]|``|\"\")+)[`\"] FOREIGN KEY .*?REFERENCES [^(]*\([^)]*\)(?P<rest>[^,\n]*)"
)
_GRANT = re.compile(r"GRANT (?P<what>.+?) ON (?:TABLE )?(?P<scope>\*\.\*|[`\"].+?[`\"]\.\*) TO ", re.IGNORECASE)
_ROUTINE_RIGHTS = {"EXECUTE", "CREATE ROUTINE", "ALTER ROUTINE", "SHOW_ROUTINE", "SHOW CREATE ROUTINE"}
_DELETE = re.compile(r"ON DELETE (CASCADE|SET NULL|SET DEFAULT|NO ACTION|RESTRICT)")


def seeing(ask: Ask) -> Ask:
    """The same function, whose answers about constraints do not depend on the role's grants."""

    def filled(sql: str) -> list[Row]:
        rows = ask(sql)
        if "information_schema.TABLE_CONSTRAINTS" in sql:
            return rows + _constraints(ask, {(one["TABLE_NAME"], one["CONSTRAINT_NAME"]) for one in rows})
        if "information_schema.REFERENTIAL_CONSTRAINTS" in sql:
            return rows + _rules(ask, {(one["TABLE_NAME"], one["CONSTRAINT_NAME"]) for one in rows})
        return rows

    return filled


def _constraints(ask: Ask, known: set[tuple[str, str]]) -> list[Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in ask(_KEYS):
        key = (row["TABLE_NAME"], row["CONSTRAINT_NAME"])
        kind = "FOREIGN KEY" if row["REFERENCED_TABLE_NAME"] else "PRIMARY KEY" if key[1] == "PRIMARY" else "UNIQUE"
        if key not in known:
            found[key] = {"TABLE_NAME": key[0], "CONSTRAINT_NAME": key[1], "CONSTRAINT_TYPE": kind}
    for row in ask(_CHECKS) if not known else ():
        table = row.get("TABLE_NAME")  # MySQL does not name it here
        if table:
            key = (table, row["CONSTRAINT_NAME"])
            found[key] = {"TABLE_NAME": table, "CONSTRAINT_NAME": key[1], "CONSTRAINT_TYPE": "CHECK"}
    return list(found.values())


def _rules(ask: Ask, known: set[tuple[str, str]]) -> list[Row]:
    """What a delete of the parent does, out of the table's own definition."""
    missing = [
        (row["TABLE_NAME"], row["CONSTRAINT_NAME"])
        for row in ask(_KEYS)
        if row["REFERENCED_TABLE_NAME"] and (row["TABLE_NAME"], row["CONSTRAINT_NAME"]) not in known
    ]
    found = []
    for table in dict.fromkeys(table for table, _ in missing):
        quoted = "`" + table.replace("`", "``") + "`"
        text = next(
            (str(one["Create Table"]) for one in ask(f"SHOW CREATE TABLE {quoted}") if "Create Table" in one), ""
        )
        for match in _RULE.finditer(text):
            action = _DELETE.search(match["rest"])
            rule = action[1] if action else "RESTRICT"
            found.append({"TABLE_NAME": table, "CONSTRAINT_NAME": match["name"], "DELETE_RULE": rule})
    return found


def privileges(lines: Iterable[str], database: str) -> frozenset[str]:
    """What the lines of SHOW GRANTS (active roles included) allow on every object of a database, in capitals."""
    found: set[str] = set()
    for line in lines:
        match = _GRANT.match(line)
        if match and _covers(match["scope"], database):
            found |= {one.strip().upper() for one in match["what"].split(",") if "(" not in one}
    return frozenset(found)


def account(user: str) -> str:
    """``CURRENT_USER()`` as GRANT wants it: ``'name'@'host'``."""
    name, _, host = user.rpartition("@")
    return f"'{name}'@'{host}'" if name else f"'{host}'"


def _covers(scope: str, database: str) -> bool:
    """Does ``*.*`` or a quoted name, in which _ and % are wildcards unless escaped, mean this database?"""
    if scope == "*.*":
        return True
    wanted = scope[1:-3].replace("``", "`").replace('""', '"')
    parts = re.findall(r"\\.|%|_|[^\\%_]+", wanted)
    spelled = {"%": ".*", "_": "."}
    return (
        re.fullmatch("".join(spelled.get(one) or re.escape(one.removeprefix("\\")) for one in parts), database)
        is not None
    )


def hidden(rights: Collection[str], bodies_missing: bool, place: str, user: str, *, mariadb: bool) -> dict[str, str]:
    """Kinds of object that ``information_schema`` keeps from this role, each with a sentence that has the GRANT.

    Without TRIGGER no trigger is listed, without SHOW VIEW views have no text, without a right on routines none is
    listed; their bodies take more (measured on MariaDB 10.11 and MySQL 9.7).
    """
    if "ALL PRIVILEGES" in rights:
        return {}
    found, to = {}, account(user)
    if "TRIGGER" not in rights:
        found["triggers"] = f"triggers: {user} lacks TRIGGER (GRANT TRIGGER ON {place}.* TO {to})"
    if "SHOW VIEW" not in rights:
        found["views"] = f"the text of views: {user} lacks SHOW VIEW (GRANT SHOW VIEW ON {place}.* TO {to})"
    if bodies_missing or not _ROUTINE_RIGHTS & set(rights):
        right = "SELECT ON mysql.proc" if mariadb else "SHOW_ROUTINE ON *.*"
        listing = "" if _ROUTINE_RIGHTS & set(rights) or not mariadb else f" and GRANT EXECUTE ON {place}.* TO {to}"
        found["routines"] = f"procedures and functions: {user} may not read them (GRANT {right} TO {to}{listing})"
    return found
