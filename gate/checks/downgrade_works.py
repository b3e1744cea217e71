"""Does down and up again leave the same schema and the data, where the project promises a way back?"""

from __future__ import annotations

from collections.abc import Iterator

from gate.check import Answer, Check
from gate.facts.changes import AddEnumValue, changes_schema
from gate.facts.history import History, NewRevisions, Revision
from gate.facts.rehearsal import DataChange, Deploy, Failure, Rehearsal, RoundTrip
from gate.facts.rulebook import Rulebook
from gate.model import Category, Evidence, EvidenceKind, Finding, Location, Remedy, Severity

ID = "downgrade-works"


def ask(rehearsal: Rehearsal, deploy: Deploy, rules: Rulebook, history: History, new: NewRevisions) -> Answer:
    if rehearsal.baseline_failure:
        return Answer(undecided="the base could not be rebuilt", advice="See upgrade-works.")
    if not new.ids:
        return Answer(reason="no new revisions")
    trip = rehearsal.round_trip
    findings = [*rules.findings(deploy, ID)]
    known = {(finding.category, finding.revision) for finding in findings}
    if not _is_rightly_empty(trip, deploy):
        findings += [one for one in _trip(trip, history, new) if (one.category, one.revision) not in known]
        findings += [_lost(one, history) for one in trip.data if one.revision in history.by_id]
    if not trip.ran and not _promises_nothing(trip):
        return Answer(tuple(findings), undecided=trip.reason, advice="See upgrade-works.")
    return Answer(tuple(findings), reason=None if trip.ran else trip.reason)


def _is_rightly_empty(trip: RoundTrip, deploy: Deploy) -> bool:
    """Rows and enum labels that an empty downgrade() leaves make the second upgrade fail; that says nothing against it.

    A label stays whatever downgrade() does besides: https://www.postgresql.org/docs/current/sql-altertype.html.
    """
    if trip.up_failure and trip.up_failure.error.startswith("enum label ") and any(deploy.all_changes(AddEnumValue)):
        return True
    revision = deploy.revision(trip.up_failure.revision or "") if trip.up_failure else None
    if revision is None or revision.downgrade != "empty":
        return False
    own = [one for one in deploy.statements if one.revision == revision.id]
    return all(one.understood and not any(map(changes_schema, one.changes)) for one in own)


def _promises_nothing(trip: RoundTrip) -> bool:
    return trip.revision is not None or trip.reason == "nothing new"


def _trip(trip: RoundTrip, history: History, new: NewRevisions) -> Iterator[Finding]:
    last = history.by_id[new.ids[-1]]
    if trip.down_failure:
        yield _failed(trip.down_failure, "downgrade fails", history.by_id.get(trip.down_failure.revision or "", last))
    elif trip.up_failure:
        at = history.by_id.get(trip.up_failure.revision or "", last)
        yield _failed(
            trip.up_failure, "the upgrade fails after a downgrade: something was left behind", at, trip.leftovers
        )


def _lost(change: DataChange, history: History) -> Finding:
    """Rows and values that were there before the deploy, and that the way back takes along."""
    revision = history.by_id[change.revision or ""]
    return Finding(
        id=ID,
        check=ID,
        category=Category.IRREVERSIBLE,
        severity=Severity.WARNING,
        revision=revision.id,
        message=f"downgrade() of revision {revision.id} takes along what {change.place} held before the deploy: {change.detail}.",
        location=Location(revision.path, revision.downgrade_line or revision.line),
        table=change.table,
        column=change.column,
        evidence=(Evidence(EvidenceKind.OBSERVED, f"{change.place}: {change.detail}"),),
        remedy=Remedy(
            "Take back only what upgrade() brought: delete its own rows by their key, and copy every column of a table "
            "that is made anew."
        ),
    )


def _failed(failure: Failure, what: str, revision: Revision, left: tuple[str, ...] = ()) -> Finding:
    line = revision.downgrade_line or revision.line
    said = [Evidence(EvidenceKind.OBSERVED, failure.error)]
    said += [Evidence(EvidenceKind.OBSERVED, f"left behind: {one}") for one in left[:10]]
    return Finding(
        id=ID,
        check=ID,
        category=Category.IRREVERSIBLE,
        severity=Severity.ERROR,
        revision=revision.id,
        message=f"{what} at revision {revision.id}: {failure.error.strip().splitlines()[0]}",
        location=failure.location or Location(revision.path, line),
        evidence=tuple(said),
        remedy=Remedy(
            "Mend downgrade(), or say on purpose that there is no way back: raise NotImplementedError with the reason."
        ),
    )


check = Check(
    title="downgrade works",
    question="Does down and up again leave the same schema and the data?",
    ask=ask,
    runs_project_code=True,
)
