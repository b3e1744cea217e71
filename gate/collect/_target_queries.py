"""After the deploy: does the target take the SELECT of every mapped table, with every mapped column named?

SQLAlchemy names each mapped column in its SELECT, so one query per table shows what the application will meet. The models
come from the project's own ``target_metadata``; the queries read no row.
"""

from __future__ import annotations

from gate.collect import _target
from gate.collect._stage import Stage
from gate.context import RunContext
from gate.databases.target import Target
from gate.errors import GateError, TargetUnavailable
from gate.facts.database_choice import DatabaseChoice
from gate.facts.environment import ProjectEnvironment
from gate.facts.history import History, Project
from gate.facts.target import TargetPosition
from gate.facts.target_evidence import Answered
from gate.sandbox import ProjectFailure


def answered(context: RunContext, project: Project, history: History, position: TargetPosition) -> Answered:
    """What the target said to each query; nothing asked where the models are not known (the schemas are compared anyway)."""
    try:
        tables = _mapped(context, project, history)
    except (GateError, ProjectFailure) as error:
        return Answered(problem=" ".join(str(error).split()))
    failures = []
    if not tables:
        return Answered()
    with _target.connected(context) as target:
        for name, columns in tables:
            try:
                target.ask(select(target, name, columns))
            except TargetUnavailable as error:
                failures.append((name, error.what))
    del position
    return Answered(len(tables), tuple(failures))


def _mapped(context: RunContext, project: Project, history: History) -> list[tuple[str, list[str]]]:
    """Table (with its schema where the models name one) and columns."""
    with Stage(context, project, context.fact(ProjectEnvironment), context.fact(DatabaseChoice), history) as stage:
        stage.begin()
        told = stage.probe.call("queries")
    found = []
    for row in told.get("queries", ()) if isinstance(told, dict) else ():
        if isinstance(row, dict) and isinstance(row.get("columns"), list) and row["columns"]:
            schema = f"{row['schema']}." if row.get("schema") else ""
            found.append((f"{schema}{row.get('table')}", [str(one) for one in row["columns"]]))
    return found


def select(target: Target, name: str, columns: list[str]) -> str:
    """The application's SELECT of a table, without reading a row.

    Columns are named with their table: SQLite takes a quoted name that is no column for text
    (https://www.sqlite.org/quirks.html#dblquote).
    """
    listed = ", ".join(f"mapped.{target.quote(one.replace('.', chr(0))).replace(chr(0), '.')}" for one in columns)
    return f"SELECT {listed} FROM {target.quote(name)} AS mapped WHERE 1 = 0"
