"""An ALTER that SQLite does not have, written outside of batch mode."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Failure, Statement
from gate.model import Category, Evidence, EvidenceKind, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule
from gate.rules._batch_mode import OpCall, call_at
from gate.rules._sa_types import sa_type
from gate.rules._says import execute, listed, python
from gate.rules._sqlite import NO_SUPPORT
from gate.sql import parse

_ALTER = re.compile(r"^\s*ALTER\s+TABLE\s+(?P<table>\"[^\"]+\"|`[^`]+`|\[[^\]]+\]|\w+)", re.IGNORECASE)
_IF = re.compile(r"\b(?:ADD|DROP)\s+(?:COLUMN\s+)?(?P<words>IF\s+(?:NOT\s+)?EXISTS)\s+", re.IGNORECASE)


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement in deploy.statements:
        found = _ALTER.match(statement.sql)
        unknown = not statement.understood and (statement.observed is None or statement.error is not None)
        if found and (unknown or (statement.error and "syntax error" in statement.error)):
            yield _of_statement(deploy, statement, found.group("table").strip('"`[]'))
    for failure in _by_alembic(deploy):
        yield _of_alembic(deploy, failure)


def _by_alembic(deploy: Deploy) -> Iterator[Failure]:
    """Alembic itself refuses to write an ALTER of constraints, so no statement was ever sent."""
    every = (run.failure for run in deploy.runs if run.failure and NO_SUPPORT in run.failure.error)
    yield from list(every)[:1]


def _of_statement(deploy: Deploy, statement: Statement, table: str) -> Hit:
    kind = EvidenceKind.OBSERVED if statement.error else EvidenceKind.READ
    why = Evidence(kind, statement.error or "SQLite's grammar")
    condition = _IF.search(statement.sql)
    call = call_at(deploy, statement.location)
    what = f"no {condition['words'].upper()} in ALTER TABLE" if condition else "no such ALTER TABLE"
    return Hit(
        f"SQLite has {what}: the revision stops here, with whatever ran before it applied.",
        statement,
        table=table,
        evidence=(Evidence(EvidenceKind.SQL, statement.sql), why),
        remedy=_unconditional(statement, call) if condition else _in_batch_mode(table, call, statement.sql),
    )


def _of_alembic(deploy: Deploy, failure: Failure) -> Hit:
    call = call_at(deploy, failure.location)
    table = call.table if call else None
    return Hit(
        "SQLite has no such ALTER TABLE: the revision stops here, with whatever ran before it applied.",
        revision=failure.revision,
        location=failure.location,
        table=table,
        evidence=(Evidence(EvidenceKind.OBSERVED, failure.error),),
        remedy=_in_batch_mode(table, call),
    )


def _unconditional(statement: Statement, call: OpCall | None) -> Remedy:
    plain = execute(_IF.sub(lambda found: found[0].replace(found["words"], "").rstrip() + " ", statement.sql))
    return Remedy(
        "Leave the condition out: Alembic runs a revision once. Where databases differ, ask sa.inspect(op.get_bind()) "
        "first.",
        (Step(1, "In this revision", call.without("if_exists", "if_not_exists") if call else plain),),
    )


def _in_batch_mode(table: str | None, call: OpCall | None, sql: str = "") -> Remedy:
    named = python(table) if table else "..."
    code = f"with op.batch_alter_table({named}) as batch_op:\n    {_meant(sql)}"
    return Remedy(
        "Use batch mode, which makes the table anew where SQLite cannot alter it.",
        (Step(1, "In this revision", call.batched() if call else code),),
    )


def _meant(sql: str) -> str:
    """The operation of a statement that another server would know, in batch mode; a gap where that is not plain."""
    changes = parse(sql, "postgresql").changes if sql else ()
    return _operation(changes[0]) if len(changes) == 1 else "..."


def _operation(change: c.Change) -> str:
    if isinstance(change, (c.SetNotNull, c.DropNotNull)):
        nullable = isinstance(change, c.DropNotNull)
        return f"batch_op.alter_column({python(change.column)}, nullable={nullable})"
    if isinstance(change, c.AlterColumnType):
        return f"batch_op.alter_column({python(change.column)}, type_={sa_type(change.type) or '...'})"
    if isinstance(change, c.DropConstraint) and change.name:
        return f"batch_op.drop_constraint({python(change.name)})"
    if isinstance(change, c.AddConstraint):
        return _constraint(change.table, change.constraint)
    return "..."


def _constraint(table: str, spec: c.ConstraintSpec) -> str:
    columns = listed(spec.columns)
    if spec.kind == "unique":
        return f"batch_op.create_unique_constraint({_named('uq', table, spec)}, {columns})"
    if spec.kind == "foreign-key" and spec.references:
        there = f"{python(spec.references)}, {columns}, {listed(spec.referenced_columns)}"
        action = f", ondelete={python(spec.on_delete)}" if spec.on_delete else ""
        return f"batch_op.create_foreign_key({_named('fk', table, spec)}, {there}{action})"
    if spec.kind == "check" and spec.expression:
        return f"batch_op.create_check_constraint({_named('ck', table, spec)}, {python(spec.expression)})"
    return "..."


def _named(prefix: str, table: str, spec: c.ConstraintSpec) -> str:
    return python(spec.name or "_".join([prefix, table, *spec.columns]))


rule = Rule(
    title="ALTER that SQLite does not have",
    why="SQLite can rename, add a column and drop one; all else is a syntax error, at once and on every database.",
    find=find,
    harms={Category.TRANSACTION: Severity.ERROR},
    dialects=SQLITE,
    split=("statement",),
    unsafe=(
        Example(('op.alter_column("users", "name", existing_type=sa.String(50), nullable=True)',), dialect="sqlite"),
        Example(('op.create_unique_constraint("uq_orders_note", "orders", ["note"])',), dialect="sqlite"),
    ),
    safe=(Example(('op.execute("ALTER TABLE orders ADD COLUMN remark TEXT")',), dialect="sqlite"),),
)
