"""Constraints added to tables that are there: what is common to foreign keys, checks, unique and other keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Constraint, ConstraintKind
from gate.model import Category, Remedy, Severity
from gate.rule import Hit
from gate.rules._rows import may_fail
from gate.rules._world import constraint_before, earlier, same_transaction, table_before
from gate.sql.schema_after import constraint_of


@dataclass(frozen=True)
class Added:
    """A constraint that a statement adds to a table older than the deploy, with the name that it gets."""

    statement: Statement
    table: str
    spec: c.ConstraintSpec
    name: str


def added(deploy: Deploy, kind: ConstraintKind) -> Iterator[Added]:
    """Every constraint of this kind that the deploy adds by a statement of its own."""
    for statement, change in deploy.changes(c.AddConstraint):
        if change.constraint.kind == kind:
            yield Added(statement, change.table, change.constraint, _name(statement, change))


def _name(statement: Statement, change: c.AddConstraint) -> str:
    """Its name; where the statement gives none the one that the server chose, and unobserved that of PostgreSQL."""
    told = constraint_of(change.table, change.constraint)
    if change.constraint.name:
        return told.name
    return next(_made(statement, change), told.name)


def _made(statement: Statement, change: c.AddConstraint) -> Iterator[str]:
    """The names of constraints like this one that came with the statement."""
    told = constraint_of(change.table, change.constraint)
    before, after = statement.before.table(change.table), statement.after.table(change.table)
    there = {one.name for one in before.constraints} if before else set()
    made = (one for one in (after.constraints if after else ()) if (one.kind, one.columns) == (told.kind, told.columns))
    return (one.name for one in made if one.name and one.name not in there)


def columns_read(statement: Statement, table: str, spec: c.ConstraintSpec) -> tuple[str, ...]:
    """The columns of a constraint; where a CHECK does not tell them, the table's columns that its condition names."""
    known = table_before(statement, table)
    if spec.columns or known is None:
        return spec.columns
    words = {word.lower() for word in re.findall(r"\w+", spec.expression or "")}
    beside = [one.column.name for one in statement.changes if isinstance(one, c.AddColumn) and one.table == table]
    return tuple(name for name in (*(one.name for one in known.columns), *beside) if name.lower() in words)


def validated(deploy: Deploy, kind: ConstraintKind) -> Iterator[tuple[Statement, c.ValidateConstraint]]:
    """Every VALIDATE of a constraint of this kind."""
    for statement, change in deploy.changes(c.ValidateConstraint):
        known = constraint_before(statement, change.table, change.name)
        if known is None or known.kind == kind:
            yield statement, change


def not_valid_since(deploy: Deploy, statement: Statement, change: c.ValidateConstraint) -> Statement | None:
    """The statement of the same transaction that added the constraint NOT VALID, if there is one."""
    table, name = change.table, change.name
    for one in (statement, *earlier(deploy, statement)):
        for other in reversed(one.changes):
            table = c.called_before(other, table)
            if isinstance(other, c.RenameIndex) and (other.table, other.to) == (table, name):
                name = other.name
            if isinstance(other, c.AddConstraint) and other.table == table and _is_called(one, other, name):
                return one if other.constraint.not_valid and same_transaction(one, statement) else None
    return None


def _is_called(statement: Statement, change: c.AddConstraint, name: str) -> bool:
    return name == _name(statement, change) or (not change.constraint.name and name in _made(statement, change))


def known_before(deploy: Deploy, one: Added) -> Constraint | None:
    """The same foreign key as the release still running knows it: this deploy only drops it and makes it anew."""
    table = deploy.baseline.table(one.table)
    keys = (key for key in (table.constraints if table else ()) if key.kind == "foreign-key" and key.validated)
    return next((key for key in keys if _points_alike(key, one.spec)), None)


def _points_alike(known: Constraint, spec: c.ConstraintSpec) -> bool:
    there = not spec.referenced_columns or known.referenced_columns in ((), spec.referenced_columns)
    return known.columns == spec.columns and known.references == spec.references and there


def old_code(one: Added, what: str, recipe: Remedy) -> Hit:
    """The release still running does not know the constraint. A note where the author parts the steps already."""
    return Hit(
        f"The release still running does not know {one.name}: its writes to {one.table} that {what} fail from now on.",
        one.statement,
        category=Category.BACKWARD_INCOMPATIBLE,
        severity=Severity.NOTE if one.spec.not_valid else Severity.WARNING,
        table=one.table,
        column=one.spec.columns[0] if len(one.spec.columns) == 1 else None,
        remedy=recipe,
    )


def rows_of_validate(
    deploy: Deploy, statement: Statement, change: c.ValidateConstraint, sql: str | None
) -> Iterator[Hit]:
    """VALIDATE in its own transaction is the recipe, so what depends on the data is a note with its query."""
    hits = may_fail(
        deploy,
        statement,
        f"VALIDATE CONSTRAINT {change.name} fails when rows of {change.table} break it.",
        unknown=Severity.NOTE,
        table=change.table,
        sql=sql,
    )
    for hit in hits:
        soft = hit.severity is not Severity.ERROR
        yield Hit(**{**vars(hit), "severity": Severity.NOTE}) if soft else hit
