"""A new column with UNIQUE, CHECK or a foreign key in the same statement."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Remedy, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import key_using_index, not_valid_then_validate, remedy
from gate.rules._sa_types import add_nullable
from gate.rules._says import bare, execute, ident
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
            remedy=_recipe(change.table, new),
        )


def _work(new: c.ColumnSpec) -> str:
    if new.unique or new.primary_key:
        return "builds a unique index over all rows"
    if new.check:
        return "reads all rows to verify its CHECK"
    if new.references and new.default is not None and new.default.upper() != "NULL":
        return f"looks up every row's default in {new.references}"
    return ""


def _recipe(table: str, new: c.ColumnSpec) -> Remedy:
    """The bare column, then the constraint by its own recipe."""
    own = _constraint(table, new)
    return remedy(
        "Add the bare column first, which is instant, then the constraint by its own recipe.",
        (1, "The column alone", add_nullable(table, new.name, new.type)),
        *((1, step.title, step.code) for step in own.steps),
    )


def _constraint(table: str, new: c.ColumnSpec) -> Remedy:
    if new.unique or new.primary_key:
        kind, ending = ("PRIMARY KEY", "pkey") if new.primary_key else ("UNIQUE", f"{new.name}_key")
        return key_using_index(table, f"{bare(table)}_{ending}", (new.name,), kind)
    name = f"ck_{bare(table)}_{new.name}" if new.check else f"fk_{bare(table)}_{new.name}"
    rest = f"CHECK ({new.check})" if new.check else f"FOREIGN KEY ({ident(new.name)}) REFERENCES {new.references}"
    statement = f"ALTER TABLE {ident(table)} ADD CONSTRAINT {ident(name)} {rest} NOT VALID"
    return not_valid_then_validate(table, name, execute(statement))


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
