"""The safe ways of the shared rules on MySQL, MariaDB and SQLite, which have no NOT VALID and no CONCURRENTLY."""

from __future__ import annotations

from dataclasses import replace

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Column, Constraint, Index, Table
from gate.model import Remedy, Step
from gate.rule import MYSQL
from gate.rules._mysql import keeping, modify
from gate.rules._online_tool import online_tool
from gate.rules._recipes import backfill, beside, expand_and_contract, remedy, row_key
from gate.rules._sa_types import add_nullable
from gate.rules._says import bare, execute, ident, listed, python, schema_argument, text, ticked
from gate.sql._types import same
from gate.sql.mentions import mentions
from gate.sql.modified import column_before, lost_attributes

_BATCH = "with op.batch_alter_table({}) as batch_op:\n    batch_op."


def altered(deploy: Deploy, table: str, call: str) -> str:
    """An ``op`` call on a table, in batch mode where SQLite needs it. ``call`` is ``op.x("table", ...)``."""
    if deploy.dialect != "sqlite":
        return call
    return _BATCH.format(python(bare(table))) + call.removeprefix("op.").replace(f"{python(bare(table))}, ", "", 1)


def constraint(deploy: Deploy, statement: Statement, table: str, what: str, call: str) -> Remedy:
    """A foreign key or CHECK: rows first; then the server copies the table, unless a tool does it."""
    first = Step(1, f"Deploy code that keeps {what}; mend the rows that do not", "")
    if deploy.dialect == "sqlite":
        return Remedy(
            "Mend the rows first, then let batch mode make the table anew.",
            (first, Step(2, "In a quiet window: the whole table is copied", altered(deploy, table, call))),
        )
    summary = "Mend the rows first; then let an online schema change tool copy the table."
    return _then_by_tool(deploy, statement, table, summary, first)


def _then_by_tool(deploy: Deploy, statement: Statement, table: str, summary: str, first: Step) -> Remedy:
    """A first deploy, and the statement itself by an online schema change tool in the second."""
    tool = online_tool(deploy, statement, table)
    return Remedy(summary, (first, *(Step(2, step.title, step.code) for step in tool.steps)))


def unique(deploy: Deploy, table: str, name: str, spec: c.ConstraintSpec) -> Remedy:
    """A unique key, which MySQL and MariaDB build online: only the rows and the code are at stake."""
    place = f"{python(name)}, {python(bare(table))}, {listed(spec.columns)}"
    call = f"op.create_unique_constraint({place}{schema_argument(table)})"
    if spec.lengths:
        parts = [
            f"{ticked(one)}({size})" if size else ticked(one)
            for one, size in zip(spec.columns, spec.lengths, strict=False)
        ]
        call = execute(f"CREATE UNIQUE INDEX {ticked(name)} ON {ticked(table)} ({', '.join(parts)})")
    return remedy(
        "Make the values unique first, in code and in the rows; then add the constraint.",
        (1, "Deploy code that writes no duplicates; merge or remove those that are there", ""),
        (2, "When the count of duplicates is zero", altered(deploy, table, call)),
    )


def required_column(deploy: Deploy, table: str, column: str, type: str) -> Remedy:
    """A new column that must have a value: three deploys."""
    add = add_nullable(table, column, type, ident if deploy.dialect == "sqlite" else ticked)
    return remedy(
        f"Add {column} as nullable, let the code write it, fill the old rows, then make it NOT NULL.",
        (1, "Add the column as nullable, then deploy code that writes it", add),
        (2, "Fill the rows that are there, in batches, in a revision of its own", batches(deploy, table, column)),
        (3, "When no row has NULL any more", _not_null(deploy, table, column, type)),
    )


def make_required(deploy: Deploy, table: str, column: str) -> Remedy:
    """NOT NULL on a column that is there."""
    return remedy(
        f"Stop writing NULL to {table}.{column}, fill the old rows, then set NOT NULL.",
        (1, f"Deploy code that never writes NULL to {column}; fill the rows", batches(deploy, table, column)),
        (2, "When no row has NULL any more", _not_null(deploy, table, column)),
    )


def _not_null(deploy: Deploy, table: str, column: str, type: str = "...") -> str:
    """MySQL and MariaDB write the whole column anew, so the line repeats all that it has; batch mode copies it."""
    if deploy.dialect == "sqlite":
        call = f"op.alter_column({python(bare(table))}, {python(column)}, nullable=False{schema_argument(table)})"
        return altered(deploy, table, call)
    return modify(table, replace(_wanted(deploy, table, column) or Column(column, type), nullable=False))


