"""A table or view gets another name while the release still running uses the old one."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Remedy, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import bare, execute, ident, python, schema_argument
from gate.rules._stand_in import lacks


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.RenameTable):
        lacking = lacks(deploy, statement, change)
        if lacking is None:
            yield _gone(deploy, statement, change)
        elif lacking:
            yield _swapped(statement, change, lacking)


def _gone(deploy: Deploy, statement: Statement, change: c.RenameTable) -> Hit:
    return Hit(
        f"Renaming {change.table} to {bare(change.to)} breaks every query of the release still running on it.",
        statement,
        table=change.table,
        remedy=_no_alias(change) if deploy.dialect == "sqlite" else _alias(change),
    )


def _swapped(statement: Statement, change: c.RenameTable, lacking: tuple[str, ...]) -> Hit:
    return Hit(
        f"Another table takes the name {change.table} under the release still running, and it is not the same: "
        f"{'; '.join(lacking)}.",
        statement,
        table=change.table,
        remedy=remedy(
            "Give the new table all that the old one has before it takes the name.",
            (1, f"Give it the columns, defaults and keys of {change.table}; let the code or a trigger write both", ""),
            (1, "Copy the rows in batches, in a revision of its own", ""),
            (2, "Point the foreign keys of other tables at it, then swap the names in one transaction", ""),
        ),
    )


def _alias(change: c.RenameTable) -> Remedy:
    return remedy(
        "Keep the old name working with a view until no release uses it.",
        (
            1,
            "Rename and put a view in its place, in one transaction (a simple view can be written to)",
            _rename(change) + "\n" + execute(f"CREATE VIEW {ident(change.table)} AS SELECT * FROM {ident(change.to)}"),
        ),
        (2, "When no release uses the old name", execute(f"DROP VIEW {ident(change.table)}")),
    )


def _no_alias(change: c.RenameTable) -> Remedy:
    """SQLite's views are read-only: https://www.sqlite.org/lang_createview.html."""
    return remedy(
        "Keep the table's name: only the class needs another.",
        (1, "The model under its new name, over the table as it is", f"__tablename__ = {python(bare(change.table))}"),
        (
            2,
            "Only where the table itself must change: stop the old release, rename, start the new one",
            _rename(change),
        ),
    )


def _rename(change: c.RenameTable) -> str:
    return f"op.rename_table({python(bare(change.table))}, {python(bare(change.to))}{schema_argument(change.table)})"


rule = Rule(
    title="Table renamed",
    why="The rename is instant, but code cannot be replaced at the same instant.",
    find=find,
    harms={Category.BACKWARD_INCOMPATIBLE: Severity.ERROR},
    dialects=EVERY,
    split=("deploy",),
    unsafe=(
        Example(('op.rename_table("orders", "purchases")',)),
        Example(
            (
                'op.execute("CREATE TABLE orders_new (LIKE orders INCLUDING ALL)")\n'
                'op.rename_table("orders", "orders_old")\n'
                'op.rename_table("orders_new", "orders")',
            )
        ),
    ),
    safe=(
        Example(
            (
                'op.create_table("ticket", sa.Column("id", sa.Integer(), primary_key=True))\n'
                'op.rename_table("ticket", "tickets")',
            )
        ),
        Example(('op.rename_table("logs", "log_lines")\nop.execute("CREATE VIEW logs AS SELECT * FROM log_lines")',)),
    ),
)
