"""A primary key that builds its index, or proves NOT NULL, under the strongest lock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.facts.rehearsal import Deploy
from gate.model import Category, Remedy, Severity
from gate.rule import MYSQL, POSTGRESQL, Example, Hit, Rule
from gate.rules._constraints import Added, added, old_code
from gate.rules._key_recipes import key_using_index
from gate.rules._recipes import remedy
from gate.rules._rows import counting_duplicates, may_fail
from gate.rules._says import bare, listed, python, schema_argument
from gate.rules._world import column_before, is_unique, scanned, table_before


def find(deploy: Deploy) -> Iterator[Hit]:
    for one in added(deploy, "primary-key"):
        columns = _columns(one)
        work = _work(one, columns)
        if not work:
            continue
        recipe = _recipe(deploy, one, columns)
        if deploy.dialect == "postgresql":
            yield Hit(
                f"Adding the primary key of {one.table} {work} while an ACCESS EXCLUSIVE lock stops all its reads and "
                "writes.",
                one.statement,
                category=Category.LOCK,
                table=one.table,
                remedy=recipe,
            )
        if _holds_already(one, columns):
            continue
        named = replace(one, name="the primary key") if deploy.dialect in MYSQL else one
        yield from may_fail(
            deploy,
            one.statement,
            f"Rows of {one.table} that share {', '.join(columns)}, or have NULL in it, make the primary key fail.",
            table=one.table,
            sql=counting_duplicates(deploy, one.table, columns) if columns else None,
            keys=", ".join(columns),
            remedy=recipe,
        )
        yield old_code(named, f"repeat or leave out {', '.join(columns)}", recipe)


def _holds_already(one: Added, columns: tuple[str, ...]) -> bool:
    """Whether a key that is there says as much: wider than it, over columns that are NOT NULL."""
    known = [column_before(one.statement, one.table, name) for name in columns]
    required = all(column is not None and not column.nullable for column in known)
    return required and is_unique(table_before(one.statement, one.table), columns)


def _recipe(deploy: Deploy, one: Added, columns: tuple[str, ...]) -> Remedy:
    """MySQL and MariaDB build the key online; only the rows and the code are at stake."""
    if deploy.dialect not in MYSQL:
        return key_using_index(one.statement, one.table, one.name, columns, "PRIMARY KEY")
    keys = ", ".join(columns)
    return remedy(
        f"Make {keys} unique and NOT NULL first, in code and in the rows; then add the key, which is built online.",
        (1, f"Deploy code that always writes {keys}, and never twice; mend the rows that do not keep it", ""),
        (
            2,
            "When no row is left",
            f'op.create_primary_key("PRIMARY", {python(bare(one.table))}, {listed(columns)}{schema_argument(one.table)})',
        ),
    )


def _columns(one: Added) -> tuple[str, ...]:
    """The key's columns; with USING INDEX those of the index."""
    table = table_before(one.statement, one.table)
    index = table.index(one.spec.using_index) if table and one.spec.using_index else None
    return index.columns if index else one.spec.columns


def _work(one: Added, columns: tuple[str, ...]) -> str:
    """Over an index and NOT NULL columns nothing is read."""
    if not one.spec.using_index:
        return "builds a unique index over every row and proves that none has NULL"
    known = [column_before(one.statement, one.table, name) for name in columns]
    if scanned(one.statement, one.table) is False or all(column and not column.nullable for column in known):
        return ""
    return "reads every row to prove that none has NULL"


rule = Rule(
    title="Primary key built in place",
    why="The index is built, and NOT NULL proven, under the strongest lock.",
    find=find,
    harms={
        Category.LOCK: Severity.ERROR,
        Category.FAILS_ON_EXISTING_ROWS: Severity.WARNING,
        Category.BACKWARD_INCOMPATIBLE: Severity.WARNING,
        Category.DATA_LOSS: Severity.ERROR,
    },
    dialects=(*POSTGRESQL, *MYSQL),
    split=("transaction",),
    unsafe=(Example(('op.create_primary_key("pk_logs", "logs", ["code"])',)),),
    safe=(
        Example(
            ('op.execute("ALTER TABLE logs ADD CONSTRAINT pk_logs PRIMARY KEY USING INDEX ux_logs")',),
            earlier=(
                'op.create_index("ux_logs", "logs", ["code"], unique=True)\n'
                'op.alter_column("logs", "code", nullable=False)',
            ),
        ),
    ),
)
