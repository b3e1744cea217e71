"""What the project does to the database by being imported, or by env.py alone, before any revision runs.

An application factory that migrates or makes tables on import does it once, on a scratch database that is then put
aside. An env.py that makes tables itself does it before every revision: then neither the revisions nor the comparison
could fail, and saying anything else would be a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def new_tables(before: Schema, now: Schema) -> tuple[str, ...]:
    """Tables that came, Alembic's version table left out."""
    fresh = [table for name, table in now.tables.items() if name not in before.tables]
    return tuple(sorted(one.name for one in fresh if [column.name for column in one.columns] != ["version_num"]))
