"""What rows a database holds, as digests; and what two digests say about rows and values lost or changed between them.

A column is described by the multiset of its values, so row order does not matter. Each value is kept in two forms:
as the server writes it, and loosely (``1.50`` is ``1.5``, ``true`` is ``1``, ``2024-01-01 00:00:00+00`` is
``2024-01-01 00:00:00``), for columns whose type changed, where another spelling of the same value is no loss.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from gate.facts.rehearsal import DataChange

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(?:[+-]\d\d(?::?\d\d)?|Z)?")
_WORDS = {"true": "1", "t": "1", "false": "0", "f": "0"}


@dataclass(frozen=True)
class ColumnDigest:
    """The values of one column: short hashes, sorted, exact and loose, and how many values are not NULL.

    Of a large table there is one hash of the ``whole`` column, while ``filled`` still counts its values.
    """

    type: str
    values: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    filled: int = 0
    whole: bool = False


@dataclass(frozen=True)
class TableDigest:
    """Row count and columns of one table."""

    rows: int
    columns: Mapping[str, ColumnDigest] = field(default_factory=dict)


@dataclass(frozen=True)
class Digest:
    """The rows of a whole database, by table name. ``unread`` says which tables could not be read, and why."""

    tables: Mapping[str, TableDigest] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)


def column_digest(type: str, values: Iterable[str | None]) -> ColumnDigest:
    """The digest of a column from the text of its values."""
    present = [value for value in values if value is not None]
    exact = tuple(sorted(map(_short, present)))
    return ColumnDigest(type, exact, tuple(sorted(_short(_loosely(value)) for value in present)), len(exact))


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _loosely(text: str) -> str:
    """One spelling for values that stay the same when their column's type changes."""
    bare = text.strip()
    if bare.lower() in _WORDS:
        return _WORDS[bare.lower()]
    if _NUMBER.fullmatch(bare):
        return _number(bare)
    moment = _TIME.fullmatch(bare)
    if moment:
        fraction = (moment[3] or "").rstrip("0").rstrip(".")
        return f"{moment[1]} {moment[2]}{fraction}"
    if bare[:1] in "{[":
        try:
            return json.dumps(json.loads(bare), sort_keys=True)
        except (ValueError, RecursionError):
            return bare
    return bare


def _number(text: str) -> str:
    try:
        return format(Decimal(text).normalize(), "f") if len(text) < 60 else text
    except InvalidOperation:
        return text


def compare(
    before: Digest,
    after: Digest,
    renamed_tables: Mapping[str, str] | None = None,
    renamed_columns: Mapping[tuple[str, str], str] | None = None,
) -> tuple[DataChange, ...]:
    """Rows and values that ``before`` has and ``after`` has not. Known renames go from old to new name.

    A table or column that went away while a new one holds the same values is taken as renamed. NULLs that became
    values are a backfill, and new rows are none of our business: neither is reported.
    """
    tables = dict(renamed_tables or {})
    gone = [name for name in before.tables if tables.get(name, name) not in after.tables]
    born = [name for name in after.tables if name not in before.tables and name not in tables.values()]
    for name in gone:
        twin = next((new for new in born if _same_rows(before.tables[name], after.tables[new])), None)
        if twin is not None and before.tables[name].rows:
            tables[name] = twin
            born.remove(twin)
    changes: list[DataChange] = []
    for name, table in before.tables.items():
        now = after.tables.get(tables.get(name, name))
        if now is not None:
            columns = {old: new for (of, old), new in (renamed_columns or {}).items() if of in (name, tables.get(name))}
            changes.extend(_table_changes(name, table, now, columns))
        elif tables.get(name, name) not in after.unread and table.rows:
            changes.append(DataChange("table-dropped", name, detail=f"{_rows(table.rows)} gone with the table"))
    return tuple(changes)


def _same_rows(old: TableDigest, new: TableDigest) -> bool:
    values = Counter(column.loose for column in new.columns.values())
    return old.rows == new.rows and not Counter(column.loose for column in old.columns.values()) - values


def _table_changes(name: str, old: TableDigest, new: TableDigest, renamed: Mapping[str, str]) -> list[DataChange]:
    lost = old.rows - new.rows
    if lost > 0:
        return [DataChange("rows-lost", name, detail=f"{lost} of {_rows(old.rows)} gone", emptied=not new.rows)]
    renamed = {**_moved(old, new, renamed), **renamed}
    changes: list[DataChange] = []
    for column, values in old.columns.items():
        now = new.columns.get(renamed.get(column, column))
        if now is None:
            if values.filled:
                detail = f"{_values(values.filled)} gone with the column"
                changes.append(DataChange("column-dropped", name, column, detail))
        else:
            changes.extend(_column_changes(name, column, values, now))
    return changes


def _moved(old: TableDigest, new: TableDigest, renamed: Mapping[str, str]) -> dict[str, str]:
    """Columns that are gone, with the new column that holds the same values."""
    born = [name for name in new.columns if name not in old.columns and name not in renamed.values()]
    found: dict[str, str] = {}
    for name, column in old.columns.items():
        if name in new.columns or name in renamed or not column.filled:
            continue
        twin = next((one for one in born if not Counter(column.loose) - Counter(new.columns[one].loose)), None)
        if twin is not None:
            found[name] = twin
            born.remove(twin)
    return found


def _column_changes(table: str, column: str, old: ColumnDigest, new: ColumnDigest) -> list[DataChange]:
    same_type = old.type == new.type
    if old.whole or new.whole:
        return _whole_changes(table, column, old, new)
    had, has = (old.values, new.values) if same_type else (old.loose, new.loose)
    missing = sum((Counter(had) - Counter(has)).values())
    if not missing:
        return []
    lost = old.filled - new.filled
    if lost > 0:
        return [DataChange("values-lost", table, column, f"{lost} of {_values(old.filled)} became NULL")]
    detail = f"{missing} of {_values(old.filled)} changed"
    if not same_type:
        detail += f" with the type ({old.type} to {new.type})"
    return [DataChange("values-changed", table, column, detail)]


def _whole_changes(table: str, column: str, old: ColumnDigest, new: ColumnDigest) -> list[DataChange]:
    """One hash for a column tells of a change only where no value came and the type stayed."""
    lost = old.filled - new.filled
    if lost > 0:
        return [DataChange("values-lost", table, column, f"{lost} of {_values(old.filled)} became NULL")]
    if lost == 0 and old.whole and new.whole and old.type == new.type and old.values != new.values:
        return [DataChange("values-changed", table, column, f"some of {_values(old.filled)} changed")]
    return []


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def _values(count: int) -> str:
    return f"{count} value" if count == 1 else f"{count} values"
