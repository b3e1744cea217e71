"""What the deploy loses: tables, columns, rows and values that were there before. A rule that knows the statement speaks first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.checks._cleared import cleared
from gate.facts.changes import TAKES_ROWS, Delete, Truncate
from gate.facts.history import History, NewRevisions
from gate.facts.rehearsal import DataChange, Rehearsal, Statement
from gate.facts.schema import Column, Schema
from gate.model import Category, Evidence, EvidenceKind, Finding, Location, Remedy, Severity
from gate.sql.copies import copy_of, is_written

ID = "upgrade-works"
_ROWID = {"rowid", "_rowid_", "oid"}  # SQLite's other names of an INTEGER PRIMARY KEY
_KEEP = "Copy or keep the rows; where they are meant to go, allow it with the reason."
_NAME = (
    "Name every column on both sides of the copy, INSERT INTO new (a, b) SELECT a, b FROM old, and count afterwards."
)


def losses(rehearsal: Rehearsal, history: History, new: NewRevisions) -> Iterator[Finding]:
    """Every loss, one finding for each table or column."""
    for one in (
        *_unseen(rehearsal),
        *_rows(rehearsal),
        *_values(rehearsal),
        *_renumbered(rehearsal),
        *_cleared(rehearsal),
        *_perhaps(rehearsal),
    ):
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
        evidence=(Evidence(EvidenceKind.OBSERVED, f"{change.place}: {change.detail or 'gone'}"),),
        remedy=Remedy(remedy),
    )


def _unseen(rehearsal: Rehearsal) -> Iterator[Finding]:
    """Tables and columns that are gone, though no statement was seen to take them."""
    for change in rehearsal.unseen:
        what = change.place
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
            named = _emptied(rehearsal, change.table, taker)
            yield replace(_finding(change, message, _KEEP, taker, chosen), table=named)


def _emptied(rehearsal: Rehearsal, table: str, taker: Statement | None) -> str:
    """The table itself, or the partition of it that the statement names."""
    was = rehearsal.baseline.with_partitions(table)
    named = [c.table for c in (taker.changes if taker else ()) if isinstance(c, TAKES_ROWS) and c.table in was]
    return named[0] if named else table


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


def _values(rehearsal: Rehearsal) -> Iterator[Finding]:
    """Columns that a table made anew has and whose values the copy did not take over; one copy is one cause."""
    plain = rehearsal.run("plain")
    left: dict[int, list[tuple[DataChange, Statement]]] = {}
    for change in plain.data if plain else ():
        copy = _leaving(rehearsal, change)
        if copy is not None:
            left.setdefault(copy.number, []).append((change, copy))
    for rows in left.values():
        changes = [change for change, _ in rows]
        columns = ", ".join(f"{one.table}.{one.column} ({one.detail})" for one in changes)
        first = changes[0] if len(changes) == 1 else replace(changes[0], column=None, detail=columns)
        message = (
            f"Making {first.table} anew loses values, since the copy does not put them into their place: {columns}."
        )
        yield _finding(first, message, _NAME, rows[0][1])


def _leaving(rehearsal: Rehearsal, change: DataChange) -> Statement | None:
    """The copy that left the column's values behind, where nothing else gave it others on purpose."""
    column = change.column or ""
    if change.kind not in ("values-lost", "values-changed") or not _is_kept(rehearsal, change):
        return None
    copy = copy_of(change.table, rehearsal.statements)
    if copy is None or not copy.leaves(column) or is_written(copy, column, rehearsal.statements):
        return None
    return copy.statement


def _renumbered(rehearsal: Rehearsal) -> Iterator[Finding]:
    """Keys that the server counts out anew, since the copy leaves them: the same numbers only while no row was ever deleted."""
    plain = rehearsal.run("plain")
    told = {(change.table, change.column) for change in (plain.data if plain else ())}
    for table in rehearsal.baseline.tables.values():
        key = next((one.columns for one in table.constraints if one.kind == "primary-key"), ())
        change = DataChange("values-changed", table.name, key[0] if len(key) == 1 else None, "numbered anew")
        copy = copy_of(table.name, rehearsal.statements) if change.column else None
        listed = {name.lower() for name in copy.insert.columns} if copy else set()
        if not listed or listed & _ROWID or (change.table, change.column) in told:
            continue
        statement = _leaving(rehearsal, change)
        if statement is not None:
            yield _finding(
                change,
                f"Making {table.name} anew gives its rows new numbers: the copy leaves out {change.place}, and what knows "
                "a row by its number (other tables, links, other systems) then meets another row or none.",
                _NAME,
                statement,
            )


def _is_kept(rehearsal: Rehearsal, change: DataChange) -> bool:
    """The column is what it was: of one that is computed or of another type other values are right."""
    was, now = (_column(schema, change) for schema in (rehearsal.baseline, rehearsal.result))
    return was is not None and now is not None and now.generated is None and was.type.lower() == now.type.lower()


def _column(schema: Schema, change: DataChange) -> Column | None:
    table = schema.tables.get(change.table)
    return table.column(change.column or "") if table else None


def _cleared(rehearsal: Rehearsal) -> Iterator[Finding]:
    """Columns emptied by an UPDATE: on purpose, as it seems, so the reviewer is told and decides."""
    for change, statement in cleared(rehearsal):
        message = (
            f"This UPDATE takes the values of {change.place} from every row ({change.detail}): nothing copies them "
            "before, and a downgrade does not bring them back."
        )
        advice = "Keep a copy of the values first; where nobody needs them any more, allow it with the reason."
        yield _finding(change, message, advice, statement, maybe=True)


def _perhaps(rehearsal: Rehearsal) -> Iterator[Finding]:
    """Rows that a copy drops only where they hold NULLs, repeat each other or point at nothing."""
    plain, hostile = rehearsal.run("plain"), rehearsal.run("hostile")
    sure = {change.table for change in (plain.data if plain else ()) if change.kind == "rows-lost"}
    for change in hostile.data if hostile else ():
        copy = copy_of(change.table, rehearsal.statements)
        if change.kind == "rows-lost" and copy and change.table not in sure and not _is_told(rehearsal, change.table):
            yield replace(
                _finding(
                    change,
                    f"Making {change.table} anew drops rows in silence where they hold NULLs, repeat each other or point "
                    f"at nothing: {change.detail}.",
                    "Copy every row, and settle before the copy, in a statement of its own, which rows are meant to go.",
                    copy.statement,
                    maybe=True,
                ),
                depends_on_data=True,
            )
