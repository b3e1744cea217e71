"""The server default of a NOT NULL column goes away while the release still running relies on it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._columns import ColumnEdit, defaults_dropped
from gate.rules._recipes import code_first
from gate.rules._says import bare, python, schema_argument
from gate.rules._world import added_here


def find(deploy: Deploy) -> Iterator[Hit]:
    for edit in defaults_dropped(deploy):
        if edit.before is None or edit.before.nullable or edit.before.identity:
            continue
        if added_here(deploy, edit.table, edit.column, edit.statement):
            continue  # not-split-add-and-drop-default
        if _comes_back(deploy, edit):
            continue
        yield Hit(
            f"{edit.table}.{edit.column} is NOT NULL and loses its default: an INSERT of the release still running "
            "that leaves the column out fails.",
            edit.statement,
            table=edit.table,
            column=edit.column,
            remedy=code_first(
                f"the default of {edit.table}.{edit.column}",
                "When every INSERT of every running release writes the column",
                f"op.alter_column({python(bare(edit.table))}, {python(edit.column)}, server_default=None"
                f"{schema_argument(edit.table)})",
            ),
        )


def _comes_back(deploy: Deploy, edit: ColumnEdit) -> bool:
    """Whether the deploy gives the column another default (the usual way around a new type), or lets it be NULL."""
    after = deploy.result.table(edit.table)
    column = after.column(edit.column) if after else None
    if column is None:
        return False
    return column.nullable or column.default is not None or column.identity or column.generated is not None


rule = Rule(
    title="Server default of a NOT NULL column dropped",
    why="INSERTs that leave the column out worked through the default; without it they are refused.",
    find=find,
    harms={Category.BACKWARD_INCOMPATIBLE: Severity.ERROR},
    dialects=EVERY,
    split=("deploy",),
    unsafe=(Example(('op.alter_column("users", "state", server_default=None)',)),),
    safe=(
        Example(('op.alter_column("users", "age", server_default=None)',)),
        Example(("op.execute(\"ALTER TABLE users ALTER state DROP DEFAULT, ALTER state SET DEFAULT 'fresh'\")",)),
    ),
)
