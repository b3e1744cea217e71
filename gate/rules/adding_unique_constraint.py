"""A UNIQUE constraint that builds its index under the strongest lock."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules import _elsewhere as elsewhere
from gate.rules._constraints import Added, added, old_code
from gate.rules._implied import was_unique
from gate.rules._key_recipes import key_using_index
from gate.rules._rows import counting_duplicates, may_fail, told_key
from gate.rules._world import is_filled, is_unique, table_before, tells_apart


def find(deploy: Deploy) -> Iterator[Hit]:
    for one in added(deploy, "unique"):
        if one.spec.using_index:
            continue
        recipe = (
            key_using_index(one.statement, one.table, one.name, one.spec.columns, "UNIQUE")
            if deploy.dialect == "postgresql"
            else elsewhere.unique(deploy, one.table, one.name, one.spec)
        )
        if deploy.dialect == "postgresql":
            yield Hit(
                f"Adding UNIQUE {one.name} builds an index over every row of {one.table} while an ACCESS EXCLUSIVE "
                "lock stops all its reads and writes.",
                one.statement,
                category=Category.LOCK,
                table=one.table,
                column=_column(one),
                remedy=recipe,
            )
        new = tells_apart(deploy, one.table, one.spec.columns, one.statement)
        if any(not is_filled(deploy, one.table, name, one.statement) for name in new):
            continue
        if not any(one.spec.lengths) and _is_kept(deploy, one):
            continue
        yield from may_fail(
            deploy,
            one.statement,
            f"Rows of {one.table} that share {_keys(one)} make it fail.",
            table=one.table,
            column=_column(one),
            sql=None if new else counting_duplicates(deploy, one.table, one.spec.columns, lengths=one.spec.lengths),
            keys=_keys(one),
            remedy=recipe,
        )
        if not new:
            yield old_code(one, f"repeat {_keys(one)}", recipe)


def _is_kept(deploy: Deploy, one: Added) -> bool:
    """By an index or a key that is there, or that the deploy puts this one in the place of."""
    there = is_unique(table_before(one.statement, one.table), one.spec.columns)
    return there or was_unique(deploy, one.statement, one.table, one.spec.columns)


def _keys(one: Added) -> str:
    return told_key(one.spec.columns, one.spec.lengths)


def _column(one: Added) -> str | None:
    return one.spec.columns[0] if len(one.spec.columns) == 1 else None


rule = Rule(
    title="UNIQUE constraint built in place",
    why="The index is built under the strongest lock, and duplicates make it fail.",
    find=find,
    harms={
        Category.LOCK: Severity.ERROR,
        Category.FAILS_ON_EXISTING_ROWS: Severity.WARNING,
        Category.BACKWARD_INCOMPATIBLE: Severity.WARNING,
        Category.DATA_LOSS: Severity.ERROR,
    },
    dialects=EVERY,
    split=("transaction", "deploy"),
    unsafe=(Example(('op.create_unique_constraint("uq_orders_note", "orders", ["note"])',)),),
    safe=(
        Example(
            ('op.execute("ALTER TABLE orders ADD CONSTRAINT uq_orders_note UNIQUE USING INDEX ux_orders_note")',),
            earlier=('op.create_index("ux_orders_note", "orders", ["note"], unique=True)',),
        ),
    ),
)
