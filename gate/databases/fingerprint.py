"""A schema as a set of lines and its hash: equal for equal schemas, whatever server version spelled them.

Used to tell which revision a schema is at, and how far it is from each. Left out, since they say nothing about the
revision: ownership, grants, extensions' objects, names that servers give by themselves, NOT NULL as named constraints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from gate.databases._spelling import condition_key, constraint_key, default_key, index_key, type_key, view_key
from gate.facts.schema import Schema, Table


@dataclass(frozen=True)
class Fingerprint:
    """The lines of a schema and the hash of the sorted lines."""

    lines: frozenset[str]
    hash: str

    def distance(self, other: Fingerprint) -> int:
        """How many lines only one of the two has."""
        return len(self.lines ^ other.lines)


def fingerprint(schema: Schema) -> Fingerprint:
    """The fingerprint of a schema."""
    lines = frozenset(_lines(schema))
    return Fingerprint(lines, hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest())


def without(lines: Iterable[str], kinds: Collection[str]) -> frozenset[str]:
    """The lines without ``triggers``, ``routines``, or the text of ``views``, as a role has them that does not see those."""
    marks = {"triggers": ("trigger ", "routine trigger "), "routines": ("routine procedure ", "routine function ")}
    left_out = tuple(mark for kind in kinds for mark in marks.get(kind, ()))
    return frozenset(_without_text(line, kinds) for line in lines if not left_out or not line.startswith(left_out))


def _without_text(line: str, kinds: Collection[str]) -> str:
    words = line.split(" ", 3)
    return f"{' '.join(words[:3])} {view_key('')}" if "views" in kinds and words[::2][:2] == ["table", "view"] else line


def _lines(schema: Schema) -> Iterator[str]:
    for table in schema.tables.values():
        yield from _table(table)
    for enum in schema.enums.values():
        yield f"enum {enum.name} ({', '.join(enum.values)})"
    for domain in schema.domains.values():
        checks = " ".join(sorted(map(condition_key, domain.constraints)))
        yield f"domain {domain.name} {type_key(domain.base)} {domain.nullable} {checks}"
    for sequence in schema.sequences:
        yield f"sequence {sequence}"
    for name, body in schema.routines.items():
        yield f"routine {name} {body}"


def _table(table: Table) -> Iterator[str]:
    yield f"table {table.name} {table.kind} {view_key(table.definition)}"
    for column in table.columns:
        yield (
            f"column {table.name}.{column.name} {type_key(column.type)} null={column.nullable} "
            f"default={default_key(column)} generated={column.generated}"
        )
    carried = {one.name for one in table.constraints if one.kind in ("primary-key", "unique", "exclude")}
    for constraint in table.constraints:
        if constraint.kind != "not-null":
            valid = "" if constraint.validated else " not valid"
            yield f"constraint {table.name} {_named(constraint.name)} {' '.join(constraint_key(constraint))}{valid}"
    for index in table.indexes:
        if index.name not in carried:
            unique, method, body, predicate = index_key(index)
            yield f"index {table.name} {_named(index.name)} {unique} {method} {body} {predicate} {index.valid}"
    for trigger in table.triggers:
        yield f"trigger {table.name} {trigger}"


def _named(name: str) -> str:
    return "" if name.startswith("sqlite_autoindex_") else name
