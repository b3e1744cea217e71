"""CASCADE drops whatever depends on the object, known or not."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._lost_columns import lost_column
from gate.rules._recipes import remedy
from gate.rules._says import spoken
from gate.rules._world import existed_column

_DROPS = (c.DropTable, c.DropColumn, c.DropConstraint, c.DropView, c.DropType, c.DropObject, c.DropSchema)


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement in deploy.statements:
        drops = [one for one in statement.changes if isinstance(one, _DROPS) and one.cascade]
        columns = tuple(_columns_lost(deploy, statement)) if drops else ()
        for table, column in columns:
            yield from lost_column(
                deploy,
                statement,
                table,
                column,
                f"CASCADE drops {table}.{column} along with what it depends on and destroys its values in every row; a "
                "downgrade brings back the column, not the data.",
            )
        for change in drops:
            lost = _gone(statement, change)
            if _is_old(deploy, statement, change) and (lost or not columns):
                yield Hit(
                    f"CASCADE drops everything that depends on it{': ' + spoken(lost) if lost else ''}; on production "
                    "that may be more than on the rehearsal's database.",
                    statement,
                    severity=Severity.WARNING,
                    table=getattr(change, "table", None),
                    remedy=remedy("Drop the dependent objects by name first, then the object without CASCADE."),
                )


def _columns_lost(deploy: Deploy, statement: Statement) -> Iterator[tuple[str, str]]:
    """Columns older than the deploy that went without being named; those of partitions are told at their parent."""
    remade = {one.table for one in statement.changes if isinstance(one, (c.DropTable, c.RenameTable))}
    named = {(one.table, one.column) for one in statement.changes if isinstance(one, (c.DropColumn, c.RenameColumn))}
    for name, was in statement.before.tables.items():
        now = statement.after.table(name)
        if now is None or name in remade or was.partition_of or was.kind not in ("table", "partitioned"):
            continue  # the whole table went or was made anew, or its columns went with those of its parent
        for column in was.columns:
            gone = now.column(column.name) is None and (name, column.name) not in named
            if gone and existed_column(deploy, name, column.name, statement):
                yield name, column.name


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
    harms={Category.DATA_LOSS: Severity.ERROR, Category.BACKWARD_INCOMPATIBLE: Severity.ERROR},
    dialects=POSTGRESQL,
    split=("statement",),
    unsafe=(
        Example(('op.execute("DROP VIEW active_users CASCADE")',)),
        Example(('op.execute("DROP TYPE mood CASCADE")',)),
    ),
    safe=(Example(('op.execute("CREATE TABLE staging (id int)")\nop.execute("DROP TABLE staging CASCADE")',)),),
)
