"""A label of an enumerated type goes away."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import MYSQL, POSTGRESQL, Example, Hit, Rule
from gate.rules._columns import retyped
from gate.rules._enums import values_removed
from gate.rules._recipes import remedy
from gate.rules._rows import counting, may_fail
from gate.rules._says import quoted


def find(deploy: Deploy) -> Iterator[Hit]:
    for edit in retyped(deploy):
        gone = values_removed(edit)
        if not gone:
            continue
        labels = ", ".join("'" + label.replace("'", "''") + "'" for label in gone)
        recipe = remedy(
            "Stop writing the label, rewrite the rows that have it, then (or never) remove it from the type.",
            (1, f"Deploy code that no longer writes {labels}; rewrite the rows in batches", ""),
            (2, "Then change the type", ""),
        )
        yield Hit(
            f"The release still running may write {labels} to {edit.table}.{edit.column}, which is refused from now "
            "on.",
            edit.statement,
            category=Category.BACKWARD_INCOMPATIBLE,
            table=edit.table,
            column=edit.column,
            remedy=recipe,
        )
        yield from may_fail(
            deploy,
            edit.statement,
            f"Rows of {edit.table} with {labels} in {edit.column} make the change fail.",
            table=edit.table,
            column=edit.column,
            sql=counting(deploy, edit.table, f"{quoted(deploy.dialect, edit.column)} IN ({labels})"),
            remedy=recipe,
        )


rule = Rule(
    title="Enum label removed",
    why="The release still running writes it, and rows that have it make the change fail.",
    find=find,
    harms={Category.BACKWARD_INCOMPATIBLE: Severity.ERROR, Category.FAILS_ON_EXISTING_ROWS: Severity.WARNING},
    dialects=(*POSTGRESQL, *MYSQL),
    split=("deploy",),
    unsafe=(
        Example(
            (
                'op.execute("ALTER TYPE mood RENAME TO mood_old")\n'
                "op.execute(\"CREATE TYPE mood AS ENUM ('happy')\")\n"
                'op.execute("ALTER TABLE users ALTER COLUMN mood TYPE mood USING mood::text::mood")\n'
                'op.execute("DROP TYPE mood_old")',
            )
        ),
    ),
    safe=(Example(("op.execute(\"ALTER TYPE mood ADD VALUE 'calm'\")",)),),
)
