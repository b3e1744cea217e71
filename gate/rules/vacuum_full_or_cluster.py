"""VACUUM FULL and CLUSTER: the table is written anew."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.all_changes(c.Maintenance):
        if change.verb not in ("vacuum-full", "cluster"):
            continue
        if change.table and not deploy.existed(change.table, statement):
            continue
        words = change.verb.replace("-", " ").upper()
        yield Hit(
            f"{words} writes {change.table or 'every table'} anew while an ACCESS EXCLUSIVE lock stops all reads and "
            "writes.",
            statement,
            table=change.table,
            remedy=remedy("Leave it to pg_repack or to a maintenance window; a plain VACUUM blocks nobody."),
        )


rule = Rule(
    title="VACUUM FULL or CLUSTER",
    why="Every row is written anew under the strongest lock.",
    find=find,
    harms={Category.REWRITE: Severity.ERROR},
    dialects=POSTGRESQL,
    unsafe=(
        Example(('op.execute("CLUSTER users USING ix_users_email")',)),
        Example(('with op.get_context().autocommit_block():\n    op.execute("VACUUM FULL users")',)),
    ),
    safe=(Example(('with op.get_context().autocommit_block():\n    op.execute("VACUUM ANALYZE users")',)),),
)
