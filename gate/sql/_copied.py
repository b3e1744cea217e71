"""The columns that an INSERT ... SELECT copies."""

from __future__ import annotations

from collections.abc import Mapping

import sqlglot
from sqlglot import expressions as exp


def column_sources(sql: str) -> Mapping[str, str]:
    """New column to old column, from the INSERT ... SELECT that copies the rows."""
    try:
        tree = sqlglot.parse_one(sql, read="sqlite")
    except sqlglot.errors.SqlglotError:
        return {}
    body = tree.expression if isinstance(tree, exp.Insert) else None
    if not isinstance(body, exp.Select) or not isinstance(tree.this, exp.Schema):
        return {}
    targets = [part.name for part in tree.this.expressions]
    read = [next((column.name for column in value.find_all(exp.Column)), "") for value in body.expressions]
    return {target.lower(): source for target, source in zip(targets, read, strict=False) if source}
