"""MySQL's and MariaDB's statements that lock tables by hand."""

from __future__ import annotations

from gate.facts.changes import Change, Harmless, LockTable
from gate.sql._words import Reader


def lock_tables(reader: Reader) -> tuple[Change, ...]:
    """LOCK TABLES a READ, b WRITE."""
    reader.take()
    reader.any_of("TABLE", "TABLES")
    locks: list[Change] = []
    for part in reader.rest():
        table = part.name()
        locks.append(LockTable(table, part.between(part.at, len(part.words)).upper()))
    return tuple(locks)


def flush(reader: Reader) -> tuple[Change, ...]:
    """FLUSH TABLES [a, b] WITH READ LOCK | FOR EXPORT: without tables, all of the server's."""
    reader.take()
    reader.any_of("NO_WRITE_TO_BINLOG", "LOCAL")
    words = [word.upper for word in reader.words]
    if not reader.any_of("TABLE", "TABLES") or (words[-3:] != ["WITH", "READ", "LOCK"] and words[-1] != "EXPORT"):
        return (Harmless("flush"),)
    if reader.peek() == "WITH":
        return (LockTable(None, "READ"),)
    return tuple(LockTable(part.name(), "READ") for part in reader.rest())
