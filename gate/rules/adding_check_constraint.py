"""A CHECK over rows that are there, verified at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Constraint
from gate.model import Category, Remedy, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules import _elsewhere as elsewhere
from gate.rules._constraints import Added, added, columns_read, old_code, rows_of_validate, validated
from gate.rules._implied import holds_what_it_gets, keeps
from gate.rules._mysql import copy_hit
from gate.rules._recipes import not_valid_then_validate
from gate.rules._rows import counting, is_unseeded, may_fail, refused
from gate.rules._says import bare, python, schema_argument
from gate.rules._world import constraint_before, existed_column, holds_only_null, scanned

_ASKS_FOR_NULL = re.compile(r"NULL|COALESCE|DISTINCT|\bCASE\b|\bIS\s+(?:TRUE|FALSE)\b", re.IGNORECASE)


def find(deploy: Deploy) -> Iterator[Hit]:
    for one in (*added(deploy, "check"), *added(deploy, "not-null")):
        if not one.spec.enforced or _is_only_read(deploy):
            continue
        yield from _lock(deploy, one)
        adding = c.AddConstraint(one.table, one.spec)
        yield from copy_hit(
            deploy, one.statement, adding, f"Adding CHECK {one.name}", table=one.table, column=_column(one)
        )
        kept = keeps(deploy, one.table, _condition(one))
        if not one.spec.not_valid and not (kept and refused(deploy, one.statement) in (None, Severity.NOTE)):
            by_value = "IS NOT NULL" not in _condition(one).upper()
            yield from may_fail(
                deploy,
                one.statement,
                f"Rows of {one.table} that break the CHECK {_condition(one)} make it fail.",
                table=one.table,
                column=_column(one),
                sql=counting(deploy, one.table, f"NOT ({_condition(one)})"),
                by_value=by_value,
                settles=not (by_value and _is_about_old_values(deploy, one)),
                remedy=_recipe(deploy, one),
            )
        if not (kept or _passes_on_null(deploy, one) or _passes_as_rows_do(deploy, one)):
            yield replace(old_code(one, "break it", _recipe(deploy, one)), column=_column(one))
    for statement, change in validated(deploy, "check"):
        known = constraint_before(statement, change.table, change.name)
        if known is not None:
            yield from rows_of_validate(deploy, statement, change, _counting(deploy, change.table, known))


def _is_only_read(deploy: Deploy) -> bool:
    """MySQL before 8.0.16 reads a CHECK and forgets it: https://dev.mysql.com/doc/refman/8.0/en/create-table-check-constraints.html.

    So did MariaDB before 10.2.1: https://mariadb.com/kb/en/constraint/.
    """
    since = {"mysql": (8, 0, 16), "mariadb": (10, 2, 1)}.get(deploy.dialect)
    return since is not None and bool(deploy.version) and deploy.version < since[: len(deploy.version)]


def _is_about_old_values(deploy: Deploy, one: Added) -> bool:
    """Whether the condition reads values that were there before: that made-up ones keep it proves nothing."""
    return any(existed_column(deploy, one.table, name, one.statement) for name in _columns(one))


def _lock(deploy: Deploy, one: Added) -> Iterator[Hit]:
    if deploy.dialect != "postgresql" or one.spec.not_valid or scanned(one.statement, one.table) is False:
        return
    yield Hit(
        f"Adding CHECK {one.name} reads every row of {one.table} while an ACCESS EXCLUSIVE lock stops all its reads "
        "and writes.",
        one.statement,
        category=Category.LOCK,
        table=one.table,
        column=_column(one),
        remedy=_recipe(deploy, one),
    )


def _passes_on_null(deploy: Deploy, one: Added) -> bool:
    """Whether the release still running cannot break it: it leaves the columns NULL, and unknown is no violation."""
    if _ASKS_FOR_NULL.search(_condition(one)):
        return False
    return holds_only_null(deploy, one.table, _columns(one), one.statement)


def _passes_as_rows_do(deploy: Deploy, one: Added) -> bool:
    """Whether all rows passed with the very values that the server gives to those of the release still running."""
    passed = refused(deploy, one.statement) is Severity.NOTE and not is_unseeded(deploy, one.table)
    return passed and holds_what_it_gets(deploy, one.table, _columns(one), one.statement)


def _condition(one: Added) -> str:
    return one.spec.expression or f"{one.spec.columns[0]} IS NOT NULL"


def _columns(one: Added) -> tuple[str, ...]:
    return columns_read(one.statement, one.table, one.spec)


def _column(one: Added) -> str | None:
    columns = _columns(one)
    return columns[0] if len(columns) == 1 else None


def _counting(deploy: Deploy, table: str, known: Constraint) -> str | None:
    """The server's text is ``CHECK ((...)) NOT VALID``."""
    body = known.definition.removesuffix("NOT VALID").strip()
    return counting(deploy, table, f"NOT {body[5:].strip()}") if body.upper().startswith("CHECK") else None


def _recipe(deploy: Deploy, one: Added) -> Remedy:
    if deploy.dialect != "postgresql":
        call = (
            f"op.create_check_constraint({python(one.name)}, {python(bare(one.table))}, {python(_condition(one))}"
            f"{schema_argument(one.table)})"
        )
        return elsewhere.constraint(deploy, one.statement, one.table, _condition(one), call)
    return not_valid_then_validate(
        one.table,
        one.name,
        f"op.create_check_constraint({python(one.name)}, {python(bare(one.table))}, {python(_condition(one))}, "
        f"postgresql_not_valid=True{schema_argument(one.table)})",
    )


rule = Rule(
    title="CHECK verified at once",
    why="All rows are read under the strongest lock.",
    find=find,
    harms={
        Category.LOCK: Severity.ERROR,
        Category.REWRITE: Severity.ERROR,
        Category.FAILS_ON_EXISTING_ROWS: Severity.WARNING,
        Category.BACKWARD_INCOMPATIBLE: Severity.WARNING,
    },
    dialects=EVERY,
    split=("transaction", "deploy"),
    unsafe=(Example(('op.create_check_constraint("ck_orders_amount", "orders", "amount >= 0")',)),),
    safe=(
        Example(
            ('op.create_check_constraint("ck_orders_amount", "orders", "amount >= 0", postgresql_not_valid=True)',)
        ),
        Example(
            ('op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_amount")',),
            earlier=(
                'op.create_check_constraint("ck_orders_amount", "orders", "amount >= 0", postgresql_not_valid=True)',
            ),
        ),
    ),
)
