"""No lock_timeout while locks are taken that everybody queues behind. Said once for a deploy, as advice."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import MYSQL, POSTGRESQL, Example, Hit, Rule
from gate.rules._timeouts import missing


def find(deploy: Deploy) -> Iterator[Hit]:
    name = "lock_timeout" if deploy.dialect == "postgresql" else "lock_wait_timeout"
    yield from missing(
        deploy,
        name,
        f"No {name} is set: when a long transaction holds {{table}}, this waits without end, and all reads and writes "
        "queue behind it.",
    )


rule = Rule(
    title="No lock timeout",
    why="A lock that waits blocks everybody behind it, however short its work is.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING},
    dialects=(*POSTGRESQL, *MYSQL),
    split=("statement",),
    unsafe=(Example(('op.add_column("users", sa.Column("a", sa.Integer()))',)),),
    safe=(Example(('op.execute("SET lock_timeout = \'5s\'")\nop.add_column("users", sa.Column("a", sa.Integer()))',)),),
)
