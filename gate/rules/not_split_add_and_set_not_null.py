"""One deploy adds a column and makes it NOT NULL."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules import _elsewhere as elsewhere
from gate.rules._recipes import key_of, required_column
from gate.rules._split import required_too_early, revisions


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, added, edit in required_too_early(deploy):
        yield Hit(
            f"{edit.table}.{edit.column} is added and made NOT NULL in one deploy. The release still running never "
            "writes "
            "it, so between the two (and after) its INSERTs leave NULL: the second step fails, or they do. Part them "
            "into deploys.",
            edit.statement,
            table=edit.table,
            column=edit.column,
            related=revisions(statement, edit.statement),
            remedy=(
                required_column(edit.table, edit.column, added.column.type, key_of(edit.statement, edit.table))
                if deploy.dialect == "postgresql"
                else elsewhere.required_column(deploy, edit.table, edit.column, added.column.type)
            ),
        )


rule = Rule(
    title="Column added and made NOT NULL in one deploy",
    why="Code that writes the column must run before the database may insist on it.",
    find=find,
    harms={Category.NOT_SPLIT: Severity.ERROR},
    dialects=EVERY,
    split=("deploy",),
    reports_to="split-steps",
    unsafe=(
        Example(
            (
                'op.add_column("users", sa.Column("level", sa.Integer()))\n'
                'op.execute("UPDATE users SET level = 1")\n'
                'op.alter_column("users", "level", existing_type=sa.Integer(), nullable=False)',
            )
        ),
    ),
    safe=(
        Example(
            ('op.add_column("users", sa.Column("level", sa.Integer()))',),
        ),
    ),
)
