"""A foreign key whose columns have no index: each change of a parent row reads the whole child table."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Schema
from gate.model import Category, Remedy, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._index_recipes import partitioned
from gate.rules._recipes import concurrently
from gate.rules._says import bare, fitting, ident


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, table, spec in _added(deploy):
        if not spec.columns or _indexed(deploy.result, table, spec.columns):
            continue
        yield Hit(
            f"No index begins with {', '.join(spec.columns)} of {table}: each DELETE or key change of a row of "
            f"{spec.references} reads all of {table}.",
            statement,
            severity=Severity.WARNING if _hurts(deploy, statement, table, spec) else Severity.NOTE,
            table=table,
            column=spec.columns[0] if len(spec.columns) == 1 else None,
            remedy=_recipe(statement, table, spec.columns),
        )


def _recipe(statement: Statement, table: str, columns: tuple[str, ...]) -> Remedy:
    known = statement.before.table(table)
    if known is None or known.kind != "partitioned":
        return concurrently(table, None, columns, unique=False)
    name = fitting(f"ix_{bare(table)}_{'_'.join(columns)}")
    return partitioned(statement, table, name, f"({', '.join(map(ident, columns))})", unique=False)


def _added(deploy: Deploy) -> Iterator[tuple[Statement, str, c.ConstraintSpec]]:
    for statement, change in deploy.all_changes(c.Change):
        if isinstance(change, c.AddConstraint) and change.constraint.kind == "foreign-key":
            yield statement, change.table, change.constraint
        elif isinstance(change, c.AddColumn) and change.column.references:
            column, references = change.column.name, change.column.references
            yield statement, change.table, c.ConstraintSpec("foreign-key", columns=(column,), references=references)
        elif isinstance(change, c.CreateTable):
            yield from ((statement, change.table, one) for one in change.constraints if one.kind == "foreign-key")


def _indexed(schema: Schema, table: str, columns: tuple[str, ...]) -> bool:
    known = schema.table(table)
    if known is None or (known.columns and not all(map(known.column, columns))):
        return True  # gone again, or not known: nothing to say
    starts = [index.columns for index in known.indexes if _holds_every_key(index.predicate, columns)]
    starts += [one.columns for one in known.constraints if one.kind in ("primary-key", "unique")]
    return any(set(start[: len(columns)]) == set(columns) for start in starts)


def _holds_every_key(predicate: str | None, columns: tuple[str, ...]) -> bool:
    """Whether a partial index leaves out no row that points anywhere: ``WHERE c IS NOT NULL`` over its own columns."""
    parts = re.split(r"\band\b", re.sub(r'[()"]', " ", predicate or ""), flags=re.IGNORECASE)
    told = (re.fullmatch(r"(\w+)\s+is\s+not\s+null", part.strip(), re.IGNORECASE) for part in parts)
    names = {name.lower() for name in columns}
    return not predicate or all(found is not None and found[1].lower() in names for found in told)


def _hurts(deploy: Deploy, statement: Statement, table: str, spec: c.ConstraintSpec) -> bool:
    """Whether every deletion of a parent searches a large table: surely with ON DELETE, likely when checked."""
    if not deploy.existed(table, statement):
        return False
    return not spec.not_valid or spec.on_delete in ("CASCADE", "SET NULL", "SET DEFAULT")


rule = Rule(
    title="Foreign key without an index",
    why="PostgreSQL makes no index for a foreign key by itself.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("statement",),
    unsafe=(Example(('op.create_foreign_key("fk_x", "orders", "users", ["user_id"], ["id"])',)),),
    safe=(
        Example(
            (
                'op.create_table("tickets", sa.Column("id", sa.Integer(), primary_key=True), '
                'sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), index=True))',
            )
        ),
    ),
)
