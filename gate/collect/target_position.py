"""Where the target stands: its version table, read only, set against the revision files and git."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from gate.collect import _lost_revisions, _target, _version_table
from gate.collect._git import Git
from gate.context import RunContext
from gate.databases.target import VERSION_ROWS, FoundTable, Stand
from gate.errors import TargetUnavailable
from gate.facts.history import History, Project
from gate.facts.target import TargetPosition, UnknownRevision, VersionTable, overlapping, pending, rubbish, state_of


def collect(context: RunContext, project: Project, history: History) -> TargetPosition:
    """Read the version table. Raises TargetUnavailable for a replica, a missing right, or rubbish in the table."""
    name, schema = _version_table.named(context.repo, project)
    with context.timed("target"):
        with _target.connected(context) as target:
            stand = target.stand([name] if name else [])
        place = _place(context)
        if stand.replica and context.mode == "predeploy":
            raise TargetUnavailable(
                stand.replica, where=place, advice="Point --target-url at the primary: migrations run there."
            )
        return position(
            stand,
            place,
            history,
            chosen(stand, history, name, schema),
            Git(context.repo),
            project,
            expected_heads=_expects(context.settings.heads, history),
        )


def _place(context: RunContext) -> str:
    from gate.databases.target import Address

    return f"target {Address.of(_target.target_url(context)).place}"


def _expects(said: str, history: History) -> bool:
    """Do the settings allow as many heads as there are?"""
    words = [word.strip() for word in said.split(",") if word.strip()]
    if len(words) == 1 and words[0].isdigit():
        return len(history.heads) <= int(words[0])
    return bool(words) and len(history.heads) <= len(words)


def chosen(stand: Stand, history: History, name: str | None, schema: str | None) -> FoundTable | None:
    """The version table in use: the one that env.py names, else the default one, else the one with our revisions."""
    found = stand.version_tables
    exact = [
        one
        for one in found
        if one.name == (name or "alembic_version")
        and one.schema == (schema if schema != stand.default_schema else None)
    ]
    if exact:
        return exact[0]
    if name or schema:
        close = [one for one in found if one.name == (name or "alembic_version") or (schema and one.schema == schema)]
        return close[0] if len(close) == 1 else None
    ours = [one for one in found if one.rows and any(row in history.by_id for row in one.rows)]
    plain = [one for one in found if one.name == "alembic_version"]
    return next(iter(ours or plain), None)


def position(
    stand: Stand,
    place: str,
    history: History,
    table: FoundTable | None,
    git: Git,
    project: Project,
    *,
    expected_heads: bool,
) -> TargetPosition:
    """The facts put together; git is only asked about revisions that the working tree does not have."""
    read = _unread(stand, place, history)
    if table is not None and table.locked:
        return _locked(read, table)
    current = _rows(table, place, stand.user)
    _refuse_rubbish(current, history, table, place)
    unknown = tuple(_lost_revisions.find(git, project, history, one) for one in current if one not in history.by_id)
    state = state_of(history, current, unknown, has_tables=stand.has_tables, expected_heads=expected_heads)
    blind = state in ("unknown-revision", "ahead", "unstamped")
    return dataclasses.replace(
        read,
        state=state,
        current=current,
        pending=() if blind else pending(history, current),
        unknown=unknown,
        version_table=VersionTable(table.name, table.schema, current) if table else None,
        elsewhere=_elsewhere(stand, table),
        overlapping=overlapping(history, current),
        expected_heads=expected_heads,
        notes=(*stand.notes, *_notes(unknown, git)),
    )


def _unread(stand: Stand, place: str, history: History) -> TargetPosition:
    """What is known before the version table is."""
    return TargetPosition(
        stand.server,
        place.removeprefix("target "),
        None,
        heads=history.heads,
        default_schema=stand.default_schema,
        time_zone=stand.time_zone,
        user=stand.user,
        notes=stand.notes,
    )


def _elsewhere(stand: Stand, table: FoundTable | None) -> tuple[VersionTable, ...]:
    return tuple(
        VersionTable(one.name, one.schema, _texts(one.rows or ())) for one in stand.version_tables if one is not table
    )


def _locked(read: TargetPosition, table: FoundTable) -> TargetPosition:
    """Somebody migrates right now: the survey tells who."""
    note = f"the version table {table.name} is locked by another session, so the target's revision is not known"
    return dataclasses.replace(read, version_table=VersionTable(table.name, table.schema), notes=(note, *read.notes))


def _rows(table: FoundTable | None, place: str, user: str) -> tuple[str, ...]:
    if table is None:
        return ()
    name = f"{table.schema}.{table.name}" if table.schema else table.name
    if not table.fits:
        raise TargetUnavailable(
            f"the version table {name} has no column version_num, so it holds rubbish",
            where=place,
            advice="Look at the table; Alembic made it with one column, version_num.",
        )
    if table.rows is None:
        raise TargetUnavailable(
            f"the version table {name} may not be read by {user}",
            where=place,
            advice=f"GRANT SELECT ON {name} TO {user.partition('@')[0]}; and USAGE on its schema.",
        )
    if len(table.rows) >= VERSION_ROWS:
        raise TargetUnavailable(
            f"the version table {name} has {VERSION_ROWS} rows or more: rubbish",
            where=place,
            advice="Alembic keeps one row per branch: look at the table.",
        )
    return tuple(sorted(map(_text, table.rows)))


def _text(row: object) -> str:
    return row if isinstance(row, str) else "" if row is None else str(row)


def _texts(rows: Iterable[object]) -> tuple[str, ...]:
    return tuple(sorted(map(_text, rows)))


def _refuse_rubbish(current: tuple[str, ...], history: History, table: FoundTable | None, place: str) -> None:
    bad = [one for one in current if one not in history.by_id and rubbish(one)]
    if bad and table:
        shown = ", ".join(repr(one[:60]) for one in bad[:3])
        raise TargetUnavailable(
            f"the version table {table.name} holds rubbish: {shown}",
            where=place,
            advice="No Alembic wrote that. Find out which revision the schema has, then: alembic stamp --purge REV",
        )


def _notes(unknown: tuple[UnknownRevision, ...], git: Git) -> tuple[str, ...]:
    lost = [one.revision for one in unknown if one.whereabouts == "not-found"]
    if not lost:
        return ()
    shallow = git.line("rev-parse", "--is-shallow-repository") == "true"
    why = (
        "this checkout is shallow: fetch the whole history (fetch-depth: 0)"
        if shallow
        else "no ref of this clone has it"
    )
    return (f"{', '.join(lost)} not found in git: {why}",)
