"""A column that is there becomes NOT NULL."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Evidence, EvidenceKind, Remedy, Severity
from gate.rule import EVERY, MYSQL, Example, Hit, Rule
from gate.rules import _elsewhere as elsewhere
from gate.rules._columns import ColumnEdit, made_required, proven, told_proven
from gate.rules._mysql import cost
from gate.rules._mysql_session import is_strict
from gate.rules._recipes import key_of, make_required, remedy, target_of_constraint
from gate.rules._rows import counting_nulls, may_fail
from gate.rules._says import python, schema_argument
from gate.rules._world import added_here, column_at_start, not_null_check, scanned, table_before


def find(deploy: Deploy) -> Iterator[Hit]:
    for edit in made_required(deploy):
        if proven(deploy, edit):
            yield from _proof_lost(deploy, edit)
            continue
        yield from _lock(deploy, edit)
        yield from _rebuild(deploy, edit)
        yield from _rows(deploy, edit)
        yield from _old_code(deploy, edit)


def _rows(deploy: Deploy, edit: ColumnEdit) -> Iterator[Hit]:
    if is_strict(deploy, edit.statement):
        yield from may_fail(
            deploy,
            edit.statement,
            f"{edit.table}.{edit.column} may hold NULLs: one such row makes SET NOT NULL fail.",
            unknown=Severity.ERROR,
            table=edit.table,
            column=edit.column,
            sql=counting_nulls(deploy, edit.table, edit.column),
            remedy=_recipe(deploy, edit),
        )
        return
    if added_here(deploy, edit.table, edit.column, edit.statement):
        return  # its NULLs say nothing yet
    yield Hit(
        f"Strict mode is off here, so every NULL of {edit.table}.{edit.column} silently becomes the zero value of its "
        "type (0, '' or a zero date); a downgrade does not bring the NULLs back.",
        edit.statement,
        category=Category.DATA_LOSS,
        table=edit.table,
        column=edit.column,
        remedy=_recipe(deploy, edit),
    )


def _lock(deploy: Deploy, edit: ColumnEdit) -> Iterator[Hit]:
    if deploy.dialect != "postgresql" or scanned(edit.statement, edit.table) is False:
        return
    yield Hit(
        f"SET NOT NULL on {edit.table}.{edit.column} reads every row of {edit.table} while an ACCESS EXCLUSIVE lock "
        "stops all its reads and writes.",
        edit.statement,
        category=Category.LOCK,
        table=edit.table,
        column=edit.column,
        remedy=_recipe(deploy, edit),
    )


def _proof_lost(deploy: Deploy, edit: ColumnEdit) -> Iterator[Hit]:
    """PostgreSQL drops what one ALTER TABLE drops before it sets NOT NULL, in whatever order they are written.

    ``ATPrepCmd`` in https://github.com/postgres/postgres/blob/master/src/backend/commands/tablecmds.c
    """
    check = not_null_check(table_before(edit.statement, edit.table), edit.column)
    if check is None or told_proven(edit) or not scanned(edit.statement, edit.table):
        return
    if not any(isinstance(one, c.DropConstraint) and one.name == check.name for one in edit.statement.changes):
        return
    yield Hit(
        f"SET NOT NULL on {edit.table}.{edit.column} reads every row of {edit.table} while an ACCESS EXCLUSIVE lock "
        f"stops all its reads and writes: {check.name}, which proves the rows, is dropped by the same ALTER TABLE, and "
        "that comes first.",
        edit.statement,
        category=Category.LOCK,
        table=edit.table,
        column=edit.column,
        remedy=_after_it(edit, check.name),
    )


def _after_it(edit: ColumnEdit, check: str) -> Remedy:
    table, schema = target_of_constraint(edit.table), schema_argument(edit.table)
    return remedy(
        f"Drop {check} by a statement of its own, after SET NOT NULL.",
        (
            1,
            "The same revision, as two statements",
            f"op.alter_column({table}, {python(edit.column)}, nullable=False{schema})\n"
            f"op.drop_constraint({python(check)}, {table}{schema})",
        ),
    )


def _recipe(deploy: Deploy, edit: ColumnEdit) -> Remedy:
    if deploy.dialect == "postgresql":
        return make_required(edit.table, edit.column, key_of(edit.statement, edit.table))
    return elsewhere.make_required(deploy, edit.table, edit.column)


def _rebuild(deploy: Deploy, edit: ColumnEdit) -> Iterator[Hit]:
    """MySQL and MariaDB build the table anew, while rows are read and written."""
    price = cost(deploy, edit.statement) if deploy.dialect in MYSQL else None
    if price is not None and price.rebuild:
        yield Hit(
            f"NOT NULL on {edit.table}.{edit.column} builds the whole table {edit.table} anew"
            f"{' while its writes wait' if price.stops_writes else ', online but with the load of a full copy'}.",
            edit.statement,
            category=Category.REWRITE,
            severity=Severity.ERROR if price.copies else Severity.WARNING,
            table=edit.table,
            column=edit.column,
            evidence=(Evidence(EvidenceKind.SQL, edit.statement.sql), *price.evidence),
            remedy=_recipe(deploy, edit),
        )


def _old_code(deploy: Deploy, edit: ColumnEdit) -> Iterator[Hit]:
    new = added_here(deploy, edit.table, edit.column, edit.statement)
    known = edit.before or (new[1].column if new else None)
    if new is not None and known is not None and known.default is not None:
        return  # the release still running does not name the column, and the default fills it
    old = column_at_start(deploy, edit.table, edit.column, edit.statement)
    if old is not None and not old.nullable:
        return  # the deploy itself had let it be NULL; the release still running writes none
    why = (
        f"does not write {edit.table}.{edit.column}, which this deploy adds: each of its INSERTs fails"
        if new
        else f"may still write NULL to {edit.table}.{edit.column}, nullable for it: such an INSERT or UPDATE fails"
    )
    yield Hit(
        f"The release still running {why} once NOT NULL is set.",
        edit.statement,
        category=Category.BACKWARD_INCOMPATIBLE,
        table=edit.table,
        column=edit.column,
        remedy=_recipe(deploy, edit),
    )


rule = Rule(
    title="SET NOT NULL on a column that is there",
    why="The server reads the whole table under its strongest lock, rows with NULL make it fail, and the release still "
    "running may write NULL.",
    find=find,
    harms={
        Category.LOCK: Severity.ERROR,
        Category.REWRITE: Severity.WARNING,
        Category.FAILS_ON_EXISTING_ROWS: Severity.ERROR,
        Category.DATA_LOSS: Severity.ERROR,
        Category.BACKWARD_INCOMPATIBLE: Severity.ERROR,
    },
    dialects=EVERY,
    split=("deploy", "transaction"),
    unsafe=(
        Example(('op.alter_column("users", "age", nullable=False)',)),
        Example(
            ('op.execute("ALTER TABLE users ALTER COLUMN age SET NOT NULL, DROP CONSTRAINT ck_users_age_not_null")',),
            earlier=('op.create_check_constraint("ck_users_age_not_null", "users", "age IS NOT NULL")',),
        ),
    ),
    safe=(
        Example(
            ('op.alter_column("users", "age", nullable=False)',),
            earlier=('op.create_check_constraint("ck_users_age_not_null", "users", "age IS NOT NULL")',),
        ),
        Example(('op.alter_column("users", "name", nullable=False)',)),
    ),
)
