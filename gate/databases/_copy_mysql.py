"""A copy of a MySQL or MariaDB database on the same server, from the server's own CREATE texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gate.databases._rows_mysql import Connection, quoted

_PREPARE = (
    "SET SESSION foreign_key_checks = 0",
    "SET SESSION unique_checks = 0",
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
)
# A routine keeps the mode that it is made under and runs under it: the session has that mode while its text is run.
_MADE_UNDER = "SET SESSION sql_mode = %s"
_DEFINER = re.compile(r"\sDEFINER\s*=\s*(?:`[^`]*`|\S+?)@(?:`[^`]*`|\S+)")


def copy_database(connection: Connection, source: str, target: str) -> None:
    """Copy tables with rows, then sequences, routines, views and triggers. ``connection`` is in the target."""
    run = _Runner(connection)
    mode = run.rows("SELECT @@sql_mode")[0][0]
    for text in _PREPARE:
        run.do(text)
    kinds = run.rows(
        "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s ORDER BY TABLE_NAME",
        source,
    )
    for name, kind in kinds:
        if kind in ("BASE TABLE", "SYSTEM VERSIONED"):
            _copy_table(run, source, name)
        elif kind == "SEQUENCE":
            run.do(run.made("SEQUENCE", source, name))
    _routines(run, source)
    run.do(_MADE_UNDER, mode)
    for text in _views(run, source, target, [name for name, kind in kinds if kind == "VIEW"]):
        run.do(text)
    _triggers(run, source)
    run.do("SET SESSION foreign_key_checks = 1, unique_checks = 1")
    run.do(_MADE_UNDER, mode)


class _Runner:
    """Runs statements and reads what the server shows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def do(self, text: str, *values: Any) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(text, values or None)

    def rows(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(text, values or None)
            return list(cursor.fetchall())

    def made(self, kind: str, source: str, name: str) -> str:
        """The CREATE text of an object: the first column of SHOW CREATE that begins with that word."""
        row = self.rows(f"SHOW CREATE {kind} {quoted(source)}.{quoted(name)}")[0]
        text = next(str(one) for one in row if str(one).upper().startswith("CREATE"))
        return _DEFINER.sub("", text, count=1)


def _copy_table(run: _Runner, source: str, name: str) -> None:
    run.do(run.made("TABLE", source, name))
    fields = run.rows(
        "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s "
        "AND EXTRA NOT LIKE %s AND EXTRA NOT LIKE %s AND EXTRA NOT LIKE %s ORDER BY ORDINAL_POSITION",
        source,
        name,
        "%VIRTUAL%",
        "%STORED%",
        "%PERSISTENT%",
    )
    listed = ", ".join(quoted(one) for (one,) in fields)
    if listed:
        run.do(f"INSERT INTO {quoted(name)} ({listed}) SELECT {listed} FROM {quoted(source)}.{quoted(name)}")


def _routines(run: _Runner, source: str) -> None:
    for kind, name, mode in run.rows(
        "SELECT ROUTINE_TYPE, ROUTINE_NAME, SQL_MODE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s", source
    ):
        if kind in ("PROCEDURE", "FUNCTION"):
            text = run.made(kind, source, name)
            run.do(_MADE_UNDER, mode)
            run.do(text)


def _triggers(run: _Runner, source: str) -> None:
    for name, mode in run.rows(
        "SELECT TRIGGER_NAME, SQL_MODE FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = %s", source
    ):
        text = run.made("TRIGGER", source, name)
        run.do(_MADE_UNDER, mode)
        run.do(text)


def _views(run: _Runner, source: str, target: str, names: list[str]) -> Iterator[str]:
    """Views in an order in which each finds the views that it reads. The server spells every name with its database."""
    texts = {name: run.made("VIEW", source, name).replace(f"{quoted(source)}.", f"{quoted(target)}.") for name in names}
    while texts:
        free = [
            name
            for name, text in texts.items()
            if not any(_reads(text, target, other) for other in texts if other != name)
        ]
        for name in free or list(texts):
            yield texts.pop(name)


def _reads(text: str, database: str, view: str) -> bool:
    return f"{quoted(database)}.{quoted(view)}" in text.partition(" AS ")[2]
