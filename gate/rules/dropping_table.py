"""A table with rows goes away while the release still running uses it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Table
from gate.model import Category, Remedy, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import code_first, let_go
from gate.rules._says import bare, python, schema_argument, spoken
from gate.rules._world import final_table


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.DropTable):
        table = statement.before.table(change.table)
        also = _also_locked(deploy, table)
        recipe = _recipe(deploy, change.table)
        if table is None or table.kind != "foreign-table":  # its rows are kept elsewhere
            yield Hit(
                f"Dropping {change.table} destroys all its rows; a downgrade brings back the table, not the "
                f"data.{also}",
                statement,
                category=Category.DATA_LOSS,
                table=change.table,
                remedy=recipe,
            )
        if deploy.baseline.table(change.table) is None or not deploy.used(change.table):
            continue  # a name that this deploy gave, or one that the base's models let go of: the second of two deploys
        if _is_made_again(deploy, statement, change.table):
            continue
        yield Hit(
            f"Every query of the release still running on {change.table} fails at once.",
            statement,
            category=Category.BACKWARD_INCOMPATIBLE,
            table=change.table,
            remedy=recipe,
        )


def _is_made_again(deploy: Deploy, statement: Statement, table: str) -> bool:
    """Whether the revision itself puts another one there: what that lacks, old-release-works tells.

    MySQL and MariaDB commit each step, so that queries fail between the two: https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html.
    """
    together = deploy.observed and deploy.dialect not in ("mysql", "mariadb")
    return together and final_table(deploy, statement, table) is not None


def _recipe(deploy: Deploy, table: str) -> Remedy:
    code = f"op.drop_table({python(bare(table))}{schema_argument(table)})"
    if not deploy.used(table):
        return let_go(table, code)
    return code_first(table, "When no release uses it, and a copy is kept or not needed", code)


def _also_locked(deploy: Deploy, table: Table | None) -> str:
    """The tables that lose a foreign key are locked as well; SQLite has one lock, that of the whole file."""
    if table is None or deploy.dialect == "sqlite":
        return ""
    parents = sorted({one.references for one in table.constraints if one.references} - {table.name})
    return f" It also locks {spoken(tuple(parents))}, which it points at, against everybody." if parents else ""


rule = Rule(
    title="Table dropped",
    why="The data is gone, and the release still running uses the table.",
    find=find,
    harms={Category.DATA_LOSS: Severity.ERROR, Category.BACKWARD_INCOMPATIBLE: Severity.ERROR},
    dialects=EVERY,
    split=("deploy",),
    unsafe=(Example(('op.drop_table("items")',)),),
    safe=(
        Example(
            ('op.create_table("tickets", sa.Column("id", sa.Integer(), primary_key=True))\nop.drop_table("tickets")',)
        ),
    ),
)
