"""A sequence goes away while the release still running takes numbers from it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import code_first
from gate.rules._says import execute, ident


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.all_changes(c.DropObject):
        name = change.name.removeprefix("public.")
        if change.what != "sequence" or name not in deploy.baseline.sequences or name in deploy.result.sequences:
            continue
        yield Hit(
            f"Where the release still running calls nextval('{name}'), its inserts fail at once.",
            statement,
            table=name,
            remedy=code_first(f"sequence {name}", "When no release uses it", execute(f"DROP SEQUENCE {ident(name)}")),
        )


rule = Rule(
    title="Sequence dropped",
    why="The release still running may take numbers from it, and then its inserts fail at once.",
    find=find,
    harms={Category.BACKWARD_INCOMPATIBLE: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("deploy",),
    unsafe=(
        Example(
            ('op.execute("DROP SEQUENCE invoice_number")',), earlier=('op.execute("CREATE SEQUENCE invoice_number")',)
        ),
    ),
    safe=(
        Example(('op.execute("CREATE SEQUENCE invoice_number")\nop.execute("DROP SEQUENCE invoice_number")',)),
        Example(
            ('op.execute("DROP SEQUENCE invoice_number")\nop.execute("CREATE SEQUENCE invoice_number START 1000")',),
            earlier=('op.execute("CREATE SEQUENCE invoice_number")',),
        ),
    ),
)
