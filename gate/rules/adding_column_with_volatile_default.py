"""A new column whose default differs by row: the server has to write every row."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import MYSQL, POSTGRESQL, Dialect, Example, Hit, Rule
from gate.rules._mysql import copy_hit
from gate.rules._recipes import backfill, remedy
from gate.rules._says import bare, python, schema_argument
from gate.rules._world import rewrote

DIALECTS: tuple[Dialect, ...] = (*POSTGRESQL, "mysql", "mariadb", "sqlite")


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddColumn):
        new = change.column
        if deploy.dialect in MYSQL and new.default is not None and not new.generated:
            what = f"The default of {change.table}.{new.name}, {new.default}, is computed for each row, which"
            yield from copy_hit(deploy, statement, change, what, table=change.table, column=new.name)
        if new.identity or new.generated or new.default is None or not _writes_rows(deploy, statement, change):
            continue
        yield Hit(
            f"The default of {change.table}.{new.name}, {new.default}, gives another value for each row, so the whole "
            f"table {change.table} and all its indexes are written anew while an ACCESS EXCLUSIVE lock stops all reads "
            "and writes.",
            statement,
            table=change.table,
            column=new.name,
            remedy=remedy(
                "Add the column without a default, set the default for new rows, fill the old rows in batches.",
                (
                    1,
                    "Both are instant",
                    f"op.add_column({python(bare(change.table))}, sa.Column({python(new.name)}, ..., nullable=True)"
                    f"{schema_argument(change.table)})\n"
                    f"op.alter_column({python(bare(change.table))}, {python(new.name)}, "
                    f"server_default=sa.text({python(new.default)}){schema_argument(change.table)})",
                ),
                (1, "In a revision of its own", backfill(change.table, new.name, new.default)),
            ),
        )


def _writes_rows(deploy: Deploy, statement: Statement, change: c.AddColumn) -> bool:
    """What the server did, else what the default's functions promise."""
    if deploy.dialect != "postgresql":
        return False
    seen = rewrote(statement, change.table)
    return change.column.volatile and seen is not False


rule = Rule(
    title="Column with a default that differs by row",
    why="PostgreSQL stores a constant default once, but a volatile one must be computed and written for every row.",
    find=find,
    harms={Category.REWRITE: Severity.ERROR, Category.FAILS_ON_EXISTING_ROWS: Severity.ERROR},
    dialects=DIALECTS,
    split=("transaction",),
    unsafe=(
        Example(
            (
                'op.add_column("users", sa.Column("seen", sa.DateTime(timezone=True), '
                'server_default=sa.text("clock_timestamp()")))',
            )
        ),
        Example(
            ('op.add_column("users", sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()")))',)
        ),
    ),
    safe=(
        Example(
            ('op.add_column("users", sa.Column("seen", sa.DateTime(timezone=True), server_default=sa.func.now()))',)
        ),
        Example(("op.execute(\"ALTER TABLE users ADD tags jsonb NOT NULL DEFAULT '{}'\")",)),
    ),
)
