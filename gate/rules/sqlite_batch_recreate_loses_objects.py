"""A recreate that does not put back everything the table had: triggers, unnamed checks, indexes, collations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Constraint, Index, Schema, Table
from gate.model import Category, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule
from gate.rules._says import execute, ident, python, spoken
from gate.rules._sqlite import left_pointing, old_table, recreates, result
from gate.sql.recreated import constraint_key, is_expression, is_unnamed


def find(deploy: Deploy) -> Iterator[Hit]:
    told: set[tuple[str, str]] = set()
    for statement, change in recreates(deploy):
        was, end = old_table(deploy, change), result(deploy, statement)
        now = end.table(change.table) if end else None
        if was is None or now is None or end is None or (statement.revision, change.table) in told:
            continue
        told.add((statement.revision, change.table))
        lost = tuple(_lost(deploy, statement, was, now))
        if lost:
            yield _hit(statement, change, lost)
        yield from _left_pointing(deploy, statement, change, end)


def _hit(statement: Statement, change: c.RecreateTable, lost: tuple[str, ...]) -> Hit:
    return Hit(
        f"Making {change.table} anew does not carry {spoken(lost)}: gone afterwards, without an error.",
        statement,
        table=change.table,
        remedy=Remedy(
            "Make what was lost again in the same revision, or tell batch mode about it.",
            (
                Step(
                    1,
                    "Give the whole table, unnamed constraints included, and put triggers and indexes back",
                    f"with op.batch_alter_table({python(change.table)}, copy_from=sa.Table(...)) as batch_op:\n"
                    "    ...\n"
                    'op.execute("CREATE TRIGGER ...")\nop.execute("CREATE INDEX ...")',
                ),
            ),
        ),
    )


def _lost(deploy: Deploy, statement: Statement, was: Table, now: Table) -> Iterator[str]:
    dropped = _dropped_on_purpose(deploy, statement)
    yield from (f"trigger {name}" for name in was.triggers if name not in now.triggers and name not in dropped)
    columns = {one.name.lower() for one in now.columns}
    for constraint in was.constraints:
        yield from _constraint(constraint, was, now, columns)
    for index in was.indexes:
        if index.name not in dropped and _vanished(index, was, now, columns):
            yield f"{'expression ' if is_expression(index) else ''}index {index.name}"
    for column in was.columns:
        kept = now.column(column.name)
        if kept is not None and column.collation and not kept.collation:
            yield f"COLLATE {column.collation} of {column.name}"
        if kept is not None and column.generated and not kept.generated:
            yield f"the expression of {column.name}"
    if "autoincrement" in was.options and "autoincrement" not in now.options:
        yield "AUTOINCREMENT"


def _dropped_on_purpose(deploy: Deploy, statement: Statement) -> set[str]:
    """Triggers and indexes that a statement of the revision drops by name."""
    mine = [one for one in deploy.statements if one.revision == statement.revision]
    named = (change.name for one in mine for change in one.changes if isinstance(change, (c.DropTrigger, c.DropIndex)))
    return set(named)


def _constraint(one: Constraint, was: Table, now: Table, columns: set[str]) -> Iterator[str]:
    """A constraint that vanished although nobody named it, or whose action did."""
    if one.kind == "primary-key" or not {name.lower() for name in one.columns} <= columns:
        return
    same = [other for other in now.constraints if constraint_key(other) == constraint_key(one)]
    if not same and is_unnamed(was.name, one):
        yield f"the unnamed {one.kind.replace('-', ' ')} {one.definition}"
    if same and one.on_delete and not any(other.on_delete for other in same):
        yield f"ON DELETE {one.on_delete} of the foreign key on {spoken(one.columns)}"


def _vanished(index: Index, was: Table, now: Table, columns: set[str]) -> bool:
    if index.name.startswith("sqlite_autoindex_") or not {name.lower() for name in index.columns} <= columns:
        return False
    back = now.index(index.name)
    return back is None or (bool(index.predicate) and not back.predicate)


def _left_pointing(deploy: Deploy, statement: Statement, change: c.RecreateTable, end: Schema) -> Iterator[Hit]:
    """SQLite rewrites what names a renamed table, so it goes along with the old one."""
    aside = change.aside or ""
    gone = end.table(aside) is None
    for child, key in left_pointing(deploy, change):
        harm = f"fails (no such table: main.{aside})" if gone else f"looks for its parent in {aside}"
        yield _pointing(
            statement,
            change,
            child.name,
            f"Renaming {change.table} to {aside} made the foreign key of {child.name} ({spoken(key.columns)}) follow "
            f"it{', and ' + aside + ' is dropped' if gone else ''}: with PRAGMA foreign_keys=ON every write to "
            f"{child.name} {harm}.",
        )
    for view in _views(statement, change, end) if gone else ():
        yield _pointing(
            statement,
            change,
            view,
            f"Renaming {change.table} to {aside} made the view {view} follow it, and {aside} is dropped: every query on "
            f"{view} fails (no such table: main.{aside}).",
        )


def _views(statement: Statement, change: c.RecreateTable, end: Schema) -> Iterator[str]:
    named = re.compile(rf"(?<!\w){re.escape(change.aside or '')}(?!\w)", re.IGNORECASE)
    for name, view in end.tables.items():
        if change.aside and view.kind == "view" and named.search(view.definition):
            yield name


def _pointing(statement: Statement, change: c.RecreateTable, place: str, message: str) -> Hit:
    table, new = change.table, f"{change.table}_new"
    code = "\n".join(
        execute(sql)
        for sql in (
            f"CREATE TABLE {ident(new)} (...)",
            f"INSERT INTO {ident(new)} (...) SELECT ... FROM {ident(table)}",
            f"DROP TABLE {ident(table)}",
            f"ALTER TABLE {ident(new)} RENAME TO {ident(table)}",
        )
    )
    return Hit(
        message,
        statement,
        category=Category.BACKWARD_INCOMPATIBLE,
        table=place,
        remedy=Remedy(
            "Make the new table under a name of its own, and rename it last: what names the table then stays as it is.",
            (Step(1, "In this order, with PRAGMA foreign_keys=OFF set before the transaction begins", code),),
        ),
    )


rule = Rule(
    title="Objects lost with a recreated table",
    why="Batch mode copies what SQLAlchemy can reflect; triggers, unnamed CHECKs, expression indexes are not.",
    find=find,
    harms={
        Category.DATA_LOSS: Severity.ERROR,
        Category.BACKWARD_INCOMPATIBLE: Severity.ERROR,
        Category.HYGIENE: Severity.ERROR,
    },
    dialects=SQLITE,
    split=("statement",),
    unsafe=(
        Example(
            (
                'with op.batch_alter_table("orders") as batch_op:\n'
                '    batch_op.alter_column("note", type_=sa.String(80), existing_type=sa.Text())',
            ),
            earlier=('op.execute("CREATE TRIGGER t_orders AFTER INSERT ON orders BEGIN SELECT 1; END")',),
            dialect="sqlite",
        ),
    ),
    safe=(
        Example(
            (
                'with op.batch_alter_table("orders") as batch_op:\n'
                '    batch_op.add_column(sa.Column("x", sa.Integer()))',
            ),
            earlier=('op.execute("CREATE TRIGGER t_orders AFTER INSERT ON orders BEGIN SELECT 1; END")',),
            dialect="sqlite",
        ),
    ),
)
