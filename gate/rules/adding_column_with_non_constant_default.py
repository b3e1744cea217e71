"""An ADD COLUMN that SQLite refuses: a default that is no constant, UNIQUE, or REFERENCES with a default."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule
from gate.rules._rows import refused
from gate.rules._sa_types import add_nullable, sa_type
from gate.rules._says import execute, ident, python
from gate.rules._sqlite import foreign_keys, is_constant


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddColumn):
        if any(isinstance(one, c.RecreateTable) for one in statement.changes):
            continue
        why = _reason(deploy, statement, change.column)
        if why and (statement.error is not None or refused(deploy, statement) is not Severity.NOTE):
            yield Hit(
                f"SQLite refuses to add {change.table}.{change.column.name}: {why}.",
                statement,
                table=change.table,
                column=change.column.name,
                remedy=_recipe(change),
            )


def _reason(deploy: Deploy, statement: Statement, new: c.ColumnSpec) -> str | None:
    """https://www.sqlite.org/lang_altertable.html#alter_table_add_column, its list of restrictions."""
    if new.default is not None and not is_constant(new.default):
        return f"its default {new.default} is not a constant, and the table has rows"
    if new.unique or new.primary_key:
        return "a new column cannot be UNIQUE or part of the key"
    valued = new.default is not None and new.default.lower() != "null"
    if new.references and valued and foreign_keys(deploy, statement) is not False:
        return "with foreign keys on, a column that references another table must have the default NULL"
    return "a STORED column cannot be added" if new.generated == "stored" else None


def _recipe(change: c.AddColumn) -> Remedy:
    new, value = change.column, change.column.default or "..."
    default = f", server_default=sa.text({python(value)})" if new.default else ""
    return Remedy(
        "Add it without the default and fill it, or let batch mode make the table anew.",
        (
            Step(
                1,
                "Nullable and filled",
                f"{add_nullable(change.table, new.name, new.type)}\n"
                f"{execute(f'UPDATE {ident(change.table)} SET {ident(new.name)} = {value}')}",
            ),
            Step(
                1,
                "Or, when the default must stay",
                f'with op.batch_alter_table({python(change.table)}, recreate="always") as batch_op:\n'
                f"    batch_op.add_column(sa.Column({python(new.name)}, {sa_type(new.type) or '...'}{default}))",
            ),
        ),
    )


rule = Rule(
    title="ADD COLUMN that SQLite refuses",
    why="SQLite does not touch rows when it adds a column, so it takes only what needs no look at them.",
    find=find,
    harms={Category.FAILS_ON_EXISTING_ROWS: Severity.ERROR},
    dialects=SQLITE,
    split=("statement",),
    unsafe=(
        Example(
            ('op.add_column("users", sa.Column("at", sa.DateTime(), server_default=sa.func.now()))',), dialect="sqlite"
        ),
        Example(('op.execute("ALTER TABLE users ADD COLUMN code VARCHAR(9) UNIQUE")',), dialect="sqlite"),
    ),
    safe=(
        Example(
            ('op.add_column("users", sa.Column("level", sa.Integer(), server_default="1", nullable=False))',),
            dialect="sqlite",
        ),
    ),
)
