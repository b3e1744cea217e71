"""A schema with tables goes away."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import code_first
from gate.rules._says import execute, ident, spoken


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.all_changes(c.DropSchema):
        lost = tuple(name for name in deploy.baseline.tables if _inside(name, change.schema))
        if not lost:
            continue
        yield Hit(
            f"Dropping schema {change.schema} destroys {spoken(lost[:5])}{' and more' if lost[5:] else ''} with all "
            "rows, and breaks every query of the release still running on them.",
            statement,
            table=lost[0],
            remedy=code_first(
                f"schema {change.schema}",
                "Drop what it holds table by table, then the empty schema, without CASCADE",
                execute(f"DROP SCHEMA {ident(change.schema)}"),
            ),
        )


def _inside(table: str, schema: str) -> bool:
    return table.startswith(f"{schema}.") or (schema == "public" and "." not in table)


rule = Rule(
    title="Schema dropped",
    why="Every table, row and function in it is gone at once.",
    find=find,
    harms={Category.DATA_LOSS: Severity.ERROR},
    dialects=POSTGRESQL,
    split=("deploy",),
    unsafe=(Example(('op.execute("DROP SCHEMA audit CASCADE")',)),),
    safe=(Example(('op.execute("CREATE SCHEMA scratch")\nop.execute("DROP SCHEMA scratch")',)),),
)
