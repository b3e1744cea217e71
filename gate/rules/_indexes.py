"""Indexes of tables that are there."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Index, Table
from gate.rules._world import table_before


def created(deploy: Deploy) -> Iterator[tuple[Statement, c.CreateIndex]]:
    """Indexes that the deploy builds over rows: no-ops (IF NOT EXISTS), ON ONLY and indexes of views left out."""
    for statement, change in deploy.changes(c.CreateIndex):
        table = table_before(statement, change.table)
        if table is not None and table.kind in ("view", "materialized-view"):
            continue
        if change.only and table is not None and table.kind == "partitioned":
            continue
        if change.if_not_exists and table is not None and change.name and table.index(change.name.rpartition(".")[2]):
            continue
        yield statement, change


def dropped(deploy: Deploy) -> Iterator[tuple[Statement, c.DropIndex, Table, Index | None]]:
    """Indexes that the deploy drops from tables older than itself, those made by it left out."""
    made = {(change.name or "").rpartition(".")[2] for _, change in deploy.all_changes(c.CreateIndex)}
    for statement, change in deploy.all_changes(c.DropIndex):
        bare = change.name.rpartition(".")[2]
        owner = statement.before.table(change.table) if change.table else statement.before.index_owner(bare)
        if owner is None or not deploy.existed(owner.name, statement):
            continue
        older = deploy.baseline.index_owner(bare) is not None
        if older or bare not in made:
            yield statement, change, owner, owner.index(bare)


def table_goes(deploy: Deploy, at: Statement, table: Table) -> bool:
    """Whether the deploy drops the table after this statement: what it says of the table then says it all."""
    return any(one.number > at.number and change.table == table.name for one, change in deploy.all_changes(c.DropTable))


def columns_that_go(deploy: Deploy, at: Statement, table: Table) -> frozenset[str]:
    """The columns (in small letters) of the table that the deploy drops after this statement, their indexes with them."""
    drops = ((one.number, change) for one, change in deploy.all_changes(c.DropColumn))
    return frozenset(
        change.column.lower() for number, change in drops if number > at.number and change.table == table.name
    )


def is_redundant(table: Table, index: Index) -> bool:
    """Whether another index of the table begins with the same columns, so that no query loses its index."""
    others = (one for one in table.indexes if one.name != index.name and one.method == index.method)
    width = len(index.columns)
    return (
        bool(width)
        and not index.unique
        and any(
            one.columns[:width] == index.columns and one.predicate == index.predicate and one.valid for one in others
        )
    )
