"""What project code raised, placed on its revision, line and statement, with what the server lacks where that is why."""

from __future__ import annotations

from collections.abc import Mapping

from gate.collect import _advice
from gate.collect._recording import Recorder, around
from gate.databases.lacking import lacking
from gate.facts.history import History
from gate.facts.rehearsal import Failure
from gate.model import Location
from gate.sandbox import ProjectFailure


def failure_of(
    failure: ProjectFailure, history: History, sources: Mapping[str, str], recorder: Recorder | None
) -> Failure:
    """What project code raised, placed on its revision and line."""
    location = None
    revision = failure.revision if failure.revision in history.by_id else None
    if revision:
        path = history.by_id[revision].path
        line = failure.line or history.by_id[revision].upgrade_line or 1
        location = Location(path, *around(sources.get(path, ""), line))
    number = None
    if recorder and recorder.statements and recorder.statements[-1].error:
        number = recorder.statements[-1].number
    error = _readable(failure, recorder.catalogue.home if recorder else "")
    lack = lacking(error)
    lacks = (str(lack), lack.advice) if lack else None
    if lacks is None and failure.sql is None:
        lacks = _advice.missing_variable(failure.type, error)
    return Failure(error, failure.type, revision, location, failure.sql, number, failure.sqlstate, lacks)


def _readable(failure: ProjectFailure, home: str) -> str:
    """Without the scratch database's name, which is ours; NoSuchTableError and KeyError say a bare name."""
    error = failure.text or failure.message
    error = error.replace(f"{home}.", "") if home else error
    return error if " " in error else f"{failure.type}: {error}"
