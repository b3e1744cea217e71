"""A slow statement while the transaction already keeps everybody out of a table."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._constraints import not_valid_since
from gate.rules._recipes import own_transaction
from gate.rules._split import altered_before
from gate.rules._world import is_unique, table_before

_COPIES = (c.Insert, c.CreateTable, c.CreateView)
_SLOW = (*_COPIES, c.CreateIndex, c.Update, c.Delete, c.ValidateConstraint, c.RefreshMaterializedView, c.Query)


def find(deploy: Deploy) -> Iterator[Hit]:
    said: set[str] = set()
    for statement in deploy.statements:
        table = _read_by(deploy, statement)
        held = _held(deploy, statement, table) if table else None
        if not table or held is None or statement.transaction in said:
            continue
        said.add(statement.transaction)
        other, since = held
        yield Hit(
            f"This reads or writes all of {table} while the transaction still holds the ACCESS EXCLUSIVE lock on "
            f"{other} "
            f"taken at {since.location.path}:{since.location.line}: nobody can read or write {other} until it is done.",
            statement,
            table=table,
            related=(since.revision,) if since.revision != statement.revision else (),
            remedy=own_transaction(f"Move it before the change of {other}, or into a revision of its own"),
        )


def _read_by(deploy: Deploy, statement: Statement) -> str | None:
    """The table older than the deploy that the statement goes through as a whole."""
    for change in statement.changes:
        if not isinstance(change, _SLOW) or (isinstance(change, c.CreateIndex) and change.concurrently):
            continue
        table = _whole(deploy, statement, change)
        if table and deploy.existed(table, statement) and _confirmed(statement, table):
            return table
    return None


def _whole(deploy: Deploy, statement: Statement, change: c.Change) -> str | None:
    if isinstance(change, (c.Update, c.Delete)):
        few = change.by_key or change.bounded or is_unique(table_before(statement, change.table), change.equals)
        return None if few else change.table
    if isinstance(change, _COPIES):
        return next((name for name in change.reads if deploy.existed(name, statement)), None)
    if isinstance(change, c.Query):
        return None  # a read in passing; the scratch tables are too small to tell a look-up from a scan
    if isinstance(change, c.RefreshMaterializedView):
        return change.view
    return getattr(change, "table", None)


def _confirmed(statement: Statement, table: str) -> bool:
    """The server went through the table, where it was watched."""
    observed = statement.observed
    if observed is None:
        return True
    return any(one.scans or one.updated or one.deleted for one in observed.touched) or bool(observed.indexes_built)


def _held(deploy: Deploy, statement: Statement, table: str) -> tuple[str, Statement] | None:
    """The table altered before in the same transaction. Left out is what a rule of split-steps says better."""
    if altered_before(deploy, statement, table) and any(
        isinstance(one, (c.Update, c.Insert)) for one in statement.changes
    ):
        return None
    for change in statement.changes:
        if isinstance(change, c.ValidateConstraint) and not_valid_since(deploy, statement, change):
            return None
    for one in deploy.baseline.tables:
        since = altered_before(deploy, statement, one)
        if since is not None:
            return one, since
    return None


rule = Rule(
    title="Slow statement under the strongest lock",
    why="A lock is kept until the transaction ends, also over statements that do not need it.",
    find=find,
    harms={Category.LOCK: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(
        Example(
            (
                'op.add_column("users", sa.Column("a", sa.Integer()))\n'
                "op.execute(\"UPDATE orders SET note = 'x' WHERE note IS NULL\")",
            )
        ),
    ),
    safe=(
        Example(
            (
                'op.add_column("users", sa.Column("a", sa.Integer()))\n'
                "op.execute(\"UPDATE orders SET note = 'x' WHERE id = 1\")",
            )
        ),
    ),
)
