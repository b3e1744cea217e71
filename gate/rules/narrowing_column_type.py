"""A column gets a type that cannot hold all that the old one could."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.changes import AlterColumnType
from gate.facts.rehearsal import Deploy
from gate.model import Category, Remedy, Severity
from gate.rule import EVERY, MYSQL, Example, Hit, Rule
from gate.rules import _elsewhere as elsewhere
from gate.rules._columns import TypeEdit, retyped
from gate.rules._mysql import copy_hit
from gate.rules._mysql_session import is_strict
from gate.rules._mysql_types import loss as mysql_loss
from gate.rules._mysql_types import spelled as mysql_spelled
from gate.rules._recipes import expand_and_contract, key_of, not_valid_then_validate
from gate.rules._rows import counting, may_fail
from gate.rules._says import bare, fitting, ident, python, quoted, schema_argument
from gate.rules._types import Loss, narrowing, shape
from gate.rules._world import added_here, rewrote
from gate.sql import _types


def find(deploy: Deploy) -> Iterator[Hit]:
    for edit in retyped(deploy):
        loss = _loss(deploy, edit)
        if not loss:
            continue
        if deploy.dialect == "postgresql" and rewrote(edit.statement, edit.table) is not False:
            yield _hit(
                deploy,
                edit,
                Category.REWRITE,
                f"Narrowing {edit.table}.{edit.column} to {edit.type} writes the whole table {edit.table} anew while "
                "an ACCESS EXCLUSIVE lock stops all its reads and writes.",
            )
        change = AlterColumnType(edit.table, edit.column, edit.type, collation=edit.collation)
        what = f"Narrowing {edit.table}.{edit.column} to {edit.type}"
        yield from copy_hit(deploy, edit.statement, change, what, table=edit.table, column=edit.column)
        yield from _values(deploy, edit, loss)
        if not added_here(deploy, edit.table, edit.column, edit.statement):
            yield _hit(
                deploy,
                edit,
                Category.BACKWARD_INCOMPATIBLE,
                f"The release still running may write values to {edit.table}.{edit.column} that {edit.type} refuses or "
                "changes.",
            )


def _loss(deploy: Deploy, edit: TypeEdit) -> Loss:
    """SQLite keeps values as they are, whatever the type's length says."""
    if edit.before is None or deploy.dialect == "sqlite":
        return Loss()
    return (
        mysql_loss(edit.before.type, edit.type) if deploy.dialect in MYSQL else narrowing(edit.before.type, edit.type)
    )


def _values(deploy: Deploy, edit: TypeEdit, loss: Loss) -> Iterator[Hit]:
    cuts = loss.refuses and edit.using is not None and "character" in shape(edit.type).base
    forced = loss.refuses and not is_strict(deploy, edit.statement)
    if forced:
        yield _hit(
            deploy,
            edit,
            Category.DATA_LOSS,
            f"Strict mode is off here, so values of {edit.table}.{edit.column} {loss.refuses} are silently cut to what "
            "fits; a downgrade does not bring them back.",
        )
    elif loss.refuses and not cuts:
        yield from may_fail(
            deploy,
            edit.statement,
            f"Values of {edit.table}.{edit.column} {loss.refuses} make the change fail.",
            unknown=Severity.ERROR,
            table=edit.table,
            column=edit.column,
            sql=_counting(deploy, edit),
            remedy=_recipe(deploy, edit),
            settles=_types.base(edit.type) != "timestamp",  # made-up dates all lie within its range
        )
    if (loss.changes or cuts) and not forced:
        done = loss.changes or f"cut to {shape(edit.type).sizes[0]} characters by the USING clause"
        yield _hit(
            deploy,
            edit,
            Category.DATA_LOSS,
            f"Values of {edit.table}.{edit.column} are silently {done}; a downgrade does not bring them back.",
        )


def _counting(deploy: Deploy, edit: TypeEdit) -> str | None:
    new = shape(mysql_spelled(edit.type) if deploy.dialect in MYSQL else edit.type)
    column = quoted(deploy.dialect, edit.column)
    if deploy.dialect in MYSQL and _types.base(edit.type) == "timestamp":
        # A day less at each end: what the session's time zone makes of a date moves it by less than that.
        return counting(deploy, edit.table, f"{column} < '1970-01-02' OR {column} >= '2038-01-18'")
    if new.base in ("character varying", "character") and new.sizes:
        return counting(deploy, edit.table, f"char_length({column}) > {new.sizes[0]}")
    limits = {"smallint": 15, "integer": 31}
    if new.base in limits:
        top = 2 ** limits[new.base]
        return counting(deploy, edit.table, f"{column} >= {top} OR {column} < -{top}")
    if new.base == "numeric" and new.sizes:
        whole = new.sizes[0] - (new.sizes[1] if len(new.sizes) > 1 else 0)
        return counting(deploy, edit.table, f"abs({column}) >= 1e{whole}")
    return None


def _hit(deploy: Deploy, edit: TypeEdit, category: Category, message: str) -> Hit:
    return Hit(
        message,
        edit.statement,
        category=category,
        table=edit.table,
        column=edit.column,
        remedy=_recipe(deploy, edit),
    )


def _recipe(deploy: Deploy, edit: TypeEdit) -> Remedy:
    if deploy.dialect in MYSQL:
        return elsewhere.narrowed(deploy, edit.statement, edit.table, edit.column, edit.type)
    new = shape(edit.type)
    if new.base != "character varying" or not new.sizes:
        key = key_of(edit.statement, edit.table)
        return expand_and_contract(edit.table, edit.column, f"{edit.column}_new", edit.type, key, edit.using)
    check = fitting(f"ck_{bare(edit.table)}_{edit.column}_length")
    return not_valid_then_validate(
        edit.table,
        check,
        f"# keep the type, limit the length by a CHECK\n"
        f"op.create_check_constraint({python(check)}, {python(bare(edit.table))}, "
        f"{python(f'length({ident(edit.column)}) <= {new.sizes[0]}')}, postgresql_not_valid=True"
        f"{schema_argument(edit.table)})",
    )


rule = Rule(
    title="Column type made smaller",
    why="Rows that do not fit make the change fail or are changed silently, and the table is written anew.",
    find=find,
    harms={
        Category.REWRITE: Severity.ERROR,
        Category.FAILS_ON_EXISTING_ROWS: Severity.ERROR,
        Category.DATA_LOSS: Severity.ERROR,
        Category.BACKWARD_INCOMPATIBLE: Severity.ERROR,
    },
    dialects=EVERY,
    split=("deploy",),
    unsafe=(
        Example(('op.alter_column("users", "email", type_=sa.String(10))',)),
        Example(('op.alter_column("orders", "amount", type_=sa.Numeric(10, 0))',)),
    ),
    safe=(Example(('op.alter_column("users", "email", type_=sa.String(200))',)),),
)
