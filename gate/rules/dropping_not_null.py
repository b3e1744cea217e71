"""A column may become NULL, which the release still running does not expect."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._columns import ColumnEdit, made_nullable
from gate.rules._recipes import remedy
from gate.rules._says import bare, python, schema_argument
from gate.rules._world import added_here, column_at_start


def find(deploy: Deploy) -> Iterator[Hit]:
    for edit in made_nullable(deploy):
        if not _is_relied_on(deploy, edit) or _comes_back(deploy, edit):
            continue
        yield Hit(
            f"{edit.table}.{edit.column} may hold NULL from now on; the release still running counts on a value and "
            "may fail on rows that the new release writes.",
            edit.statement,
            table=edit.table,
            column=edit.column,
            remedy=remedy(
                "Teach the code to read NULL before any row can hold it.",
                (1, f"Deploy code that reads NULL in {edit.column}", ""),
                (
                    2,
                    "Then drop NOT NULL",
                    f"op.alter_column({python(bare(edit.table))}, {python(edit.column)}, nullable=True"
                    f"{schema_argument(edit.table)})",
                ),
            ),
        )


def _is_relied_on(deploy: Deploy, edit: ColumnEdit) -> bool:
    """Whether the release still running knows the column, and as NOT NULL: the deploy may have set that itself."""
    if added_here(deploy, edit.table, edit.column, edit.statement):
        return False
    known = column_at_start(deploy, edit.table, edit.column, edit.statement)
    return known is None or not known.nullable


def _comes_back(deploy: Deploy, edit: ColumnEdit) -> bool:
    """Whether the deploy sets NOT NULL again: the new release, which might write NULL, is not there yet."""
    after = deploy.result.table(edit.table)
    column = after.column(edit.column) if after else None
    return column is not None and not column.nullable


rule = Rule(
    title="DROP NOT NULL",
    why="Instant for the database, but the release still running has never seen NULL in this column.",
    find=find,
    harms={Category.BACKWARD_INCOMPATIBLE: Severity.WARNING},
    dialects=EVERY,
    split=("deploy",),
    unsafe=(Example(('op.alter_column("users", "name", nullable=True)',)),),
    safe=(Example(('op.alter_column("users", "age", nullable=True)',)),),
)
