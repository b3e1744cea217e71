"""A unique index over rows that may repeat."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Remedy, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._implied import was_unique
from gate.rules._index_recipes import as_it_is, body, concurrent_text, is_plain, partitioned
from gate.rules._indexes import created
from gate.rules._recipes import AUTOCOMMIT, remedy
from gate.rules._rows import counting_duplicates, may_fail, told_key
from gate.rules._says import bare, fitting, listed, python, schema_argument
from gate.rules._world import holds_only_null, is_filled, is_unique, table_before, tells_apart


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in created(deploy):
        whole = tuple(name for at, name in enumerate(change.columns) if not any(change.lengths[at : at + 1]))
        if not change.unique or is_unique(table_before(statement, change.table), whole):
            continue
        new = _new(deploy, statement, change)
        if any(not is_filled(deploy, change.table, name, statement) for name in new):
            continue
        if not any(change.lengths) and was_unique(deploy, statement, change.table, change.columns):
            continue
        plain = bool(change.columns) and (any(change.lengths) or not _has_expression(statement))
        keys = told_key(change.columns, change.lengths) if plain else "the indexed expression"
        column = change.columns[0] if plain and len(change.columns) == 1 else None
        left = " and leave an INVALID index behind" if change.concurrently else ""
        sql = _duplicates(deploy, change) if plain and not new else None
        yield from may_fail(
            deploy,
            statement,
            f"Rows of {change.table} that share {keys} make the unique index fail{left}.",
            unknown=Severity.WARNING if change.concurrently else Severity.ERROR,
            table=change.table,
            column=column,
            sql=sql,
            keys=keys,
            # Duplicates among the made-up rows need not lie within the predicate, nor those of an expression be there.
            settles=plain and not change.where and not any(change.lengths),
            remedy=_recipe(deploy, statement, change),
        )
        if new:
            continue
        yield Hit(
            f"The release still running may write rows to {change.table} that share {keys}; they are refused from "
            "now on.",
            statement,
            category=Category.BACKWARD_INCOMPATIBLE,
            severity=Severity.NOTE if change.concurrently else Severity.WARNING,
            table=change.table,
            column=column,
            remedy=_recipe(deploy, statement, change),
        )


def _new(deploy: Deploy, statement: Statement, change: c.CreateIndex) -> tuple[str, ...]:
    """The columns that only the new release writes, where one of them is enough (plain) or the index reads no other."""
    columns = _read(statement, change)
    if change.columns and not _has_expression(statement):
        return tells_apart(deploy, change.table, columns, statement)
    return columns if holds_only_null(deploy, change.table, columns, statement) else ()


def _duplicates(deploy: Deploy, change: c.CreateIndex) -> str:
    return counting_duplicates(deploy, change.table, change.columns, change.where, change.lengths)


def _has_expression(statement: Statement) -> bool:
    """Whether the index stands on more than whole columns: another parenthesis opens before the first is closed."""
    return re.search(r"\([^()]*\(", statement.sql) is not None


def _read(statement: Statement, change: c.CreateIndex) -> tuple[str, ...]:
    """The columns of the index; of one over expressions those that its text names."""
    table = table_before(statement, change.table)
    if change.columns or table is None:
        return change.columns
    words = {word.lower() for word in re.findall(r"\w+", statement.sql.partition("(")[2])}
    return tuple(one.name for one in table.columns if one.name.lower() in words)


def _recipe(deploy: Deploy, statement: Statement, change: c.CreateIndex) -> Remedy:
    name = change.name or fitting(f"ux_{bare(change.table)}_{'_'.join(change.columns)}")
    return remedy(
        "Make the values unique first, in code and in the rows; then build the index.",
        (1, "Deploy code that writes no duplicates; merge or remove those that are there", ""),
        *_build(deploy, statement, change, bare(name)),
    )


def _build(deploy: Deploy, statement: Statement, change: c.CreateIndex, name: str) -> tuple[tuple[int, str, str], ...]:
    """The plain call where columns say it all, else the index's own statement."""
    schema = schema_argument(change.table)
    call = (
        f"op.create_index({python(name)}, {python(bare(change.table))}, {listed(change.columns)}, unique=True{schema}"
    )
    if deploy.dialect != "postgresql":
        own = None if is_plain(statement, change, deploy.dialect) else as_it_is(statement, change, deploy.dialect)
        return ((2, "In a revision of its own", own or f"{call})"),)
    table = table_before(statement, change.table)
    if table is not None and table.kind == "partitioned":
        parts = partitioned(statement, change.table, name, body(statement, change), unique=True)
        return tuple((2, step.title, step.code) for step in parts.steps)
    own = None if is_plain(statement, change) else concurrent_text(statement, change)
    place = f"table_name={python(bare(change.table))}{schema}"
    return (
        (
            2,
            "A revision with only the autocommit block; after a failure drop the INVALID index before the next try",
            f"{AUTOCOMMIT}op.drop_index({python(name)}, {place}, if_exists=True, postgresql_concurrently=True)\n"
            "    " + (f"op.execute({own})" if own else f"{call}, postgresql_concurrently=True)"),
        ),
    )


rule = Rule(
    title="Unique index over rows that are there",
    why="Duplicates make it fail, and the release still running may write new ones.",
    find=find,
    harms={
        Category.FAILS_ON_EXISTING_ROWS: Severity.ERROR,
        Category.BACKWARD_INCOMPATIBLE: Severity.WARNING,
        Category.DATA_LOSS: Severity.ERROR,
    },
    dialects=EVERY,
    split=("transaction", "deploy"),
    unsafe=(Example(('op.create_index("ux_orders_note", "orders", ["note"], unique=True)',)),),
    safe=(
        Example(
            (
                "with op.get_context().autocommit_block():\n"
                '    op.create_index("ux_orders_id", "orders", ["id", "note"], unique=True, '
                "postgresql_concurrently=True)",
            )
        ),
    ),
)
