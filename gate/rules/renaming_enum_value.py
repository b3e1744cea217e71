"""A label of an enumerated type gets another name."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import MYSQL, POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import execute, ident


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.all_changes(c.RenameEnumValue):
        if change.type not in deploy.baseline.enums:
            continue
        yield Hit(
            f"The release still running writes '{change.value}' to {change.type} and does not know '{change.to}': its "
            "writes fail, and so does reading rows with the new label.",
            statement,
            remedy=remedy(
                "Add the new label beside the old one and move over in steps.",
                (1, "Add it", execute(f"ALTER TYPE {ident(change.type)} ADD VALUE '{change.to}'")),
                (2, f"Deploy code that reads both and writes '{change.to}'; rewrite the rows in batches", ""),
            ),
        )
    yield from _types(deploy)


def _types(deploy: Deploy) -> Iterator[Hit]:
    """The type itself: drivers name it in casts. Not said where the deploy makes a new type of the old name."""
    made = {change.type for _, change in deploy.all_changes(c.CreateEnum)}
    for statement, change in deploy.all_changes(c.RenameType):
        if change.type in deploy.baseline.enums and change.type not in made:
            yield Hit(
                f"Where the release still running casts its values to {change.type}, as SQLAlchemy does with asyncpg, its "
                f"queries fail: the type is now called {change.to}.",
                statement,
                severity=Severity.WARNING,
                remedy=remedy("Keep the type's name, or make a new type and move the columns over in steps."),
            )


rule = Rule(
    title="Enum label renamed",
    why="Old and new code disagree about the label at the same moment.",
    find=find,
    harms={Category.BACKWARD_INCOMPATIBLE: Severity.ERROR},
    dialects=(*POSTGRESQL, *MYSQL),
    split=("deploy",),
    unsafe=(Example(("op.execute(\"ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'\")",)),),
    safe=(Example(("op.execute(\"ALTER TYPE mood ADD VALUE 'calm'\")",)),),
)
