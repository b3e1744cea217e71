"""What the project does to the database by being imported, or by env.py alone, before any revision runs.

An application factory that migrates or makes tables on import does it once, on a scratch database that is then put
aside. An env.py that makes tables itself does it before every revision: then neither the revisions nor the comparison
could fail, and saying anything else would be a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.errors import CannotDecide
from gate.facts.schema import Schema
from gate.sandbox import ProjectFailure

if TYPE_CHECKING:
    from gate.collect._stage import Stage


def settle(stage: Stage, before: Schema) -> None:
    """Put the database aside that an import wrote to; look what env.py does alone. Raises CannotDecide."""
    made = new_tables(before, stage.database.schema())
    if made:
        shown = ", ".join(made[:5])
        stage.notes.append(f"the application makes tables when it is imported ({shown}): on a database of its own here")
        stage.aside = stage.database
        stage.start_afresh()
    try:
        stage.probe.call("visit")
    except ProjectFailure:
        return  # the upgrade will say it, with the revision if there is one
    made = new_tables(before, stage.database.schema())
    if made:
        raise CannotDecide(
            f"env.py makes tables itself before any revision runs ({', '.join(made[:5])}), so neither the "
            f"revisions nor a "
            "comparison with the models could fail",
            where=f"{stage.project.script_location}/env.py",
            advice="Let only revisions make tables: take create_all (or the upgrade) out of env.py and what it "
            "imports.",
        )


def compared(stage: Stage) -> dict[str, Any]:
    """Autogenerate's answer for the database in use.

    An application that migrates on import may do more than its revisions do (plugins with migrations of their own). What
    differs only without that is no drift: nobody runs such a database. Tables that ``create_all`` made there prove
    nothing, because they come from the models that they would be compared with.
    """
    told: dict[str, Any] = stage.probe.call("compare")
    if stage.aside is None or not told.get("operations"):
        return told
    here = stage.database
    stage.use(stage.aside)
    at_start = stage.probe.call("compare")
    stage.use(here)
    started = {identity(one) for one in at_start.get("operations", ())}
    left = [one for one in told["operations"] if identity(one) in started or _name(one) in stage.by_models]
    gone = len(told["operations"]) - len(left)
    if gone:
        stage.notes.append(f"{gone} differences are settled by the application itself when it starts, and do not count")
        told = {**told, "operations": left, "code": at_start.get("code") if left else ""}
    return told


def _name(operation: dict[str, Any]) -> str:
    schema, table = operation.get("schema"), str(operation.get("table"))
    return f"{schema}.{table}" if schema else table


def identity(operation: dict[str, Any]) -> tuple[str, ...]:
    """What a difference is about."""
    return tuple(str(operation.get(key) or "") for key in ("kind", "schema", "table", "column", "object"))


def new_tables(before: Schema, now: Schema) -> tuple[str, ...]:
    """Tables that came, Alembic's version table left out."""
    fresh = [table for name, table in now.tables.items() if name not in before.tables]
    return tuple(sorted(one.name for one in fresh if [column.name for column in one.columns] != ["version_num"]))
