"""An index that queries may use goes away."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Index
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._indexes import columns_that_go, dropped, is_redundant, table_goes
from gate.rules._recipes import remedy


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change, table, index in dropped(deploy):
        if index is None or not index.valid or is_redundant(table, index) or _replaced(deploy, index):
            continue
        if table_goes(deploy, statement, table) or _first(index) in columns_that_go(deploy, statement, table):
            continue
        deliberate = change.concurrently or deploy.dialect != "postgresql"
        yield Hit(
            f"Queries of the release still running may rely on {index.name} of {table.name}; without it they read the "
            "whole table.",
            statement,
            severity=Severity.NOTE if deliberate else Severity.WARNING,
            table=table.name,
            column=index.columns[0] if len(index.columns) == 1 else None,
            remedy=remedy(
                "Look at the index's use on production first.",
                (1, "No scans over a full business cycle mean that nothing uses it", _use(deploy, index)),
                (2, "Drop it when no release queries through it", ""),
            ),
        )


def _first(index: Index) -> str:
    """The column that queries find rows by through the index: without it no query is left that could."""
    return next(iter(index.columns), "").lower()


def _replaced(deploy: Deploy, index: Index) -> bool:
    """Whether the deploy builds another index (or key) that begins with the same columns."""
    width = len(index.columns)
    built = (change.columns for _, change in deploy.all_changes(c.CreateIndex))
    keys = (change.constraint.columns for _, change in deploy.all_changes(c.AddConstraint))
    return bool(width) and any(columns[:width] == index.columns for columns in (*built, *keys))


def _use(deploy: Deploy, index: Index) -> str:
    if deploy.dialect != "postgresql":
        return ""
    return f"-- SELECT idx_scan, last_idx_scan FROM pg_stat_user_indexes WHERE indexrelname = '{index.name}'"


rule = Rule(
    title="Index dropped",
    why="Query plans change at once, also those of the release still running.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING},
    dialects=EVERY,
    split=("deploy",),
    unsafe=(Example(('op.drop_index("ix_users_email", "users")',)),),
    safe=(
        Example(
            (
                "with op.get_context().autocommit_block():\n"
                '    op.drop_index("ix_users_email", "users", postgresql_concurrently=True)',
            )
        ),
    ),
)
