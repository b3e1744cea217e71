"""A new column that must have a value, on a table that has rows, without a default for them."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules import _elsewhere as elsewhere
from gate.rules._recipes import key_of, required_column
from gate.rules._rows import refused


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddColumn):
        new = change.column
        if new.nullable or new.default is not None or new.generated or new.identity:
            continue
        place = f"{change.table}.{new.name}"
        recipe = (
            required_column(change.table, new.name, new.type, key_of(statement, change.table))
            if deploy.dialect == "postgresql"
            else elsewhere.required_column(deploy, change.table, new.name, new.type)
        )
        if not _implicit(deploy) or refused(deploy, statement) is Severity.ERROR:
            yield Hit(
                f"{place} is NOT NULL without a server default, so ADD COLUMN is refused by every row that "
                f"{change.table} has (a Python `default=` is unknown to the database). It only passes on an empty "
                "table.",
                statement,
                category=Category.FAILS_ON_EXISTING_ROWS,
                table=change.table,
                column=new.name,
                remedy=recipe,
            )
        yield Hit(
            f"The release still running does not write {place}: each of its INSERTs into {change.table} fails once the "
            "column is there, since it is NOT NULL and has no server default.",
            statement,
            category=Category.BACKWARD_INCOMPATIBLE,
            table=change.table,
            column=new.name,
            remedy=recipe,
        )


def _implicit(deploy: Deploy) -> bool:
    """Whether the server invents values for the old rows; then ``implicit-default-on-existing-rows`` speaks."""
    return deploy.dialect in ("mysql", "mariadb")


rule = Rule(
    title="NOT NULL column without a server default",
    why="Rows that are there have no value for it, and the release still running does not write one.",
    find=find,
    harms={Category.FAILS_ON_EXISTING_ROWS: Severity.ERROR, Category.BACKWARD_INCOMPATIBLE: Severity.ERROR},
    dialects=EVERY,
    split=("deploy",),
    unsafe=(
        Example(('op.add_column("users", sa.Column("level", sa.Integer(), nullable=False))',)),
        Example(('op.add_column("users", sa.Column("level", sa.Integer(), nullable=False, default=1))',)),
    ),
    safe=(
        Example(('op.add_column("users", sa.Column("level", sa.Integer(), nullable=True))',)),
        Example(('op.add_column("users", sa.Column("level", sa.Integer(), nullable=False, server_default="1"))',)),
    ),
)
