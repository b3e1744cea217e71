"""The deploy once more, one revision at a time: which of several revisions did what no statement tells.

It costs another upgrade, so it is made only when a finding would else have no revision, and never for a deploy of one.
The way back is gone a second time where the first one lost rows or values: which downgrade() it was, or the upgrade.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gate.databases import digests
from gate.databases.base import SeedProfile
from gate.errors import GateError
from gate.facts.history import NewRevisions
from gate.facts.rehearsal import DataChange, Failure, QueryFailure, RoundTrip
from gate.facts.schema import Schema, Table
from gate.model import Location

if TYPE_CHECKING:
    from gate.collect._stage import Stage


@dataclass(frozen=True)
class Step:
    """One revision run by itself: the schema around it, what its rows lost, and why it stopped."""

    revision: str
    before: Schema
    after: Schema
    data: tuple[DataChange, ...] = ()
    failure: Failure | None = None


class OneByOne:
    """Answers which revision; runs at the first question that needs it. It moves the stage to databases of its own."""

    def __init__(self, stage: Stage, pristine: Any, new: NewRevisions, heads: tuple[str, ...]) -> None:
        self._stage, self._pristine, self._ids, self._heads = stage, pristine, new.ids, heads
        self._baseline = new.baseline
        self._steps: dict[SeedProfile, tuple[Step, ...]] = {}

    def placed(self, change: DataChange) -> DataChange:
        """A loss with its revision."""
        if change.revision is not None:
            return change
        return dataclasses.replace(change, revision=self._which("plain", lambda step: _loses(step, change)))

    def asked(self, failure: QueryFailure) -> QueryFailure:
        """A query that is refused, with the revision after which it is."""
        if failure.revision is not None:
            return failure
        exact = self._which("plain", lambda step: _breaks(step, failure))
        return dataclasses.replace(failure, revision=exact)

    def stopped(self, failure: Failure | None, profile: SeedProfile) -> Failure | None:
        """A failure after the last revision (a COMMIT that checks what was deferred) with the revision it is about."""
        if failure is None or failure.revision is not None or failure.lacks is not None:
            return failure
        id = self._which(profile, lambda step: step.failure is not None)
        revision = self._stage.history.by_id[id]
        place = failure.location or Location(revision.path, revision.upgrade_line or revision.line)
        return dataclasses.replace(failure, revision=id, location=place)

    def way_back(self, trip: RoundTrip, baseline: Schema) -> RoundTrip:
        """Of what a round trip lost only what a downgrade took from tables and columns of the base, with its revision."""
        suspected = [one for one in trip.data if one.kind in ("rows-lost", "values-lost") and _has(baseline, one)]
        found: tuple[DataChange, ...] = ()
        if suspected and self._again():
            found = tuple(one for one in self._rides() if _among(one, suspected))
        return dataclasses.replace(trip, data=found)

    def _again(self) -> bool:
        """Fresh rows at the end of the deploy: those of the first round trip are gone."""
        stage = self._stage
        stage.context.progress("downgrading the revisions one by one")
        stage.use(self._pristine.clone())
        stage.database.seed("plain")
        try:
            return stage.upgrade(self._heads, None) is None
        except GateError:
            return False

    def _rides(self) -> Iterator[DataChange]:
        """Every revision down and up again, the last first; what is lost below and stays lost is its downgrade's work."""
        for place, id in reversed([*enumerate(self._ids)]):
            below = (*self._baseline, *self._ids[:place])  # another branch stays where it is
            before = self._stage.database.digest()
            if self._stage.downgrade(below) is not None:
                return
            down = digests.compare(before, self._stage.database.digest())
            if self._stage.upgrade((id,), None, again=True) is not None:
                return
            up = digests.compare(before, self._stage.database.digest())
            yield from (dataclasses.replace(one, revision=id) for one in up if _among(one, down))
            if self._stage.downgrade(below) is not None:
                return

    def _which(self, profile: SeedProfile, fits: Callable[[Step], bool]) -> str:
        if len(self._ids) == 1:
            return self._ids[0]
        found = next((step.revision for step in self.steps(profile) if fits(step)), None)
        if found is None:
            self._stage.notes.append(
                "which revision did what no statement tells could not be found: the last stands for it"
            )
        return found or self._ids[-1]

    def steps(self, profile: SeedProfile) -> tuple[Step, ...]:
        """Every revision by itself, as far as they go."""
        if profile not in self._steps:
            self._stage.context.progress("running the revisions one by one")
            self._stage.use(self._pristine.clone())
            self._stage.database.seed(profile)
            self._steps[profile] = tuple(self._walk())
        return self._steps[profile]

    def _walk(self) -> Iterator[Step]:
        stage = self._stage
        schema, rows = stage.database.schema(), stage.database.digest()
        for id in self._ids:
            try:
                failure = stage.upgrade((id,), None)
            except GateError:
                return
            now, has = stage.database.schema(), stage.database.digest()
            yield Step(id, schema, now, digests.compare(rows, has), failure)
            if failure is not None:
                return
            schema, rows = now, has


def _loses(step: Step, change: DataChange) -> bool:
    if change.kind in ("table-dropped", "column-dropped"):
        return _has(step.before, change) and not _has(step.after, change)
    return _among(change, step.data)


def _among(change: DataChange, others: Iterable[DataChange]) -> bool:
    return any((one.kind, one.table, one.column) == (change.kind, change.table, change.column) for one in others)


def _has(schema: Schema, change: DataChange) -> bool:
    table = schema.tables.get(change.table)
    return table is not None and (change.column is None or table.column(change.column) is not None)


def _breaks(step: Step, failure: QueryFailure) -> bool:
    """The revision that touched the column; where none is known, the table."""
    was, now = step.before.tables.get(failure.table), step.after.tables.get(failure.table)
    return _part(was, failure.column) != _part(now, failure.column)


def _part(table: Table | None, column: str | None) -> object:
    return table.column(column) if table is not None and column is not None else table
