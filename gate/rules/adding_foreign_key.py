"""A foreign key over rows that are there, checked at once."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Remedy, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules import _elsewhere as elsewhere
from gate.rules._constraints import Added, added, known_before, old_code, rows_of_validate, validated
from gate.rules._mysql import copy_hit
from gate.rules._recipes import not_valid_then_validate
from gate.rules._rows import counting_orphans, may_fail
from gate.rules._says import bare, listed, python, schema_argument
from gate.rules._world import constraint_before, holds_only_null, scanned

_FOLLOWS = ("CASCADE", "SET NULL", "SET DEFAULT")


def find(deploy: Deploy) -> Iterator[Hit]:
    for one in added(deploy, "foreign-key"):
        yield from _locks(deploy, one)
        what = f"Adding foreign key {one.name}"
        adding = c.AddConstraint(one.table, one.spec)
        yield from copy_hit(deploy, one.statement, adding, what, table=one.table, column=_column(one))
        if holds_only_null(deploy, one.table, one.spec.columns, one.statement):
            continue
        if not one.spec.not_valid:
            yield from may_fail(
                deploy,
                one.statement,
                f"Rows of {one.table} that point at no row of {one.spec.references} make the foreign key fail.",
                table=one.table,
                column=_column(one),
                sql=_orphans(deploy, one),
                by_value=True,
                remedy=_recipe(deploy, one),
            )
        yield from _old_code(deploy, one)
    for statement, change in validated(deploy, "foreign-key"):
        known = constraint_before(statement, change.table, change.name)
        if known is None or not known.references or not known.referenced_columns:
            continue
        sql = counting_orphans(deploy, change.table, known.columns, known.references, known.referenced_columns)
        yield from rows_of_validate(deploy, statement, change, sql)


def _old_code(deploy: Deploy, one: Added) -> Iterator[Hit]:
    """A key that was there before is no news, unless rows that went or changed with their parent now hold it back."""
    known, parent = known_before(deploy, one), one.spec.references
    if known is None:
        yield old_code(one, f"point at no row of {parent} (or delete a row pointed at)", _recipe(deploy, one))
    elif (known.on_delete or "").upper() in _FOLLOWS and (one.spec.on_delete or "").upper() not in _FOLLOWS:
        yield Hit(
            f"The release still running counts on ON DELETE {known.on_delete} of {one.table}: its deletes of a row of "
            f"{parent} that is pointed at fail from now on.",
            one.statement,
            category=Category.BACKWARD_INCOMPATIBLE,
            table=one.table,
            column=_column(one),
        )


def _locks(deploy: Deploy, one: Added) -> Iterator[Hit]:
    """PostgreSQL stops writers of both tables; SQLite cannot add one to a table at all (batch mode recreates)."""
    if deploy.dialect != "postgresql" or one.spec.not_valid or scanned(one.statement, one.table) is False:
        return
    tables = one.table if one.spec.references == one.table else f"both {one.table} and {one.spec.references}"
    yield Hit(
        f"Adding foreign key {one.name} checks every row of {one.table} while a SHARE ROW EXCLUSIVE lock stops all "
        f"writes to {tables}.",
        one.statement,
        category=Category.LOCK,
        table=one.table,
        column=_column(one),
        remedy=_recipe(deploy, one),
    )


def _column(one: Added) -> str | None:
    return one.spec.columns[0] if len(one.spec.columns) == 1 else None


def _orphans(deploy: Deploy, one: Added) -> str | None:
    parent = one.spec.references or ""
    keys = one.spec.referenced_columns or _primary_key(one, parent)
    return counting_orphans(deploy, one.table, one.spec.columns, parent, keys) if keys else None


def _primary_key(one: Added, parent: str) -> tuple[str, ...]:
    table = one.statement.before.table(parent)
    keys = (key.columns for key in (table.constraints if table else ()) if key.kind == "primary-key")
    return next(keys, ())


def _recipe(deploy: Deploy, one: Added) -> Remedy:
    if deploy.dialect != "postgresql":
        keys = one.spec.referenced_columns or _primary_key(one, one.spec.references or "")
        parent = python(bare(one.spec.references or ""))
        call = (
            f"op.create_foreign_key({python(one.name)}, {python(bare(one.table))}, {parent}, "
            f"{listed(one.spec.columns)}, {listed(keys)})"
        )
        return elsewhere.constraint(deploy, one.statement, one.table, f"{one.name} true", call)
    parent = one.spec.references or ""
    return not_valid_then_validate(
        one.table,
        one.name,
        f"op.create_foreign_key({python(one.name)}, {python(bare(one.table))}, {python(bare(parent))}, "
        f"{listed(one.spec.columns)}, {listed(one.spec.referenced_columns or _primary_key(one, parent))}, "
        f"postgresql_not_valid=True{schema_argument(one.table).replace('schema', 'source_schema')})",
    )


rule = Rule(
    title="Foreign key checked at once",
    why="All rows are checked while both tables cannot be written to.",
    find=find,
    harms={
        Category.LOCK: Severity.ERROR,
        Category.REWRITE: Severity.ERROR,
        Category.FAILS_ON_EXISTING_ROWS: Severity.WARNING,
        Category.BACKWARD_INCOMPATIBLE: Severity.WARNING,
    },
    dialects=EVERY,
    split=("transaction", "deploy"),
    unsafe=(
        Example(('op.create_foreign_key("fk_orders_user", "orders", "users", ["user_id"], ["id"])',)),
        Example(('op.add_column("orders", sa.Column("buyer_id", sa.Integer(), sa.ForeignKey("users.id")))',)),
    ),
    safe=(
        Example(
            (
                'op.create_foreign_key("fk_orders_user", "orders", "users", ["user_id"], ["id"], '
                "postgresql_not_valid=True)",
            )
        ),
        Example(
            (
                'op.create_table("tickets", sa.Column("id", sa.Integer(), primary_key=True), '
                'sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), index=True))',
            )
        ),
    ),
)
