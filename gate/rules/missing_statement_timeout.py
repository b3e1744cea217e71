"""No statement_timeout while statements stop others. Said once for a deploy, as advice."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import MYSQL, POSTGRESQL, Example, Hit, Rule
from gate.rules._timeouts import missing


def find(deploy: Deploy) -> Iterator[Hit]:
    if deploy.dialect == "postgresql":
        yield from missing(
            deploy,
            "statement_timeout",
            "No statement_timeout is set: when this takes longer on production than thought, nothing ends it while "
            "others wait for {table}.",
            slow_only=True,
        )


rule = Rule(
    title="No statement timeout",
    why="A migration that takes longer than thought should give up by itself.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING},
    dialects=(*POSTGRESQL, *MYSQL),
    split=("statement",),
    unsafe=(Example(('op.create_index("ix_users_age", "users", ["age"])',)),),
    safe=(
        Example(
            ('op.execute("SET statement_timeout = \'5s\'")\nop.add_column("users", sa.Column("a", sa.Integer()))',)
        ),
    ),
)
