"""What each transaction holds, put together again: PostgreSQL's observer tells all of it once, then only what is new.

A deploy in one transaction may hold hundreds of locks by its end; told anew with each of hundreds of statements they would
cost more than all else that is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_Changing = tuple[str, bool, bool]  # of a table: its name, is it locked just now, has it children
_SESSIONS = 64  # transactions that are remembered at a time; a migration has one or two connections


class Held:
    """Locks and changeable tables by transaction, as of the latest statement in each."""

    def __init__(self) -> None:
        self._locks: dict[str, list[Any]] = {}
        self._changing: dict[str, dict[int, _Changing]] = {}

    def completed(self, seen: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was seen of a statement, with all that was held before it and every table that it could have changed."""
        if not isinstance(seen.get("whole"), bool):
            return seen
        transaction = str(seen.get("transaction"))
        held = seen.get("held", []) if seen["whole"] else self._locks.get(transaction, [])
        known = self._changing.get(transaction, {}) if not seen["whole"] else {}
        changing = {oid: (name, False, heirs) for oid, (name, _, heirs) in known.items()}
        for oid, name, fresh, heirs in seen.get("changing", []):  # a table's own row, and one for each of its indexes
            _, earlier, others = changing.get(oid, (name, False, False))
            changing[oid] = (name, fresh or earlier, heirs or others)
        self._keep(transaction, [*held, *seen.get("locks", [])], changing)
        return {**seen, "held": held, "changing": [[oid, *row] for oid, row in changing.items()]}

    def _keep(self, transaction: str, locks: list[Any], changing: dict[int, _Changing]) -> None:
        for each in (self._locks, self._changing):
            each.pop(transaction, None)
            if len(each) >= _SESSIONS:
                del each[next(iter(each))]
        self._locks[transaction], self._changing[transaction] = locks, changing
