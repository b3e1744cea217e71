"""What the deploy loses: tables, columns and rows that were there before. A rule that knows the statement speaks first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.facts.changes import Delete, Truncate
from gate.facts.history import History, NewRevisions
from gate.facts.rehearsal import DataChange, Rehearsal, Statement
from gate.model import Category, Evidence, EvidenceKind, Finding, Location, Remedy, Severity

ID = "upgrade-works"
_KEEP = "Copy or keep the rows; where they are meant to go, allow it with the reason."


def losses(rehearsal: Rehearsal, history: History, new: NewRevisions) -> Iterator[Finding]:
    """Every loss, one finding for each table or column."""
    for one in (*_unseen(rehearsal), *_rows(rehearsal)):
        yield one if one.location else _placed(one, history, new)


def _placed(finding: Finding, history: History, new: NewRevisions) -> Finding:
    """At the revision, where no statement is known; the last stands for the deploy where not even that is."""
    revision = history.by_id[finding.revision or new.ids[-1]]
    return replace(
        finding, revision=revision.id, location=Location(revision.path, revision.upgrade_line or revision.line)
    )


def _finding(
    change: DataChange, message: str, remedy: str, statement: Statement | None = None, maybe: bool = False
) -> Finding:
    place = f"{change.table}.{change.column}" if change.column else change.table
    return Finding(
        id=ID,
        check=ID,
        category=Category.DATA_LOSS,
        severity=Severity.WARNING if maybe else Severity.ERROR,
        message=message,
        location=statement.location if statement else None,
        revision=statement.revision if statement else change.revision,
        table=change.table,
        column=change.column,
        evidence=(Evidence(EvidenceKind.OBSERVED, f"{place}: {change.detail or 'gone'}"),),
        remedy=Remedy(remedy),
    )


def _unseen(rehearsal: Rehearsal) -> Iterator[Finding]:
    """Tables and columns that are gone, though no statement was seen to take them."""
    for change in rehearsal.unseen:
        what = f"{change.table}.{change.column}" if change.column else change.table
        held = "its values" if change.column else "all its rows"
        yield _finding(
            change,
            f"{what} is gone after the upgrade, and {held} with it. No statement of this was seen: the revision does it "
            "on the driver's own connection or outside of it.",
            f"Keep {what} until no release uses it; then drop it with `op` in a deploy of its own, so that it is seen.",
        )


def _rows(rehearsal: Rehearsal) -> Iterator[Finding]:
    """Tables that hold fewer rows afterwards. Where a rule knows the statement, the two become one finding."""
    plain = rehearsal.run("plain")
    for change in plain.data if plain else ():
        if change.kind == "rows-lost" and not _is_told(rehearsal, change.table):
            taker = next((one for one in rehearsal.statements if one.number == change.statement), None)
            chosen = taker is not None and any(isinstance(one, Delete) and not one.always for one in taker.changes)
            message = f"{change.table} has fewer rows after the upgrade: {change.detail}."
            yield _finding(change, message, _KEEP, taker, chosen)


def _is_told(rehearsal: Rehearsal, table: str) -> bool:
    """A partition that left took its rows along, one that was dropped has its own rule, and so has TRUNCATE ... CASCADE."""
    was, now = (schema.with_partitions(table) for schema in (rehearsal.baseline, rehearsal.result))
    return not set(was) <= set(now) or _is_truncated_along(rehearsal, table)


def _is_truncated_along(rehearsal: Rehearsal, table: str) -> bool:
    """TRUNCATE ... CASCADE empties all that points at its table, and its rule says so."""
    cut = {c.table for one in rehearsal.statements for c in one.changes if isinstance(c, Truncate) and c.cascade}
    seen: set[str] = set()
    while cut - seen:
        name = (cut - seen).pop()
        seen.add(name)
        cut |= {pointing.name for pointing, _ in rehearsal.baseline.referencing(name)}
    return table in seen