def _wanted(deploy: Deploy, table: str, column: str) -> Column | None:
    """The column as the deploy writes it anew, with its default and comment; else as it was."""
    known = _table(deploy, table)
    was = known.column(column) if known else None
    for statement, change in deploy.changes(c.ModifyColumn):
        if change.table == table and change.column.lower() == column.lower() and not change.spec.nullable:
            before = column_before(change, statement) or was or Column(column, change.spec.type)
            made = keeping(change, before, lost_attributes(change, statement, deploy.sources))
            return replace(made, type=before.type) if same(before.type, made.type) else made
    return was


def _table(deploy: Deploy, name: str) -> Table | None:
    return next((found for schema in (deploy.baseline, deploy.result) if (found := schema.table(name))), None)


def moved(deploy: Deploy, statement: Statement, table: str, old: str, new: str, type: str) -> Remedy:
    """A column that gets another name or type: a new one beside it, so that no release misses its own."""
    last = drop_column(deploy, statement, table, old)
    if deploy.dialect not in MYSQL:
        return expand_and_contract(table, old, new, type, key_of(deploy, statement, table), drop=last)
    fill = _rounds(table, f"{ticked(new)} = {ticked(old)}", f"{ticked(new)} IS NULL AND {ticked(old)} IS NOT NULL")
    return beside(old, new, add=add_nullable(table, new, type, ticked), fill=fill, drop=last)


def narrowed(deploy: Deploy, statement: Statement, table: str, column: str, type: str) -> Remedy:
    """A smaller type on MySQL or MariaDB: a CHECK in its place would copy the table as well."""
    summary = "Mend the code and the rows first; then let an online schema change tool copy the table."
    first = Step(1, f"Deploy code that writes to {column} only what {type} holds; mend the rows that hold more")
    return _then_by_tool(deploy, statement, table, summary, first)


def to_json(deploy: Deploy, statement: Statement, table: str, column: str) -> Remedy:
    """A text that becomes JSON on MySQL or MariaDB: the rows first; a JSON string holds any text."""
    name = ticked(column)
    mended = _rounds(table, f"{name} = JSON_QUOTE({name})", not_json(column))
    summary = "Mend the rows that are not valid JSON first; then let an online schema change tool copy the table."
    first = "Deploy code that writes valid JSON alone; make JSON strings of the rows that hold other text"
    return _then_by_tool(deploy, statement, table, summary, Step(1, first, mended))


def not_json(column: str) -> str:
    """The condition of rows that MySQL and MariaDB do not take as JSON."""
    name = ticked(column)
    return f"{name} IS NOT NULL AND NOT JSON_VALID({name})"


def key_of(deploy: Deploy, statement: Statement, table: str) -> str:
    """What tells rows apart, as SQL; SQLite's tables without a key have the rowid."""
    return row_key(statement.before.table(table), "rowid" if deploy.dialect == "sqlite" else "ctid")


def drop_column(deploy: Deploy, statement: Statement, table: str, column: str) -> str:
    """SQLite drops a column in place only where no key, CHECK or index of the table names it.

    https://www.sqlite.org/lang_altertable.html#alter_table_drop_column
    """
    call = f"op.drop_column({python(bare(table))}, {python(column)}{schema_argument(table)})"
    known = _table(deploy, table) or statement.before.table(table)
    return altered(deploy, table, call) if known and _is_named(known, column) else call


def _is_named(table: Table, column: str) -> bool:
    """By a key or an index, or in the text of one of these: a CHECK, an expression, a WHERE."""
    objects: tuple[Constraint | Index, ...] = (*table.constraints, *table.indexes)
    return any(column in one.columns or mentions(one.definition, column) for one in objects)


def batches(deploy: Deploy, table: str, column: str, value: str = "...") -> str:
    """A backfill in batches; MySQL takes LIMIT in the UPDATE itself, and none in a subquery of IN."""
    if deploy.dialect == "sqlite":
        return backfill(table, column, value, row_key(_table(deploy, table), "rowid"))
    col = ticked(column)
    return _rounds(table, f"{col} = {value}", f"{col} IS NULL")


def _rounds(table: str, change: str, condition: str) -> str:
    return (
        "with op.get_context().autocommit_block():\n"
        "    while op.get_bind().execute(sa.text(\n"
        f'        "{text(f"UPDATE {ticked(table)} SET {change} WHERE {condition} LIMIT 1000")}"\n'
        "    )).rowcount:\n"
        "        pass"
    )
