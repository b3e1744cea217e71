"""A table or view that takes the name of one that was renamed away: what it lacks for the release still running."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Column, Table
from gate.rules._says import bare, spoken


def lacks(deploy: Deploy, away: Statement, rename: c.RenameTable) -> tuple[str, ...] | None:
    """What the stand-in lacks, in words; None where nothing takes the name. A view shows the same rows, so lacks none."""
    old = away.before.table(rename.table)
    for statement, change in deploy.all_changes(c.CreateView, c.CreateTable, c.RenameTable):
        if statement.number < away.number or rename.table not in _names(change):
            continue
        new = statement.after.table(rename.table)
        if isinstance(change, c.CreateView) or old is None or new is None:
            return ()
        return tuple(_lacking(deploy, rename, change, old, new))
    return None


def _names(change: c.Change) -> tuple[str | None, ...]:
    """The name that a change puts there."""
    if isinstance(change, c.CreateView):
        return (change.view,)
    if isinstance(change, c.CreateTable):
        return () if change.temporary else (change.table,)
    return (change.to,) if isinstance(change, c.RenameTable) else ()


def _lacking(deploy: Deploy, rename: c.RenameTable, change: c.Change, old: Table, new: Table) -> Iterator[str]:
    came_as = change.table if isinstance(change, c.RenameTable) else rename.table
    if not _has_rows(deploy, rename, came_as):
        yield f"the rows stay in {bare(rename.to)}"
    if old.columns and new.columns:
        yield from _unlike(deploy, old, new)
    kept = deploy.result.referencing(rename.to) if deploy.result.table(rename.to) else ()
    pointing = dict.fromkeys(table.name for table, _ in kept)
    if others := tuple(name for name in pointing if name not in (rename.table, rename.to)):
        yield f"foreign keys of {spoken(others)} still point at {bare(rename.to)}"


def _unlike(deploy: Deploy, old: Table, new: Table) -> Iterator[str]:
    used = [one for one in old.columns if deploy.used(old.name, one.name)]
    if missing := tuple(one.name for one in used if new.column(one.name) is None):
        yield f"it has no column {spoken(missing)}"
    if refusing := tuple(one.name for one in new.columns if _refuses(old.column(one.name), one)):
        yield f"an INSERT that leaves out {spoken(refusing)} fails now"


def _has_rows(deploy: Deploy, rename: c.RenameTable, came_as: str) -> bool:
    """Whether the rows are in the new table: it is older than the deploy, or is filled from the old one or by code."""
    if came_as != rename.table and deploy.baseline.table(came_as) is not None:
        return True
    made = (one for _, one in deploy.all_changes(c.CreateTable) if one.table in (came_as, rename.table))
    if any(one.as_query for one in made):
        return True
    filled = (one for _, one in deploy.all_changes(c.Insert) if one.table in (came_as, rename.table))
    return any(not one.reads or {rename.table, rename.to} & set(one.reads) for one in filled)


def _refuses(old: Column | None, new: Column) -> bool:
    """Whether the new column needs a value that the release still running did not have to give."""
    if new.nullable or new.default is not None or new.identity or new.generated:
        return False
    return old is None or old.nullable or old.default is not None or old.identity
