"""What the base keeps already, so that neither its rows nor the release still running can break the new rule."""

from __future__ import annotations

import re

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Column
from gate.rules._world import added_here, is_unique
from gate.sql.recreated import plain_expression

_LITERAL = r"(?:_\w+)?\\?'(?:[^'\\]|'')*\\?'|-?\d+(?:\.\d+)?"
_CAST = r"(?:::[\w ]+(?:\(\d+\))?(?:\[\])?)?"
_ITEM = rf"\(*(?:{_LITERAL}){_CAST}\)*{_CAST}"
_LIST = re.compile(
    rf"""[(\s]*["`]?(?P<column>\w+)["`]?\)*{_CAST}\s*
    (?:IN\s*\(|=\s*ANY\s*\(+ARRAY\[)
    (?P<items>\s*{_ITEM}(?:\s*,\s*{_ITEM})*\s*)
    (?:\]\)*{_CAST}\)+|\)+)\s*""".replace("\n    ", ""),
    re.IGNORECASE,
)


def keeps(deploy: Deploy, table: str, condition: str) -> bool:
    """Whether a CHECK of the base says the same or more of this table: a list of values only grows, for example."""
    was = deploy.baseline.table(table)
    checks = [one for one in was.constraints if one.kind == "check" and one.validated] if was else []
    return any(_says_as_much(one.definition, condition) for one in checks)


def _says_as_much(definition: str, condition: str) -> bool:
    old = re.sub(r"^\s*CHECK\s*", "", definition, flags=re.IGNORECASE)
    if _bare(old) == _bare(condition):
        return True
    was, now = _listed(old), _listed(condition)
    return was is not None and now is not None and was[0] == now[0] and was[1] <= now[1]


def _bare(expression: str) -> str:
    text = plain_expression(expression)
    while text.startswith("(") and text.endswith(")") and _closes_last(text):
        text = text[1:-1]
    return text


def _closes_last(text: str) -> bool:
    """Whether the first parenthesis is closed by the last; one inside a string makes it no."""
    depth = 0
    for at, one in enumerate(text):
        depth += (one == "(") - (one == ")")
        if depth == 0:
            return at == len(text) - 1
    return False


def _listed(condition: str) -> tuple[str, frozenset[str]] | None:
    """The column and the values of ``column IN (...)``, also as PostgreSQL and MySQL spell it in their catalogues."""
    match = _LIST.fullmatch(condition)
    if match is None:
        return None
    found = re.findall(_LITERAL, match["items"])
    return match["column"].lower(), frozenset(re.sub(r"^_\w+", "", one.replace("\\", "")) for one in found)


def was_unique(deploy: Deploy, statement: Statement, table: str, columns: tuple[str, ...]) -> bool:
    """Whether the base keeps these columns unique already, and the deploy leaves them what they are."""
    if re.search(r"\bcollate\b|\bnulls\s+not\s+distinct\b", statement.sql, re.IGNORECASE):
        return False
    was, now = deploy.baseline.table(table), deploy.result.table(table)
    if was is None or now is None or any(added_here(deploy, table, name, statement) for name in columns):
        return False
    return is_unique(was, columns) and all(_alike(was.column(name), now.column(name)) for name in columns)


def _alike(was: Column | None, now: Column | None) -> bool:
    return was is not None and now is not None and (was.type, was.collation) == (now.type, now.collation)


def holds_what_it_gets(deploy: Deploy, table: str, columns: tuple[str, ...], at: Statement) -> bool:
    """Whether every row has in these columns what the server gives to one that does not name them.

    The deploy adds the columns and writes no other values: what rows pass, the writes of the release still running pass.
    """
    made = [added_here(deploy, table, name, at) for name in columns]
    plain = (one and not one[1].column.volatile and one[1].column.generated is None for one in made)
    names = {name.lower() for name in columns}
    return bool(made) and all(plain) and not any(_writes(one, table, names) for _, one in deploy.all_changes(c.Change))


def _writes(change: c.Change, table: str, columns: set[str]) -> bool:
    """Whether a change gives the columns another value or another default; a column made anew is of the recreate."""
    if getattr(change, "table", None) != table:
        return False
    if isinstance(change, c.Update):
        return bool({name.lower() for name in change.columns} & columns)
    return isinstance(change, (c.SetDefault, c.DropDefault, c.RenameColumn)) and change.column.lower() in columns
