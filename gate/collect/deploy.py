"""The deploy as rules see it: from the rehearsal, or where none could run, from the revisions run by themselves."""

from __future__ import annotations

from dataclasses import replace

from gate.collect import _offline
from gate.context import RunContext
from gate.errors import CannotDecide
from gate.facts.history import History, NewRevisions
from gate.facts.rehearsal import Deploy, Failure, Rehearsal
from gate.facts.schema import Schema
from gate.settings import Settings
from gate.sql.resolve import resolved


def collect(context: RunContext, history: History, new: NewRevisions, settings: Settings) -> Deploy:
    """The deploy's statements with the schema around them. Raises CannotDecide when they are not known in any way."""
    revisions = tuple(history.by_id[id] for id in new.ids if id in history.by_id)
    if not revisions:
        return Deploy("postgresql", (), history, (), (), Schema(), Schema())
    try:
        rehearsal = context.fact(Rehearsal)
    except CannotDecide as error:
        return _in_world(_offline.deploy(context, history, new, error), settings)
    if rehearsal.baseline_failure:
        return _in_world(_offline.deploy(context, history, new, _no_base(rehearsal.baseline_failure)), settings)
    server = rehearsal.server
    last = rehearsal.statements[-1] if rehearsal.statements else None
    return _in_world(
        Deploy(
            dialect=server.dialect,
            version=server.version,
            history=history,
            revisions=revisions,
            statements=rehearsal.statements,
            baseline=rehearsal.baseline,
            result=rehearsal.result,
            runs=rehearsal.runs,
            server=f"{server.dialect} {server.version_text}",
            observed=True,
            complete=last is None or last.error is None,
            settings=rehearsal.settings,
            sources={one.path: _text(context, one.path) for one in revisions},
            round_trip=rehearsal.round_trip,
            mapped=rehearsal.mapped,
        ),
        settings,
    )


def _in_world(deploy: Deploy, settings: Settings) -> Deploy:
    """The deploy in full, in the world that the settings declare."""
    world = settings.world
    return replace(
        resolved(deploy),
        small_tables=frozenset(map(str, world.get("small-tables", ()))),
        maintenance_window=bool(world.get("maintenance-window")),
        code_first=bool(world.get("code-first")),
    )


def _text(context: RunContext, path: str) -> str:
    file = context.repo / path
    return file.read_text("utf-8", "replace") if file.is_file() else ""


def _no_base(failure: Failure) -> CannotDecide:
    return CannotDecide(
        f"the base could not be rebuilt: {failure.error}",
        where=failure.location.path if failure.location else None,
        advice="See upgrade-works; a schema made outside of the revisions needs `bootstrap:`.",
    )
