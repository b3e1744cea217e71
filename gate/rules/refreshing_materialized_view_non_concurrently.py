"""REFRESH that keeps readers out."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._says import execute, ident


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.all_changes(c.RefreshMaterializedView):
        if change.concurrently or not deploy.existed(change.view, statement):
            continue
        yield Hit(
            f"REFRESH keeps all readers of {change.view} out until its query has run.",
            statement,
            table=change.view,
            remedy=remedy(
                "Refresh CONCURRENTLY, which needs a unique index on the view.",
                (1, "Readers go on", execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {ident(change.view)}")),
            ),
        )


rule = Rule(
    title="Materialized view refreshed without CONCURRENTLY",
    why="The view is locked against readers for as long as its query takes.",
    find=find,
    harms={Category.LOCK: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("statement",),
    unsafe=(Example(('op.execute("REFRESH MATERIALIZED VIEW user_stats")',)),),
    safe=(Example(('op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY user_stats")',)),),
)
