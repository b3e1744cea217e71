"""The strongest lock on several tables at once, kept until the transaction ends."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import spoken
from gate.rules._world import STOPS_READS, locked

# Changes that take ACCESS EXCLUSIVE on the table that they name (measured: reference, section 2.5).
_STRONGEST = (
    c.AddColumn,
    c.DropColumn,
    c.RenameColumn,
    c.AlterColumnType,
    c.SetNotNull,
    c.DropNotNull,
    c.SetDefault,
    c.DropDefault,
    c.RenameTable,
    c.MoveTable,
    c.DropTable,
    c.Truncate,
)


def find(deploy: Deploy) -> Iterator[Hit]:
    held: dict[str, dict[str, Statement]] = {}
    for statement, change in deploy.changes(c.Change):
        table = _table(statement, change)
        if table is None or statement.autocommit:
            continue
        tables = held.setdefault(statement.transaction, {})
        if table not in tables:
            tables[table] = statement
            if len(tables) == 2:
                yield _hit(deploy, statement, tables)


def _table(statement: Statement, change: c.Change) -> str | None:
    strong = isinstance(change, _STRONGEST) or (isinstance(change, c.AddConstraint) and _strong(change.constraint))
    if not strong:
        return None
    table: str = change.table  # type: ignore[attr-defined]  # all of these kinds have one
    return table if locked(statement, table, STOPS_READS) is not False else None


def _strong(spec: c.ConstraintSpec) -> bool:
    return spec.kind != "foreign-key"


def _hit(deploy: Deploy, statement: Statement, tables: dict[str, Statement]) -> Hit:
    names = tuple(tables)
    first = next(iter(tables.values()))
    return Hit(
        f"One transaction holds ACCESS EXCLUSIVE locks on {spoken(names)} until it ends: while it waits for the "
        "second, nobody can read or write the first, and code that uses both in another order deadlocks with it.",
        statement,
        table=names[-1],
        related=(first.revision,) if first.revision != statement.revision else (),
        remedy=remedy(
            "One table per revision, and transaction_per_migration=True in env.py's context.configure(), so that each "
            "revision commits.",
            (1, "env.py", "context.configure(..., transaction_per_migration=True)"),
        ),
    )


rule = Rule(
    title="Several tables altered in one transaction",
    why="Locks pile up until the end of the transaction, which by Alembic's default is the whole upgrade.",
    find=find,
    harms={Category.LOCK: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(
        Example(
            (
                'op.add_column("users", sa.Column("a", sa.Integer()))\n'
                'op.add_column("orders", sa.Column("a", sa.Integer()))',
            )
        ),
    ),
    safe=(
        Example(
            (
                'op.add_column("users", sa.Column("a", sa.Integer()))',
                'op.add_column("orders", sa.Column("a", sa.Integer()))',
            ),
            env={"transaction_per_migration": "True"},
        ),
    ),
)
