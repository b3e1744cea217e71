"""One deploy fills a column and makes it NOT NULL."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules import _elsewhere as elsewhere
from gate.rules._columns import proven
from gate.rules._recipes import key_of, make_required
from gate.rules._split import added_then_required, filled_then_required, revisions


def find(deploy: Deploy) -> Iterator[Hit]:
    worse = {(edit.statement.number, edit.column) for *_, edit in added_then_required(deploy)}
    for filled, edit in filled_then_required(deploy):
        if (edit.statement.number, edit.column) in worse or proven(deploy, edit):
            continue  # not-split-add-and-set-not-null says more; a validated CHECK lets no new NULL in
        yield Hit(
            f"{edit.table}.{edit.column} is filled and made NOT NULL in one deploy, while the release still running "
            "may write NULL again in between; in one transaction the rows also stay locked until the end.",
            edit.statement,
            table=edit.table,
            column=edit.column,
            related=revisions(filled, edit.statement),
            remedy=(
                make_required(edit.table, edit.column, key_of(edit.statement, edit.table))
                if deploy.dialect == "postgresql"
                else elsewhere.make_required(deploy, edit.table, edit.column)
            ),
        )


rule = Rule(
    title="Backfill and SET NOT NULL in one deploy",
    why="Until the old release is gone new NULLs may appear after the backfill.",
    find=find,
    harms={Category.NOT_SPLIT: Severity.ERROR},
    dialects=EVERY,
    split=("deploy", "transaction"),
    reports_to="split-steps",
    unsafe=(
        Example(
            (
                'op.execute("UPDATE users SET age = 0 WHERE age IS NULL")\n'
                'op.alter_column("users", "age", existing_type=sa.Integer(), nullable=False)',
            )
        ),
    ),
    safe=(Example(('op.execute("UPDATE users SET age = 0 WHERE id = 1")',)),),
)
