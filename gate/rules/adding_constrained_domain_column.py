"""A new column of a domain that has a CHECK."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Domain
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import not_valid_then_validate
from gate.rules._sa_types import add_nullable
from gate.rules._says import bare, ident, python, schema_argument
from gate.rules._world import rewrote


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddColumn):
        new = change.column
        domain = statement.before.domains.get(new.type)
        if domain is None or not domain.constraints or new.volatile or rewrote(statement, change.table) is False:
            continue
        check = f"ck_{bare(change.table)}_{new.name}"
        yield Hit(
            f"{new.type} is a domain with a CHECK, so adding {change.table}.{new.name} writes the whole table "
            f"{change.table} anew, even without a default, while all its reads and writes wait.",
            statement,
            table=change.table,
            column=new.name,
            remedy=not_valid_then_validate(
                change.table,
                check,
                f"{add_nullable(change.table, new.name, domain.base)}\n"
                f"op.create_check_constraint({python(check)}, {python(bare(change.table))}, "
                f"{python(_condition(domain, new.name))}, postgresql_not_valid=True{schema_argument(change.table)})",
            ),
        )


def _condition(domain: Domain, column: str) -> str:
    """The domain's own conditions, about the column: ``CHECK (VALUE > 0)`` is ``(amount > 0)``."""
    bodies = (one.strip().removesuffix("NOT VALID").strip() for one in domain.constraints)
    text = " AND ".join(body[5:].strip() if body.upper().startswith("CHECK") else body for body in bodies)
    return re.sub(r"\bVALUE\b", ident(column), text)


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
