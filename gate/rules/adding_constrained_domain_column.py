"""A new column of a domain that has a CHECK."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._domains import checked
from gate.rules._sa_types import add_nullable
from gate.rules._world import rewrote


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddColumn):
        new = change.column
        domain = statement.before.domains.get(new.type)
        if domain is None or not domain.constraints or new.volatile or rewrote(statement, change.table) is False:
            continue
        yield Hit(
            f"{new.type} is a domain with a CHECK, so adding {change.table}.{new.name} writes the whole table "
            f"{change.table} anew, even without a default, while all its reads and writes wait.",
            statement,
            table=change.table,
            column=new.name,
            remedy=checked(change.table, new.name, domain, add_nullable(change.table, new.name, domain.base)),
        )


rule = Rule(
    title="Column of a domain with a CHECK",
    why="PostgreSQL checks the domain's constraint by writing every row (seen on 15 and 18).",
    find=find,
    harms={Category.REWRITE: Severity.ERROR},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(Example(('op.execute("ALTER TABLE users ADD COLUMN score positive")',)),),
    safe=(Example(('op.execute("ALTER TABLE users ADD COLUMN nick plain_text")',)),),
)
