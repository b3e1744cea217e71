"""Which of autogenerate's differences are recorded as known, so that a project with ninety old ones can start today.

A difference is known by what it is about (kind, table, column, object, and what would change), never by its text: the
text names types and defaults that another version of SQLAlchemy spells in another way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

Operation = Mapping[str, Any]
_KEYS = ("kind", "schema", "table", "column", "object")


def identity(operation: Operation) -> tuple[str, ...]:
    """What makes two differences the same one."""
    changes = operation.get("changes") or ()
    return (*(str(operation.get(key) or "") for key in _KEYS), ",".join(sorted(map(str, changes))))


def split(operations: Iterable[Operation], known: Iterable[Operation]) -> tuple[list[Operation], list[Operation]]:
    """New differences and known ones; each record covers one difference."""
    left = Counter(identity(one) for one in known)
    fresh: list[Operation] = []
    covered: list[Operation] = []
    for one in operations:
        if left[identity(one)]:
            left[identity(one)] -= 1
            covered.append(one)
        else:
            fresh.append(one)
    return fresh, covered


def record(operation: Operation) -> dict[str, Any]:
    """A difference as the file holds it: only what identifies it."""
    said = {key: operation[key] for key in _KEYS if operation.get(key)}
    changes = sorted(map(str, operation.get("changes") or ()))
    return {**said, "changes": changes} if changes else said
