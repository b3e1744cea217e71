"""Rows read into Python and written back one by one."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._batches import computed_batches
from gate.rules._loops import rows_written_back
from gate.rules._recipes import remedy


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in rows_written_back(deploy):
        yield Hit(
            f"The rows of {change.table} are read into Python and written back one by one: one round trip a row, all "
            "in one transaction.",
            statement,
            table=change.table,
            column=change.columns[0] if len(change.columns) == 1 else None,
            remedy=remedy(
                "Let the database compute the values, in batches that commit.",
                computed_batches(deploy, statement, change),
            ),
        )


rule = Rule(
    title="Backfill row by row",
    why="A million rows are a million round trips inside one transaction.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING},
    dialects=EVERY,
    split=("statement",),
    unsafe=(
        Example(
            (
                "bind = op.get_bind()\n"
                'for row in bind.execute(sa.text("SELECT id FROM orders")).all():\n'
                '    bind.execute(sa.text("UPDATE orders SET note = \'x\' WHERE id = :id"), {"id": row.id})',
            )
        ),
        Example(
            (
                'rows = op.get_bind().execute(sa.text("SELECT id FROM orders")).all()\n'
                "update = sa.text(\"UPDATE orders SET note = 'x' WHERE id = :id\")\n"
                'op.get_bind().execute(update, [{"id": row.id} for row in rows])',
            )
        ),
    ),
    safe=(
        Example(
            (
                "for key in (1, 2, 3):\n"
                '    op.get_bind().execute(sa.text("UPDATE orders SET note = \'x\' WHERE id = :id"), {"id": key})',
            )
        ),
    ),
)
