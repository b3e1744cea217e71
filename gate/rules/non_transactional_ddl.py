"""A revision that can stop half way where DDL is not rolled back: what ran before stays, and a rerun trips over it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Evidence, EvidenceKind, Remedy, Severity, Step
from gate.rule import MYSQL, SQLITE, Example, Hit, Rule
from gate.rules._constraints import columns_read
from gate.rules._mysql_types import kind, loss
from gate.rules._rows import is_at, refused
from gate.rules._sqlite import is_constant
from gate.rules._world import added_here, column_before

_DDL = (
    c.CreateTable, c.DropTable, c.RenameTable, c.RecreateTable, c.AddColumn, c.DropColumn, c.RenameColumn,
    c.ModifyColumn, c.AlterColumnType, c.SetNotNull, c.DropNotNull, c.SetDefault, c.DropDefault, c.AddConstraint,
    c.DropConstraint, c.CreateIndex, c.DropIndex, c.RenameIndex, c.SetTableOption, c.CreateTrigger, c.DropTrigger,
    c.CreateView, c.DropView, c.Truncate,
)  # fmt: skip


def find(deploy: Deploy) -> Iterator[Hit]:
    for revision in dict.fromkeys(statement.revision for statement in deploy.statements):
        mine = [one for one in deploy.statements if one.revision == revision]
        ddl = [one for one in mine if any(isinstance(change, _DDL) for change in one.changes) or _stops(deploy, one)]
        risky = next((one for one in ddl[1:] if _may_stop(deploy, one)), None)
        if risky is not None and not _rolls_back(ddl[: ddl.index(risky)]):
            yield _hit(deploy, ddl, risky)


def _stops(deploy: Deploy, statement: Statement) -> bool:
    """The rehearsal came no further, on empty tables or over plain rows; what only its server lacks aside."""
    if any(run.failure and run.failure.lacks and is_at(run.failure, statement) for run in deploy.runs):
        return False
    return statement.error is not None or refused(deploy, statement) is Severity.ERROR


def _rolls_back(before: list[Statement]) -> bool:
    """SQLite keeps DDL inside a transaction that has begun; Python's driver begins one only for row changes."""
    return any(one.transaction.endswith(" open") for one in before[:1])


def _may_stop(deploy: Deploy, statement: Statement) -> bool:
    """It stopped in the rehearsal, or rows of a table that is older than the deploy may refuse it."""
    return _stops(deploy, statement) or any(
        _is_fallible(deploy, statement, change) and deploy.existed(getattr(change, "table", ""), statement)
        for change in statement.changes
    )


def _is_fallible(deploy: Deploy, statement: Statement, change: c.Change) -> bool:
    if isinstance(change, c.CreateIndex):
        return change.unique and not _only_new(deploy, statement, change.table, change.columns)
    if isinstance(change, c.AddConstraint):
        return not _only_new(deploy, statement, change.table, columns_read(statement, change.table, change.constraint))
    if isinstance(change, c.AlterColumnType):
        was = column_before(statement, change.table, change.column)
        return deploy.dialect in MYSQL and was is not None and _may_refuse(was.type, change.type)
    if isinstance(change, c.AddColumn):
        return deploy.dialect in SQLITE and _needs_no_rows(statement, change.column)
    return isinstance(change, c.SetNotNull)


def _needs_no_rows(statement: Statement, new: c.ColumnSpec) -> bool:
    """SQLite refuses the column where the table has a row: there is no value for it, or none that it could put there."""
    if new.default is None:
        return not (new.nullable or new.generated)
    made_anew = any(isinstance(one, c.RecreateTable) for one in statement.changes)
    return not made_anew and not is_constant(new.default)


def _may_refuse(old: str, new: str) -> bool:
    """Whether values may not fit the new type. SQLite keeps whatever it is given."""
    return bool(loss(old, new)) or (kind(old) != kind(new) and kind(new) != "text")


def _only_new(deploy: Deploy, statement: Statement, table: str, columns: tuple[str, ...]) -> bool:
    """Columns that the deploy adds hold NULL in every row, which no key refuses."""
    return bool(columns) and all(added_here(deploy, table, name, statement) for name in columns)


def _hit(deploy: Deploy, ddl: list[Statement], risky: Statement) -> Hit:
    before = ddl[: ddl.index(risky)]
    server = {"sqlite": "SQLite", "mysql": "MySQL", "mariadb": "MariaDB"}.get(deploy.dialect, deploy.dialect)
    stops = f"stopped ({risky.error})" if risky.error else "can be refused by rows that are there"
    return Hit(
        f"This statement {stops}, and {server} does not roll back the {len(before)} schema "
        f"change{'s' if len(before) > 1 else ''} before it in the same revision: the version row stays behind, and a "
        "second run fails on what is there already.",
        risky,
        evidence=tuple(Evidence(EvidenceKind.SQL, one.sql) for one in (*before, risky)),
        remedy=Remedy(
            "One schema change a revision, the one that can fail first or alone.",
            (
                Step(
                    1, "Move this statement into a revision of its own", f"alembic-gate split {risky.revision} --write"
                ),
            ),
        ),
    )


rule = Rule(
    title="Several schema changes where DDL is not transactional",
    why="When the second one fails, the first stays: the revision can neither be finished nor run again.",
    find=find,
    harms={Category.TRANSACTION: Severity.WARNING},
    dialects=(*MYSQL, *SQLITE),
    split=("statement",),
    unsafe=(
        Example(
            (
                'op.add_column("orders", sa.Column("code", sa.String(20)))\n'
                'op.create_unique_constraint("uq_orders_note", "orders", ["state"])',
            ),
            dialect="mariadb",
        ),
    ),
    safe=(
        Example(
            (
                'op.add_column("orders", sa.Column("code", sa.String(20)))\n'
                'op.create_index("ix_orders_code", "orders", ["code"])',
            ),
            dialect="mariadb",
        ),
    ),
)
