"""Do the queries of the release still running work on the new schema?"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gate.check import Answer, Check
from gate.facts.history import History, NewRevisions
from gate.facts.rehearsal import QueryFailure, Rehearsal
from gate.model import Category, Evidence, EvidenceKind, Finding, Location, Remedy, Severity, Step
from gate.settings import Settings

ID = "old-release-works"
_LEFT_OUT = re.compile(
    r"violates not-null constraint|NOT NULL constraint failed|doesn't have a default value|cannot be null|stays NULL",
    re.IGNORECASE,
)


def ask(rehearsal: Rehearsal, history: History, new: NewRevisions, settings: Settings) -> Answer:
    if rehearsal.baseline_failure:
        return Answer(undecided="the base could not be rebuilt", advice="See upgrade-works.")
    if not new.ids or not new.baseline:
        return Answer(reason="no release runs yet" if new.ids else "no new revisions")
    if settings.world.get("maintenance-window") or settings.world.get("code-first"):
        return Answer(skipped="the settings say that the old release does not run on the new schema")
    if rehearsal.diff is None:
        return Answer(undecided="the upgrade did not get through", advice="See upgrade-works.")
    groups: dict[tuple[str, str | None, bool], list[QueryFailure]] = {}
    for one in rehearsal.old_release:
        groups.setdefault((one.table, one.column, one.by_trigger), []).append(one)
    return Answer(
        tuple(_finding(same, history) for same in groups.values()),
        notes=(f"old release: {rehearsal.old_release_source}",),
    )


def _finding(same: Iterable[QueryFailure], history: History) -> Finding:
    every = list(same)
    first = every[0]
    revision = history.by_id.get(first.revision or "")
    return Finding(
        id=ID,
        check=ID,
        category=Category.BACKWARD_INCOMPATIBLE,
        severity=Severity.ERROR if any(one.certain for one in every) else Severity.WARNING,
        message=_message(every),
        location=Location(revision.path, revision.upgrade_line or revision.line) if revision else None,
        revision=first.revision,
        table=first.reads[0] if first.reads else first.table,
        column=first.reads[1] if first.reads else first.column,
        evidence=tuple(Evidence(EvidenceKind.OBSERVED, f"{one.sql} -> {one.error}") for one in every),
        remedy=_remedy(every),
    )


def _message(every: list[QueryFailure]) -> str:
    first = every[0]
    verbs = ", ".join(dict.fromkeys(one.verb for one in every))
    fails = "fails" if any(one.certain for one in every) else "may fail"
    return f"the release still running {fails} in {verbs} on {first.table}{_why(first)}: {first.error}"


def _why(one: QueryFailure) -> str:
    if one.by_trigger:
        return ", where a trigger runs"
    return f" because of {_thing(one)}" if one.column or one.reads else ""


def _thing(one: QueryFailure) -> str:
    if one.reads:
        return ".".join(filter(None, one.reads))
    return f"{one.table}.{one.column}" if one.column else one.table


def _remedy(every: list[QueryFailure]) -> Remedy:
    first = every[0]
    if first.by_trigger and first.certain:
        return Remedy(
            f"Let the triggers of {first.table} fit the new schema in the same revision.",
            (Step(1, "drop the trigger and make it again, with the names of the columns that it writes"),),
        )
    if first.by_trigger:
        return Remedy(
            "Let the code write what the trigger asks for first, and make the trigger in a later deploy.",
            (Step(1, f"deploy code whose rows of {first.table} pass"), Step(2, "then run this revision")),
        )
    thing = _thing(first)
    if {one.verb for one in every} == {"INSERT"} and all(_LEFT_OUT.search(one.error) for one in every):
        return Remedy(
            f"Let the database give {thing} a value, or let it be NULL, as long as a release runs that does not write it.",
            (
                Step(1, f"keep a default (or identity) on {thing}, or leave it nullable; deploy code that writes it"),
                Step(2, "then run this revision"),
            ),
        )
    return Remedy(
        f"Let the code stop using {thing} first, and change the schema in a later deploy.",
        (Step(1, f"take {thing} out of the models and queries"), Step(2, "then run this revision")),
    )


check = Check(
    title="old release works",
    question="Do the queries of the release still running work on the new schema?",
    ask=ask,
    modes=("check", "predeploy"),
    runs_project_code=True,
)
