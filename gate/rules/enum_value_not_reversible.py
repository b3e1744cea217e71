"""A label added to an enumerated type stays: nothing takes it away again."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.all_changes(c.AddEnumValue):
        if change.type in deploy.baseline.enums:
            yield Hit(
                f"PostgreSQL cannot remove '{change.value}' from {change.type} again: an empty downgrade() is right, "
                "and says so best in a comment.",
                statement,
                severity=Severity.NOTE,
            )


rule = Rule(
    title="Enum label cannot be taken back",
    why="PostgreSQL has no ALTER TYPE ... DROP VALUE, so there is no way back.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING},
    dialects=POSTGRESQL,
    unsafe=(Example(("op.execute(\"ALTER TYPE mood ADD VALUE 'calm'\")",)),),
    safe=(Example(("op.execute(\"CREATE TYPE size AS ENUM ('s', 'm')\")",)),),
)
