"""Opens the target of a project: from ``--target-url``, or from the variable ALEMBIC_GATE_TARGET_URL.

With several projects ``ALEMBIC_GATE_TARGET_URL_<PROJECT>`` (capitals, anything else an underscore) is a project's own.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Collection

from gate.collect import _job_services
from gate.context import RunContext
from gate.databases.target import Target, no_target, open_target
from gate.facts.schema import Schema
from gate.facts.target import TargetPosition, VersionTable

VARIABLE = "ALEMBIC_GATE_TARGET_URL"


def target_url(context: RunContext) -> str:
    """The URL with its secrets. Raises UsageError when there is none."""
    own = re.sub(r"[^A-Z0-9]", "_", context.project.name.upper())
    found = os.environ.get(f"{VARIABLE}_{own}") or context.settings.target_url or os.environ.get(VARIABLE, "")
    if not found.strip():
        raise no_target()
    return found.strip()


def connected(context: RunContext) -> Target:
    """A fresh read-only session; close it by ``with``."""
    url = target_url(context)
    with _job_services.named(url, context.repo):
        return open_target(url, context.repo)


def without(schema: Schema, names: frozenset[str]) -> Schema:
    """The schema without the tables of these bare names (and the sequences and routines of the same name)."""
    tables = {name: table for name, table in schema.tables.items() if name.rpartition(".")[2] not in names}
    return schema if len(tables) == len(schema.tables) else dataclasses.replace(schema, tables=tables)


def seen(schema: Schema, hidden: Collection[str]) -> Schema:
    """The schema without the kinds of object that the target hides from the role: for both sides of a comparison."""
    if not hidden:
        return schema
    tables = {
        name: dataclasses.replace(
            table,
            triggers=() if "triggers" in hidden else table.triggers,
            definition="" if "views" in hidden and table.kind == "view" else table.definition,
        )
        for name, table in schema.tables.items()
    }
    routines = {
        name: body
        for name, body in schema.routines.items()
        if ("triggers" if name.startswith("trigger ") else "routines") not in hidden
    }
    return dataclasses.replace(schema, tables=tables, routines=routines)


def concerned(schema: Schema, hidden: Collection[str]) -> tuple[str, ...]:
    """The hidden kinds of which the schema has any."""
    return tuple(kind for kind in hidden if seen(schema, [kind]) != schema)


def version_names(position: TargetPosition) -> frozenset[str]:
    """Bare names of version tables: left out of every comparison."""
    tables = (position.version_table or VersionTable(), *position.elsewhere)
    return frozenset(one.name for one in tables)
