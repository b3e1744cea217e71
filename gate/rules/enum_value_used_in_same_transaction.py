"""A new label of an enumerated type is used in the transaction that adds it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._rows import is_at
from gate.rules._says import execute, ident
from gate.rules._world import same_transaction

_REFUSAL = "unsafe use of new value"


def find(deploy: Deploy) -> Iterator[Hit]:
    for added, change in deploy.all_changes(c.AddEnumValue):
        if change.type not in added.before.enums or _made_here(deploy, added, change.type):
            continue
        if (deploy.version and deploy.version[0] < 12 and not added.autocommit) or _refused_itself(added):
            yield _hit(deploy, added, added, change)
            continue
        user = next((one for one in deploy.statements if _uses(deploy, added, one, change)), None)
        if user is not None:
            yield _hit(deploy, added, user, change)


def _refused_itself(added: Statement) -> bool:
    return added.error is not None and "cannot run inside a transaction block" in added.error


def _made_here(deploy: Deploy, added: Statement, type: str) -> bool:
    """A type made in the same transaction may be used at once (measured)."""
    makers = deploy.all_changes(c.CreateEnum)
    return any(change.type == type and same_transaction(one, added) for one, change in makers)


def _uses(deploy: Deploy, added: Statement, one: Statement, change: c.AddEnumValue) -> bool:
    """The server's refusal where it was run; else the label as a literal in the text."""
    if one.number <= added.number or not same_transaction(added, one):
        return False
    told = [run.failure.error for run in deploy.runs if run.failure and is_at(run.failure, one)]
    if any(_REFUSAL in text and change.value in text for text in (*told, one.error or "")):
        return True
    return one.observed is None and "'" + change.value.replace("'", "''") + "'" in one.sql


def _hit(deploy: Deploy, added: Statement, user: Statement, change: c.AddEnumValue) -> Hit:
    return Hit(
        f"'{change.value}' is added to {change.type} and used in one transaction, which PostgreSQL refuses "
        f"({_REFUSAL}): the upgrade fails. Alembic runs all revisions in one transaction by default.",
        user,
        related=(added.revision,) if added.revision != user.revision else (),
        remedy=remedy(
            "Commit the new label before anything uses it.",
            (
                1,
                "A revision with only the autocommit block",
                "with op.get_context().autocommit_block():\n"
                "    " + execute(f"ALTER TYPE {ident(change.type)} ADD VALUE IF NOT EXISTS '{change.value}'"),
            ),
            (1, "Use it in the next revision", ""),
        ),
    )


rule = Rule(
    title="New enum label used before it is committed",
    why="PostgreSQL cannot use a label in the transaction that adds it.",
    find=find,
    harms={Category.TRANSACTION: Severity.ERROR},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(
        Example(
            (
                "op.execute(\"ALTER TYPE mood ADD VALUE 'calm'\")",
                "op.execute(\"UPDATE users SET mood = 'calm' WHERE id = 1\")",
            )
        ),
    ),
    safe=(
        Example(
            (
                "with op.get_context().autocommit_block():\n    op.execute(\"ALTER TYPE mood ADD VALUE 'calm'\")",
                "op.execute(\"UPDATE users SET mood = 'calm' WHERE id = 1\")",
            )
        ),
    ),
)
