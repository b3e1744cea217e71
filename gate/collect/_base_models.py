"""What the release still running maps: tables and columns of the base branch's models, where they import.

A column that the base's models no longer map is not named by any query of the release that runs: dropping it then breaks
nobody. The database's schema alone cannot tell that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gate.collect import _loading
from gate.collect._base_schema import base_tree, launch, redirecting
from gate.errors import GateError
from gate.sandbox import Probe, ProjectFailure

if TYPE_CHECKING:
    from gate.collect._stage import Stage


def mapped(stage: Stage) -> Mapping[str, frozenset[str]] | None:
    """Columns by table as the base's ``target_metadata`` has them; None when it cannot be had (said in the notes)."""
    try:
        tree = base_tree(stage)
        with Probe(launch(stage, tree), redirecting(stage, tree)) as probe:
            told = _loading.told(stage.project, stage.environment, tree, stage.context.repo)
            probe.call("load", project=told, url=stage.url)
            found = _tables(probe.call("queries"))
    except (GateError, ProjectFailure) as error:
        stage.notes.append(
            f"the base's models could not be read ({str(error).splitlines()[0][:200]}): its schema stands for them"
        )
        return None
    return found or None


def _tables(told: Any) -> dict[str, frozenset[str]]:
    rows = told.get("queries") if isinstance(told, dict) else None
    found = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("columns"), list):
            schema = f"{row['schema']}." if row.get("schema") not in (None, "", "public", "main") else ""
            found[f"{schema}{row.get('table')}"] = frozenset(str(one) for one in row["columns"])
    return found
