"""A constraint whose name the server chooses, so that no downgrade can name it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.sql.schema_after import constraint_of

_KINDS = ("foreign-key", "unique", "check", "exclude")


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddConstraint):
        spec = change.constraint
        if spec.name or spec.kind not in _KINDS:
            continue
        name = constraint_of(change.table, spec).name
        yield Hit(
            f"This {spec.kind.replace('-', ' ')} on {change.table} has no name: the server chooses one, which may "
            "differ between databases, and downgrade() cannot drop it by name.",
            statement,
            table=change.table,
            column=spec.columns[0] if len(spec.columns) == 1 else None,
            remedy=remedy(
                "Name it, best by a naming convention of the MetaData.",
                (1, "For example", f'"{name}"'),
            ),
        )


rule = Rule(
    title="Constraint without a name",
    why="What has no name cannot be dropped, and names that servers choose differ.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING},
    dialects=EVERY,
    split=("statement",),
    unsafe=(
        Example(('op.create_foreign_key(None, "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True)',)),
    ),
    safe=(
        Example(('op.create_foreign_key("fk_x", "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True)',)),
    ),
)
