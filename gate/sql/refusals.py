"""Whether a statement was refused by rows that are there, told by the server's own code or words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gate.facts import changes as c
from gate.facts.rehearsal import Failure, Statement
from gate.facts.schema import Schema

# https://www.postgresql.org/docs/current/errcodes-appendix.html: integrity, and what a value is.
_CLASSES = ("22", "23")
# MySQL's and MariaDB's, whose drivers do not all tell a class, and where it is often HY000 or 01000: NULL, range,
# length, what does not fit the type, keys, JSON, CHECK. https://mariadb.com/kb/en/mariadb-error-code-reference/
_NUMBERS = frozenset(
    [
        "1048",
        "1062",
        "1138",
        "1264",
        "1265",
        "1292",
        "1366",
        "1406",
        "1411",
        "1452",
        "1526",
        "1586",
        "3140",
        "3819",
        "4025",
    ]
)
# Of the class of rows, and about keys that point here: https://mariadb.com/kb/en/mariadb-error-code-reference/
_OF_KEYS = frozenset(["1217", "1451"])
_NUMBER = re.compile(r"^\(?(\d{4})\b")
_SQLITE = re.compile(r"\b(?:UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed\b")
_TWICE = re.compile(r"duplicate|UNIQUE constraint failed", re.IGNORECASE)


def by_rows_of_the_base(failure: Failure, statements: Iterable[Statement], baseline: Schema) -> bool:
    """Whether a run over nothing but the base's own rows stopped at one of them: a change of a table that was there."""
    at = next((one for one in statements if _stopped_at(one, failure)), None)
    if at is None or not _is_of_rows(failure):
        return False
    return any(_meets(change, failure, baseline) for change in at.changes)


def _stopped_at(statement: Statement, failure: Failure) -> bool:
    """A failure has no number where something ran after it: batch mode drops what it made."""
    if failure.statement is not None:
        return statement.number == failure.statement
    return statement.error is not None and statement.sql.strip() == (failure.sql or "").strip()


def _is_of_rows(failure: Failure) -> bool:
    number = _NUMBER.match(failure.error)
    if number:
        return number[1] in _NUMBERS or (number[1] not in _OF_KEYS and _has_class(failure))
    return _has_class(failure) or _SQLITE.search(failure.error) is not None


def _has_class(failure: Failure) -> bool:
    return (failure.sqlstate or "").startswith(_CLASSES)


def _meets(change: c.Change, failure: Failure, baseline: Schema) -> bool:
    """New rows meet others only where a key stands twice; what is dropped is refused by keys, not by its rows."""
    if isinstance(change, (c.DropTable, c.DropColumn, c.Query, c.CodeBlock)):
        return False
    if isinstance(change, c.Insert):
        if any(baseline.table(one) for one in change.reads):
            return True
        return _TWICE.search(failure.error) is not None and baseline.table(change.table) is not None
    table = getattr(change, "table", None)
    return isinstance(table, str) and baseline.table(table) is not None
