"""A new column with UNIQUE, CHECK or a foreign key in the same statement."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import bare, python, schema_argument
from gate.rules._world import rewrote, scanned


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddColumn):
        new = change.column
        work = _work(new)
        if not work or _did_nothing(statement, change.table):
            continue
        yield Hit(
            f"Adding {change.table}.{new.name} also {work} while an ACCESS EXCLUSIVE lock stops all reads and writes "
            "of "
            f"{change.table}.",
            statement,
            table=change.table,
            column=new.name,
            remedy=remedy(
                "Add the bare column first, which is instant, then the constraint by its own recipe.",
                (
                    1,
                    "The column alone",
                    f"op.add_column({python(bare(change.table))}, sa.Column({python(new.name)}, ..., nullable=True)"
                    f"{schema_argument(change.table)})",
                ),
                (1, "The constraint in later transactions", _next(new)),
            ),
        )


def _work(new: c.ColumnSpec) -> str:
    if new.unique or new.primary_key:
        return "builds a unique index over all rows"
    if new.check:
        return "reads all rows to verify its CHECK"
    if new.references and new.default is not None and new.default.upper() != "NULL":
        return f"looks up every row's default in {new.references}"
    return ""


def _next(new: c.ColumnSpec) -> str:
    if new.unique or new.primary_key:
        return "# unique index CONCURRENTLY in an autocommit block, then ADD CONSTRAINT ... USING INDEX"
    return "# ADD CONSTRAINT ... NOT VALID, then VALIDATE CONSTRAINT in another transaction"


def _did_nothing(statement: Statement, table: str) -> bool:
    """A rewrite belongs to another rule; neither rewrite nor scan means that nothing is to be said."""
    return rewrote(statement, table) is True or scanned(statement, table) is False


rule = Rule(
    title="Column added together with a constraint",
    why="The constraint reads all rows, and the statement holds the strongest lock meanwhile.",
    find=find,
    harms={Category.LOCK: Severity.ERROR},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(
        Example(('op.execute("ALTER TABLE users ADD COLUMN code text UNIQUE")',)),
        Example(('op.execute("ALTER TABLE users ADD COLUMN level int CHECK (level > 0)")',)),
    ),
    safe=(Example(('op.execute("ALTER TABLE users ADD COLUMN order_id int REFERENCES orders (id)")',)),),
)
