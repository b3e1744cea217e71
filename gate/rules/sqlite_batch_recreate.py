"""A batch change that SQLite can only make by writing the whole table anew."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule
from gate.rules._sqlite import recreates


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in recreates(deploy):
        yield Hit(
            f"{change.table} is made anew: {_way(change)}. Writers wait, the file grows by the table's size, and what "
            "the copy does not carry is gone.",
            statement,
            table=change.table,
            remedy=Remedy(
                "Fine on a small table; on a large one do it in a quiet window, with a backup of the file at hand.",
                (
                    Step(
                        1,
                        "Only what SQLite can do in place leaves the table alone",
                        "# nullable columns, columns with a constant default, renames, indexes:\n"
                        'with op.batch_alter_table(..., recreate="never") as batch_op:\n    ...',
                    ),
                ),
            ),
        )


def _way(change: c.RecreateTable) -> str:
    if change.aside:
        return f"it is renamed to {change.aside}, and its rows are copied into a new {change.table}"
    return f"its rows are copied into {change.temporary}, it is dropped, the copy takes its name"


rule = Rule(
    title="Table made anew by batch mode",
    why="SQLite has no ALTER for it: the whole table is copied, and everything else that hangs on it is at stake.",
    find=find,
    harms={Category.REWRITE: Severity.WARNING},
    dialects=SQLITE,
    unsafe=(
        Example(
            (
                'with op.batch_alter_table("orders") as batch_op:\n'
                '    batch_op.alter_column("note", type_=sa.String(80), existing_type=sa.Text())',
            ),
            dialect="sqlite",
        ),
    ),
    safe=(
        Example(
            (
                'with op.batch_alter_table("orders") as batch_op:\n'
                '    batch_op.add_column(sa.Column("x", sa.Integer()))',
            ),
            dialect="sqlite",
        ),
    ),
)
