"""MODIFY or CHANGE without the attributes that the column has: MySQL and MariaDB drop them, silently.

Alembic writes such a statement when ``alter_column`` is not given every ``existing_*`` argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Column
from gate.model import Category, Remedy, Severity, Step
from gate.rule import MYSQL, Example, Hit, Rule
from gate.rules._mysql import keeping, modify
from gate.rules._says import python, spoken
from gate.sql.modified import column_before, lost_attributes


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.ModifyColumn):
        lost = lost_attributes(change, statement, deploy.sources)
        before = column_before(change, statement)
        if lost and before is not None:
            yield from _hits(statement, change, before, lost)


def _hits(statement: Statement, change: c.ModifyColumn, before: Column, lost: tuple[str, ...]) -> Iterator[Hit]:
    place = f"{change.table}.{change.column}"
    remedy = _recipe(change, before, lost)
    only_comment = lost == ("COMMENT",)
    if lost != ("AUTO_INCREMENT",) or not _drops_key(statement):
        yield Hit(
            f"The column is written anew without what it had, so {place} silently loses {spoken(lost)}.",
            statement,
            category=Category.HYGIENE if only_comment else Category.DATA_LOSS,
            severity=Severity.ERROR,
            table=change.table,
            column=change.column,
            remedy=remedy,
        )
    required = not before.nullable and not change.spec.nullable
    if "AUTO_INCREMENT" in lost or (required and any(one.startswith("DEFAULT") for one in lost)):
        yield Hit(
            f"{place} stays NOT NULL without {spoken(lost)}: INSERTs of the running release that leave it out fail.",
            statement,
            category=Category.BACKWARD_INCOMPATIBLE,
            table=change.table,
            column=change.column,
            remedy=remedy,
        )


def _drops_key(statement: Statement) -> bool:
    """Whether the statement drops the primary key: the server asks for AUTO_INCREMENT to go with it."""
    return any(isinstance(one, c.DropConstraint) and one.kind == "primary-key" for one in statement.changes)


def _recipe(change: c.ModifyColumn, before: Column, lost: tuple[str, ...]) -> Remedy:
    step = Step(1, "Or in this revision, in SQL", _whole(change, before, lost))
    if before.generated or any(one in lost for one in before.also):  # alter_column has no words for it
        said = f"Repeat in the statement what the column has and is to keep: {spoken(lost)}."
        return Remedy(said, () if before.generated else (replace(step, title="In this revision, in SQL"),))
    given = [f"existing_nullable={before.nullable}"]
    if before.default is not None:
        given.append(f"existing_server_default=sa.text({python(before.default)})")
    if before.comment:
        given.append(f"existing_comment={python(before.comment)}")
    if before.identity:
        given.append("autoincrement=True")
    return Remedy(
        f"Tell alter_column everything that the column has and is to keep: {', '.join(given)}.",
        (step,),
    )


def _whole(change: c.ModifyColumn, before: Column, lost: tuple[str, ...]) -> str:
    """The statement with what it is to change, and all the rest as it was."""
    text = modify(change.table, keeping(change, before, lost))
    renamed = change.spec.name != change.column
    return (
        text.replace(f"MODIFY {change.column} ", f"CHANGE {change.column} {change.spec.name} ", 1) if renamed else text
    )


rule = Rule(
    title="MODIFY without the column's other attributes",
    why="MySQL and MariaDB write the whole column definition anew; what is not repeated is gone, without a word.",
    find=find,
    harms={
        Category.DATA_LOSS: Severity.ERROR,
        Category.BACKWARD_INCOMPATIBLE: Severity.ERROR,
        Category.HYGIENE: Severity.ERROR,
    },
    dialects=MYSQL,
    split=("statement",),
    unsafe=(Example(('op.alter_column("users", "name", type_=sa.String(60))',), dialect="mariadb"),),
    safe=(
        Example(
            (
                'op.alter_column("users", "name", type_=sa.String(60), existing_type=sa.String(50), '
                "existing_nullable=False)",
            ),
            dialect="mariadb",
        ),
    ),
)
