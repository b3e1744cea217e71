"""What a domain with a CHECK asks, as a CHECK of the table: that one can come without writing every row."""

from __future__ import annotations

import re

from gate.facts.schema import Domain
from gate.model import Remedy
from gate.rules._recipes import not_valid_then_validate
from gate.rules._says import bare, fitting, ident, python, schema_argument


def checked(table: str, column: str, domain: Domain, first: str = "") -> Remedy:
    """The domain's conditions NOT VALID, then VALIDATE; ``first`` is code that comes before."""
    check = fitting(f"ck_{bare(table)}_{column}")
    create = (
        f"op.create_check_constraint({python(check)}, {python(bare(table))}, {python(_condition(domain, column))}, "
        f"postgresql_not_valid=True{schema_argument(table)})"
    )
    return not_valid_then_validate(table, check, f"{first}\n{create}" if first else create)


def _condition(domain: Domain, column: str) -> str:
    """The domain's own conditions, about the column: ``CHECK (VALUE > 0)`` is ``(amount > 0)``."""
    bodies = (one.strip().removesuffix("NOT VALID").strip() for one in domain.constraints)
    text = " AND ".join(body[5:].strip() if body.upper().startswith("CHECK") else body for body in bodies)
    return re.sub(r"\bVALUE\b", ident(column), text)
