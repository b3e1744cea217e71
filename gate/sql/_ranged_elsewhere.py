"""An UPDATE of MySQL, MariaDB or SQLite with one more condition; see ``gate.sql.ranged``."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import expressions as exp

from gate.sql._dml import tree_of
from gate.sql._parsed import Dialect


def narrowed(text: str, dialect: Dialect, _: str, condition: Callable[[str], str], /) -> str | None:
    """The statement for the rows of ``condition(name of the table in it)``; None where it is no lone UPDATE."""
    tree, written = tree_of(text, dialect), "sqlite" if dialect == "sqlite" else "mysql"
    target = tree.this if isinstance(tree, exp.Update) else None
    if not isinstance(tree, exp.Update) or not isinstance(target, exp.Table) or tree.args.get("limit"):
        return None
    if [one.name for one in tree.find_all(exp.Table)].count(target.name) != 1:
        return None
    where = condition(target.alias_or_name)
    return tree.where(where, dialect=written, copy=False).sql(dialect=written)
