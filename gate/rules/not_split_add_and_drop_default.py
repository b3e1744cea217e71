"""One deploy adds a column with a default and takes the default away again."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._columns import defaults_dropped
from gate.rules._recipes import remedy
from gate.rules._says import bare, python, schema_argument
from gate.rules._split import revisions
from gate.rules._world import added_here


def find(deploy: Deploy) -> Iterator[Hit]:
    for edit in defaults_dropped(deploy):
        added = added_here(deploy, edit.table, edit.column, edit.statement)
        if added is None or (edit.before is not None and edit.before.nullable):
            continue
        place = f"{python(bare(edit.table))}, {python(edit.column)}"
        yield Hit(
            f"{edit.table}.{edit.column} is added NOT NULL with a default that is dropped again in the same deploy: "
            "the release still running does not write the column, so all its INSERTs fail.",
            edit.statement,
            table=edit.table,
            column=edit.column,
            related=revisions(added[0], edit.statement),
            remedy=remedy(
                "Keep the default until no release leaves the column out.",
                (1, "Add the column with its default, and keep it", ""),
                (
                    2,
                    "When every running release writes the column",
                    f"op.alter_column({place}, server_default=None{schema_argument(edit.table)})",
                ),
            ),
        )


rule = Rule(
    title="Default added and dropped in one deploy",
    why="The default is what lets the release still running insert rows.",
    find=find,
    harms={Category.NOT_SPLIT: Severity.ERROR},
    dialects=EVERY,
    split=("deploy",),
    reports_to="split-steps",
    unsafe=(
        Example(
            (
                'op.add_column("users", sa.Column("level", sa.Integer(), nullable=False, server_default="1"))\n'
                'op.alter_column("users", "level", server_default=None)',
            )
        ),
    ),
    safe=(Example(('op.add_column("users", sa.Column("level", sa.Integer(), nullable=False, server_default="1"))',)),),
)
