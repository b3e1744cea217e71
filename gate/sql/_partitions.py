"""MySQL's and MariaDB's partition clauses of ALTER TABLE.

https://dev.mysql.com/doc/refman/8.4/en/alter-table-partition-operations.html
"""

from __future__ import annotations

from gate.facts.changes import AlterPartitions, Truncate
from gate.sql._words import Reader

_LISTING = ("REBUILD", "REORGANIZE", "DROP", "TRUNCATE")


def clauses(reader: Reader) -> list[Reader]:
    """What stands between commas; a list of partitions has commas of its own, and nothing may follow it."""
    parts = reader.rest()
    for at, part in enumerate(parts):
        if part.peek() in _LISTING and part.peek(1) == "PARTITION":
            left = sum(len(one.words) for one in parts[at:]) + len(parts[at:]) - 1
            return [*parts[:at], Reader(reader.text, reader.words[-left:])]
    return parts


def added(part: Reader, table: str) -> AlterPartitions:
    """ADD PARTITION: a range or a list of its own, or more partitions to spread the rows over (HASH, KEY)."""
    words = {word.upper for word in part.words}
    return AlterPartitions(table, "add" if words & {"VALUES", "HISTORY"} else "spread")


def changed(part: Reader, table: str) -> AlterPartitions:
    """PARTITION BY and REMOVE PARTITIONING are of the whole table; the other verbs name partitions, or ALL."""
    verb = part.words[part.at - 1].text.lower()
    if verb in ("partition", "remove"):
        return AlterPartitions(table, "by" if verb == "partition" else verb)
    part.expect("PARTITION")
    part.any_of("NO_WRITE_TO_BINLOG", "LOCAL")
    if verb == "coalesce" or part.accept("ALL"):
        return AlterPartitions(table, verb)
    names = _names(part)
    return AlterPartitions(table, verb, names, part.name() if part.accept("WITH", "TABLE") else None)


def emptied(part: Reader, table: str, *, drops: bool) -> Truncate:
    """DROP PARTITION and TRUNCATE PARTITION, up to the partitions' names; ALL is the whole table."""
    part.accept("IF", "EXISTS")
    return Truncate(table, partitions=() if part.accept("ALL") else _names(part), drops=drops)


def _names(part: Reader) -> tuple[str, ...]:
    """A list up to INTO or WITH."""
    names: list[str] = []
    while not part.done and part.peek() not in ("INTO", "WITH"):
        names.append(part.name())
        part.accept(",")
    return tuple(names)
