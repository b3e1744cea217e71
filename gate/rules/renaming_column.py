"""A column gets another name while the release still running uses the old one."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules import _elsewhere as elsewhere
from gate.rules._columns import renamed
from gate.rules._world import added_here


def find(deploy: Deploy) -> Iterator[Hit]:
    for edit in renamed(deploy):
        if added_here(deploy, edit.table, edit.column, edit.statement):
            continue
        yield Hit(
            f"Renaming {edit.table}.{edit.column} to {edit.to} breaks every query of the release still running that "
            f"names {edit.column}; there is no moment when both names work.",
            edit.statement,
            table=edit.table,
            column=edit.column,
            remedy=elsewhere.moved(
                deploy,
                edit.statement,
                edit.table,
                edit.column,
                edit.to,
                edit.before.type if edit.before else "",
            ),
        )


rule = Rule(
    title="Column renamed",
    why="The rename is instant, but code cannot be replaced at the same instant.",
    find=find,
    harms={Category.BACKWARD_INCOMPATIBLE: Severity.ERROR},
    dialects=EVERY,
    split=("deploy",),
    unsafe=(
        Example(('op.alter_column("users", "age", new_column_name="years")',)),
        Example(('op.execute("ALTER TABLE users RENAME age TO years")',)),
    ),
    safe=(
        Example(
            (
                'op.add_column("users", sa.Column("yaers", sa.Integer()))\n'
                'op.alter_column("users", "yaers", new_column_name="years")',
            )
        ),
    ),
)
