"""Down to the baseline and up again: same schema, same rows, and the version row committed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gate.databases import digests
from gate.databases.compare import differences
from gate.facts.history import Revision
from gate.facts.rehearsal import RoundTrip
from gate.facts.schema import Schema

if TYPE_CHECKING:
    from gate.collect._stage import Stage


def ride(
    stage: Stage,
    revisions: Iterable[Revision],
    baseline: tuple[str, ...],
    heads: tuple[str, ...],
    was: Schema,
    now: Schema,
) -> RoundTrip:
    """The way back, where every new revision promises one."""
    every = tuple(revisions)
    without = [one for one in every if one.downgrade in ("missing", "raises")]
    if not every:
        return RoundTrip(reason="nothing new")
    if without:
        return RoundTrip(reason=f"revision {without[0].id} has no way back", revision=without[0].id)
    before = stage.database.digest()
    stage.context.progress("downgrading and upgrading again")
    down = stage.downgrade(baseline)
    if down:
        return RoundTrip(True, down_failure=down, revision=down.revision)
    versions = stage.version_rows
    left = differences(was, stage.database.schema())
    again = stage.upgrade(heads, None, again=True)
    if again:
        return RoundTrip(
            True, up_failure=again, leftovers=_told(left), version_after_down=versions, revision=again.revision
        )
    different = differences(now, stage.database.schema())
    data = digests.compare(before, stage.database.digest())
    return RoundTrip(True, leftovers=_told(left), differences=_told(different), data=data, version_after_down=versions)


def _told(rows: Iterable[object]) -> tuple[str, ...]:
    return tuple(f"{getattr(row, 'object', row)}: {getattr(row, 'kind', '')}" for row in rows)
