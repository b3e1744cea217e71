"""A table or view gets another name while the release still running uses the old one."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import bare, execute, ident, python, schema_argument


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.RenameTable):
        if statement.after.table(change.table) is not None:
            continue  # a view (or a new table) of the old name stands in the same statement
        if _replaced(deploy, change.table, statement.number):
            continue
        yield Hit(
            f"Renaming {change.table} to {bare(change.to)} breaks every query of the release still running on it.",
            statement,
            table=change.table,
            remedy=remedy(
                "Keep the old name working with a view until no release uses it.",
                (
                    1,
                    "Rename and put a view in its place, in one transaction (a simple view can be written to)",
                    f"op.rename_table({python(bare(change.table))}, {python(bare(change.to))}"
                    f"{schema_argument(change.table)})\n"
                    + execute(f"CREATE VIEW {ident(change.table)} AS SELECT * FROM {ident(change.to)}"),
                ),
                (2, "When no release uses the old name", execute(f"DROP VIEW {ident(change.table)}")),
            ),
        )


def _replaced(deploy: Deploy, table: str, number: int) -> bool:
    """Whether the same deploy puts a view (or a table) of the old name there."""
    return any(
        statement.number > number and table == (change.view if isinstance(change, c.CreateView) else change.to)
        for statement, change in deploy.all_changes(c.Change)
        if isinstance(change, (c.CreateView, c.RenameTable))
    )


rule = Rule(
    title="Table renamed",
    why="The rename is instant, but code cannot be replaced at the same instant.",
    find=find,
    harms={Category.BACKWARD_INCOMPATIBLE: Severity.ERROR},
    dialects=EVERY,
    split=("deploy",),
    unsafe=(Example(('op.rename_table("orders", "purchases")',)),),
    safe=(
        Example(
            (
                'op.create_table("ticket", sa.Column("id", sa.Integer(), primary_key=True))\n'
                'op.rename_table("ticket", "tickets")',
            )
        ),
    ),
)
