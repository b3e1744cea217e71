"""A recreate that does not put back everything the table had: triggers, unnamed checks, indexes, collations."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Constraint, Index, Table
from gate.model import Category, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule
from gate.rules._says import python, spoken
from gate.rules._sqlite import is_expression, old_table, recreates
from gate.rules._world import final_table
from gate.sql.recreated import constraint_key, is_unnamed


def find(deploy: Deploy) -> Iterator[Hit]:
    told: set[tuple[str, str]] = set()
    for statement, change in recreates(deploy):
        was, now = old_table(deploy, change), final_table(deploy, statement, change.table)
        if was is None or now is None or (statement.revision, change.table) in told:
            continue
        told.add((statement.revision, change.table))
        lost = tuple(_lost(deploy, statement, was, now))
        if lost:
            yield _hit(statement, change, lost)


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
