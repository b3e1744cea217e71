"""One transaction alters a table and then writes its rows."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Remedy, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._batches import computed_batches, own_batches
from gate.rules._loops import batches_that_stay_open, marks, rows_written_back
from gate.rules._recipes import remedy
from gate.rules._split import altered_before, backfills, required_too_early, revisions


def find(deploy: Deploy) -> Iterator[Hit]:
    seen = {(edit.statement.revision, edit.table) for *_, edit in required_too_early(deploy)}  # says more
    loops, rows = marks(batches_that_stay_open(deploy)), marks(rows_written_back(deploy))
    for statement, change in backfills(deploy):
        altered = altered_before(deploy, statement, change.table, change)
        place = (statement.revision, change.table)
        few = isinstance(change, c.Update) and change.bounded and (statement.number, change) not in loops
        if altered is None or place in seen or few:
            continue
        seen.add(place)
        column = change.columns[0] if len(change.columns) == 1 else None
        yield Hit(
            f"{change.table} is altered and then filled in one transaction: the lock of the ALTER, which stops all "
            "reads and writes, lasts until the last row is written.",
            statement,
            table=change.table,
            column=column,
            related=revisions(altered, statement),
            remedy=_recipe(_batches(deploy, statement, change, by_row=(statement.number, change) in rows)),
        )


def _batches(
    deploy: Deploy, statement: Statement, change: c.Update | c.Insert, *, by_row: bool
) -> tuple[int, str, str]:
    """The project's own statement over ranges; where a loop computes each row's values, the author has to put them."""
    if isinstance(change, c.Insert):
        return (1, "", "")
    if by_row:
        return computed_batches(deploy, statement, change)
    return own_batches(deploy, statement, change)


def _recipe(batches: tuple[int, str, str]) -> Remedy:
    return remedy(
        "Alter in one revision, fill in another, in batches that commit.",
        (1, "The schema change, in a revision (and, by transaction_per_migration=True, a transaction) of its own", ""),
        (1, f"The backfill, in the next revision. {batches[1]}".removesuffix(". "), batches[2]),
    )


rule = Rule(
    title="Schema change and backfill in one transaction",
    why="The strongest lock is held while all rows are written.",
    find=find,
    harms={Category.NOT_SPLIT: Severity.ERROR},
    dialects=EVERY,
    split=("transaction",),
    reports_to="split-steps",
    unsafe=(
        Example(
            (
                'op.add_column("users", sa.Column("level", sa.Integer()))\n'
                'op.execute("UPDATE users SET level = 1 WHERE level IS NULL")',
            )
        ),
        Example(
            (
                "op.execute(\"SET lock_timeout = '3s'; ALTER TABLE users ADD level int; \"\n"
                '           "UPDATE users SET level = 1 WHERE level IS NULL")',
            )
        ),
        Example(
            (
                'op.add_column("orders", sa.Column("level", sa.Integer()))\n'
                'rows = op.get_bind().execute(sa.text("SELECT id FROM orders")).all()\n'
                "for row in rows:\n"
                '    op.get_bind().execute(sa.text("UPDATE orders SET level = 1 WHERE id = :id"), {"id": row.id})',
            )
        ),
    ),
    safe=(
        Example(
            (
                'op.add_column("users", sa.Column("level", sa.Integer()))',
                "with op.get_context().autocommit_block():\n"
                '    op.execute("UPDATE users SET level = 1 WHERE id BETWEEN 1 AND 1000")',
            )
        ),
    ),
)
