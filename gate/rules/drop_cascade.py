"""CASCADE drops whatever depends on the object, known or not."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import spoken

_DROPS = (c.DropTable, c.DropColumn, c.DropConstraint, c.DropView, c.DropType, c.DropObject)


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement in deploy.statements:
        for change in statement.changes:
            if isinstance(change, _DROPS) and change.cascade and _is_old(deploy, statement, change):
                lost = _gone(statement, change)
                yield Hit(
                    f"CASCADE drops everything that depends on it{': ' + spoken(lost) if lost else ''}; on production "
                    "that may be more than on the rehearsal's database.",
                    statement,
                    table=getattr(change, "table", None),
                    remedy=remedy("Drop the dependent objects by name first, then the object without CASCADE."),
                )


def _is_old(deploy: Deploy, statement: Statement, change: c.Change) -> bool:
    """Whether the object is older than the deploy (or of a kind whose age is not known)."""
    table = getattr(change, "table", None) or getattr(change, "view", None)
    if table is not None:
        return deploy.existed(table, statement)
    if isinstance(change, c.DropType):
        return change.type in deploy.baseline.enums or change.type in deploy.baseline.domains
    if isinstance(change, c.DropObject) and change.what in ("function", "procedure", "routine"):
        return any(name.partition("(")[0] == change.name for name in deploy.baseline.routines)
    return isinstance(change, c.DropObject) and change.what == "extension" and change.name in deploy.baseline.extensions


def _gone(statement: Statement, change: c.Change) -> tuple[str, ...]:
    """The views and tables that were there before and are not after, the object itself left out."""
    if not statement.after.tables:
        return ()
    own = {getattr(change, "table", None), getattr(change, "view", None)}
    return tuple(name for name in statement.before.tables if name not in statement.after.tables and name not in own)


rule = Rule(
    title="DROP ... CASCADE",
    why="What depends on the object goes with it, unseen in the review.",
    find=find,
    harms={Category.DATA_LOSS: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("statement",),
    unsafe=(Example(('op.execute("DROP VIEW active_users CASCADE")',)),),
    safe=(Example(('op.execute("CREATE TABLE staging (id int)")\nop.execute("DROP TABLE staging CASCADE")',)),),
)
