"""A new column with UNIQUE, CHECK or a foreign key in the same statement."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Constraint
from gate.model import Category, Remedy, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._key_recipes import key_using_index
from gate.rules._recipes import not_valid_then_validate, remedy
from gate.rules._sa_types import add_nullable
from gate.rules._says import execute, ident
from gate.rules._world import rewrote, scanned
from gate.sql.schema_after import constraint_of

_REFERENCES = re.compile(
    r"(?:\bCONSTRAINT\s+(?P<name>\"[^\"]+\"|\w+)\s+)?(?P<rest>\bREFERENCES\s+[\w.\"]+\s*(?:\([^)]*\))?"
    r"(?:\s+ON\s+(?:DELETE|UPDATE)\s+(?:CASCADE|RESTRICT|NO\s+ACTION|SET\s+(?:NULL|DEFAULT)))*"
    r"(?:\s+(?:NOT\s+)?DEFERRABLE)?(?:\s+INITIALLY\s+(?:DEFERRED|IMMEDIATE))?)",
    re.IGNORECASE,
)


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddColumn):
        new = change.column
        work = _work(new)
        if not work or _did_nothing(statement, change.table):
            continue
        yield Hit(
            f"Adding {change.table}.{new.name} also {work} while an ACCESS EXCLUSIVE lock stops all reads and writes "
            f"of {change.table}.",
            statement,
            table=change.table,
            column=new.name,
            remedy=_recipe(statement, change.table, new),
        )


def _work(new: c.ColumnSpec) -> str:
    if new.unique or new.primary_key:
        return "builds a unique index over all rows"
    if new.check:
        return "reads all rows to verify its CHECK"
    if new.references and new.default is not None and new.default.upper() != "NULL":
        return f"looks up every row's default in {new.references}"
    return ""


def _recipe(statement: Statement, table: str, new: c.ColumnSpec) -> Remedy:
    """The column, then each constraint by its own recipe."""
    own = [step for one in _made(statement, table, new) for step in _constraint(statement, table, new, one).steps]
    return remedy(
        "Add the bare column first, which is instant, then the constraint by its own recipe.",
        (1, "The column alone", _column(table, new)),
        *((1, step.title, step.code) for step in own),
    )


def _column(table: str, new: c.ColumnSpec) -> str:
    """With a default that is one value for all rows, which is instant too; NOT NULL costs nothing beside it."""
    if new.default is None and new.collation is None:
        return add_nullable(table, new.name, new.type)
    parts = [
        f"ALTER TABLE {ident(table)} ADD COLUMN {ident(new.name)} {new.type}",
        f"COLLATE {ident(new.collation)}" if new.collation else "",
        f"DEFAULT {new.default}" if new.default is not None else "",
        "NOT NULL" if new.default is not None and not new.nullable else "",
    ]
    return execute(" ".join(part for part in parts if part))


def _made(statement: Statement, table: str, new: c.ColumnSpec) -> tuple[Constraint, ...]:
    """What the statement added about this column, as the catalogue has it; as it reads where it did not run."""
    before, after = statement.before.table(table), statement.after.table(table)
    old = {one.name for one in before.constraints} if before else set()
    old |= {constraint_of(table, one.constraint).name for one in statement.changes if isinstance(one, c.AddConstraint)}
    made = tuple(
        one
        for one in (after.constraints if after else ())
        if one.name not in old
        and (one.columns == (new.name,) or (one.kind == "check" and new.name in one.columns))
        and one.kind != "not-null"
    )
    return made or tuple(constraint_of(table, one) for one in _written(new))


def _written(new: c.ColumnSpec) -> Iterator[c.ConstraintSpec]:
    if new.unique or new.primary_key:
        yield c.ConstraintSpec("primary-key" if new.primary_key else "unique", columns=(new.name,))
    if new.references:
        yield c.ConstraintSpec("foreign-key", columns=(new.name,), references=new.references)
    if new.check:
        yield c.ConstraintSpec("check", columns=(new.name,), expression=new.check)


def _constraint(statement: Statement, table: str, new: c.ColumnSpec, one: Constraint) -> Remedy:
    name, definition = one.name, one.definition.removesuffix(" NOT VALID")
    if one.kind in ("unique", "primary-key"):
        return key_using_index(
            statement, table, name, one.columns, "PRIMARY KEY" if one.kind == "primary-key" else "UNIQUE"
        )
    if not definition:
        name, definition = _reference(statement.sql, new, one)
    sql = f"ALTER TABLE {ident(table)} ADD CONSTRAINT {ident(name)} {definition} NOT VALID"
    return not_valid_then_validate(table, name, execute(sql))


def _reference(sql: str, new: c.ColumnSpec, one: Constraint) -> tuple[str, str]:
    """Name and definition of a foreign key that was only read: what the text says after REFERENCES stays."""
    found = _REFERENCES.search(sql)
    name = found["name"].replace('"', "") if found and found["name"] else one.name
    rest = " ".join(found["rest"].split()) if found else f"REFERENCES {ident(one.references or '')}"
    return name, f"FOREIGN KEY ({ident(new.name)}) {rest}"


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
    safe=(
        Example(
            (
                'op.execute("ALTER TABLE users ADD COLUMN order_id int REFERENCES orders (id)")',
                "with op.get_context().autocommit_block():\n"
                '    op.create_index("ix_users_order_id", "users", ["order_id"], postgresql_concurrently=True)',
            )
        ),
    ),
)
