"""A column gets another type, and the server has to write or read every row for it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.changes import AlterColumnType
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Constraint
from gate.model import Category, Remedy, Severity
from gate.rule import EVERY, MYSQL, Example, Hit, Rule
from gate.rules import _elsewhere as elsewhere
from gate.rules._columns import TypeEdit, retyped, same_type
from gate.rules._domains import checked
from gate.rules._enums import values_removed
from gate.rules._mysql import copy_hit
from gate.rules._mysql_types import kind, loss
from gate.rules._recipes import expand_and_contract, key_of
from gate.rules._rewrites import is_bystander, is_catalogue_only
from gate.rules._rows import counting, may_fail
from gate.rules._says import ident
from gate.rules._sqlite_types import changes_kind, conversion
from gate.rules._sqlite_types import loss as loss_in_copy
from gate.rules._types import narrowing, shape
from gate.rules._world import added_here, rewrote, scanned
from gate.sql._types import base, same


def find(deploy: Deploy) -> Iterator[Hit]:
    for edit in retyped(deploy):
        if deploy.dialect in MYSQL:
            yield from _mysql(deploy, edit)
        elif deploy.dialect == "sqlite":
            yield from _sqlite(deploy, edit)
        elif narrowing(edit.before.type if edit.before else "", edit.type):
            continue  # narrowing-column-type
        elif deploy.dialect == "postgresql":
            yield from _postgresql(deploy, edit)
        else:
            yield from _old_code(deploy, edit)


def _postgresql(deploy: Deploy, edit: TypeEdit) -> Iterator[Hit]:
    old = edit.before.type if edit.before else "its old type"
    seen = rewrote(edit.statement, edit.table)
    if seen and is_bystander(deploy, edit):
        return  # what wrote the table anew stands beside it, and is told by its own name
    if seen is False or (seen is None and is_catalogue_only(deploy, edit.statement, edit)):
        yield from _read_only(deploy, edit)
        return
    yield Hit(
        f"Changing {edit.table}.{edit.column} from {old} to {edit.type} writes the whole table {edit.table} and its "
        f"indexes anew while an ACCESS EXCLUSIVE lock stops all its reads and writes{_other_end(edit)}.",
        edit.statement,
        category=Category.REWRITE,
        table=edit.table,
        column=edit.column,
        remedy=_recipe(deploy, edit),
    )
    yield from _old_code(deploy, edit)
    if _may_refuse(old, edit.type) and not values_removed(edit):
        yield from may_fail(
            deploy,
            edit.statement,
            f"A value of {edit.table}.{edit.column} that cannot be read as {edit.type} makes the change fail.",
            table=edit.table,
            column=edit.column,
            remedy=_recipe(deploy, edit),
        )


def _read_only(deploy: Deploy, edit: TypeEdit) -> Iterator[Hit]:
    """No rewrite: a CHECK on the column is verified, or its indexes built anew, under the lock all the same."""
    built = edit.statement.observed.indexes_built if edit.statement.observed else ()
    if not scanned(edit.statement, edit.table) and not (built and edit.collation):
        return
    yield Hit(
        f"Changing {edit.table}.{edit.column} to {edit.type} keeps the rows, but reads the whole table {edit.table} "
        "(for a CHECK on the column or an index) while an ACCESS EXCLUSIVE lock stops all its reads and writes.",
        edit.statement,
        category=Category.LOCK,
        severity=Severity.WARNING,
        table=edit.table,
        column=edit.column,
        remedy=_recipe(deploy, edit),
    )


def _old_code(deploy: Deploy, edit: TypeEdit) -> Iterator[Hit]:
    if added_here(deploy, edit.table, edit.column, edit.statement) or values_removed(edit):
        return
    yield Hit(
        f"The release still running reads and writes {edit.table}.{edit.column} as {_old(edit)}: {_breaks(deploy, edit)}",
        edit.statement,
        category=Category.BACKWARD_INCOMPATIBLE,
        table=edit.table,
        column=edit.column,
        remedy=_recipe(deploy, edit),
    )


def _breaks(deploy: Deploy, edit: TypeEdit) -> str:
    """MySQL prepares its statements anew by itself, and SQLite has no type that a plan could keep."""
    if deploy.dialect == "postgresql":
        return (
            'its prepared statements fail ("cached plan must not change result type"), and so may its values once the '
            f"column is {edit.type}."
        )
    return f"its values may be refused, or come back as something else, once the column is {edit.type}."


def _mysql(deploy: Deploy, edit: TypeEdit) -> Iterator[Hit]:
    """Decided by the algorithm that the server took, or that the manual promises for its version."""
    if edit.before is not None and loss(edit.before.type, edit.type):
        return  # narrowing-column-type
    change = AlterColumnType(edit.table, edit.column, edit.type, collation=edit.collation)
    yield from copy_hit(deploy, edit.statement, change, _changing(edit), table=edit.table, column=edit.column)
    if edit.before is not None and _becomes_json(edit.before.type, edit.type):
        yield from _json(deploy, edit)
    if edit.before is None or kind(edit.before.type) == kind(edit.type):
        return
    yield from _old_code(deploy, edit)
    if kind(edit.type) != "text":
        yield from may_fail(
            deploy,
            edit.statement,
            f"A value of {edit.table}.{edit.column} that cannot be read as {edit.type} makes the change fail.",
            table=edit.table,
            column=edit.column,
            remedy=_recipe(deploy, edit),
        )


def _changing(edit: TypeEdit) -> str:
    """What changes, in words; where the type stays, it is the character set or the collation."""
    place, new = f"{edit.table}.{edit.column}", _collated(edit)
    if edit.before is None or not same(edit.before.type, edit.type):
        return f"Changing {place} from {_old(edit)} to {edit.type}{f' with {new}' if new else ''}"
    return f"Changing {place} to {new or 'another character set or collation'}"


def _collated(edit: TypeEdit) -> str:
    """The new character set or collation, where it is another one."""
    known = edit.statement.after.table(edit.table) if edit.statement.observed else None
    now = known.column(edit.column) if known else None
    name = edit.collation
    if now is not None and edit.before is not None:
        if now.collation == edit.before.collation:
            return ""
        name = name or now.collation or ""
    if name:
        return f"the {'collation' if '_' in name else 'character set'} {name}"
    return "" if name is None else "the table's own collation"


def _becomes_json(old: str, new: str) -> bool:
    return kind(old) == "text" and base(old) != "json" == base(new)


def _json(deploy: Deploy, edit: TypeEdit) -> Iterator[Hit]:
    """NULL and valid JSON pass; what else a text holds is refused."""
    recipe = elsewhere.to_json(deploy, edit.statement, edit.table, edit.column)
    yield from may_fail(
        deploy,
        edit.statement,
        f"A row whose {edit.table}.{edit.column} is not valid JSON makes the change fail.",
        table=edit.table,
        column=edit.column,
        sql=counting(deploy, edit.table, elsewhere.not_json(edit.column)),
        by_value=True,
        remedy=recipe,
    )
    if not added_here(deploy, edit.table, edit.column, edit.statement):
        yield Hit(
            f"The release still running may write text to {edit.table}.{edit.column} that is not valid JSON: it is "
            "refused from now on.",
            edit.statement,
            category=Category.BACKWARD_INCOMPATIBLE,
            severity=Severity.WARNING,
            table=edit.table,
            column=edit.column,
            remedy=recipe,
        )


def _sqlite(deploy: Deploy, edit: TypeEdit) -> Iterator[Hit]:
    """SQLite keeps whatever it is given; only a CAST or another affinity turns values into others."""
    if edit.before is None:
        return
    old, into = edit.before.type, _sqlite_recipe(deploy, edit)
    if changes_kind(old, edit.type, edit.using) and not added_here(deploy, edit.table, edit.column, edit.statement):
        yield Hit(
            f"The release still running reads and writes {edit.table}.{edit.column} as {old}; SQLite gives it the new "
            f"values of {edit.type} without an error, and it may not understand them.",
            edit.statement,
            category=Category.BACKWARD_INCOMPATIBLE,
            table=edit.table,
            column=edit.column,
            remedy=into,
        )
    lost = loss_in_copy(old, edit.type, edit.using)
    if lost:
        way = "casts" if edit.using else "moves"
        yield Hit(
            f"The copy {way} {edit.table}.{edit.column} to {edit.type}: {lost}. There is no error, and a downgrade does "
            "not bring the values back.",
            edit.statement,
            category=Category.DATA_LOSS,
            table=edit.table,
            column=edit.column,
            remedy=into,
        )


def _sqlite_recipe(deploy: Deploy, edit: TypeEdit) -> Remedy:
    """The new column is filled without a CAST: what it reads, not the number that a text begins with."""
    using = conversion(ident(edit.column), edit.type)
    key = elsewhere.key_of(deploy, edit.statement, edit.table)
    drop = elsewhere.drop_column(deploy, edit.statement, edit.table, edit.column)
    return expand_and_contract(edit.table, edit.column, f"{edit.column}_new", edit.type, key, using, drop)


def _old(edit: TypeEdit) -> str:
    return edit.before.type if edit.before else "its old type"


def _other_end(edit: TypeEdit) -> str:
    ends = {one.references for one in _foreign_keys(edit) if one.references}
    ends |= {
        table.name
        for table, one in edit.statement.before.referencing(edit.table)
        if edit.column in one.referenced_columns
    }
    others = sorted(ends - {edit.table})
    return f", and the same on {', '.join(others)} at the other end of a foreign key" if others else ""


def _foreign_keys(edit: TypeEdit) -> Iterator[Constraint]:
    table = edit.statement.before.table(edit.table)
    yield from (
        one for one in (table.constraints if table else ()) if one.kind == "foreign-key" and edit.column in one.columns
    )


def _recipe(deploy: Deploy, edit: TypeEdit) -> Remedy:
    if deploy.dialect in MYSQL:
        return elsewhere.moved(deploy, edit.statement, edit.table, edit.column, f"{edit.column}_new", edit.type)
    key, domain = key_of(edit.statement, edit.table), edit.statement.before.domains.get(edit.type)
    if domain is None or not domain.constraints:
        return expand_and_contract(edit.table, edit.column, f"{edit.column}_new", edit.type, key, edit.using)
    if edit.before is not None and same_type(edit.before.type, domain.base):
        return checked(edit.table, edit.column, domain)
    return expand_and_contract(edit.table, edit.column, f"{edit.column}_new", domain.base, key, edit.using)


def _may_refuse(old: str, new: str) -> bool:
    """Whether a value may have no counterpart: text read as something else, or one kind read as another."""
    texts = ("character varying", "text", "character", "citext")
    a, b = shape(old).base, shape(new).base
    numbers = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
    return (
        b not in texts
        and not (a in numbers and b in numbers)
        and not (a[:4] in ("date", "time") and b[:4] in ("date", "time"))
    )


rule = Rule(
    title="Column type changed",
    why="Every row is written anew under the strongest lock, and the release still running expects the old type.",
    find=find,
    harms={
        Category.REWRITE: Severity.ERROR,
        Category.BACKWARD_INCOMPATIBLE: Severity.ERROR,
        Category.FAILS_ON_EXISTING_ROWS: Severity.WARNING,
        Category.DATA_LOSS: Severity.WARNING,
    },
    dialects=EVERY,
    split=("deploy",),
    unsafe=(
        Example(('op.alter_column("users", "age", type_=sa.BigInteger())',)),
        Example(('op.execute("ALTER TABLE orders ALTER COLUMN note TYPE jsonb USING note::jsonb")',)),
    ),
    safe=(
        Example(('op.alter_column("users", "email", type_=sa.String(200))',)),
        Example(('op.alter_column("users", "email", type_=sa.Text())',)),
        Example(('op.alter_column("orders", "amount", type_=sa.Numeric(14, 2))',)),
    ),
)
