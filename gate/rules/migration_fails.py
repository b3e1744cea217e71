"""The upgrade stops, whatever the rows, and no other rule says why."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Failure, Statement
from gate.model import Category, Evidence, EvidenceKind, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._sqlite import REFUSALS, is_unknown_alter

# Refusals that a rule of their own explains.
_EXPLAINED = (
    "cannot run inside a transaction block",
    "cannot be executed from a function",
    "unsafe use of new value",
    "pending trigger events",
    *REFUSALS,
)
# https://www.postgresql.org/docs/current/errcodes-appendix.html, class 23: the rows refuse, not the statement.
_OF_ROWS = "23"


def find(deploy: Deploy) -> Iterator[Hit]:
    failure = _always(deploy)
    if failure is None or any(text in failure.error for text in _EXPLAINED) or is_unknown_alter(deploy, failure):
        return
    if (failure.sqlstate or "").startswith(_OF_ROWS):
        return
    statement = next((one for one in deploy.statements if one.number == failure.statement), None)
    yield Hit(
        f"The upgrade fails here on every database: {failure.error.strip().splitlines()[0]}",
        statement if statement and statement.sql == (failure.sql or statement.sql) else None,
        revision=failure.revision,
        location=failure.location,
        category=Category.TRANSACTION if failure.sql or statement else Category.HYGIENE,
        table=_table(statement),
        evidence=(Evidence(EvidenceKind.OBSERVED, failure.error.strip()),),
        remedy=remedy("Run `alembic upgrade head` on a database at the base branch's revision and mend what it says."),
    )


def _always(deploy: Deploy) -> Failure | None:
    """What fails without rows fails everywhere; SQL that could only be read fails nowhere as far as is known."""
    runs = {run.profile: run for run in deploy.runs}
    empty, plain = runs.get("empty"), runs.get("plain")
    if empty is not None:
        return empty.failure
    failed = plain.failure if plain else None
    return failed if failed is not None and not failed.sqlstate else None


def _table(statement: Statement | None) -> str | None:
    for change in statement.changes if statement else ():
        if not isinstance(change, c.Query) and (table := getattr(change, "table", None)):
            return str(table)
    return None


rule = Rule(
    title="The upgrade fails",
    why="The deploy stops half way, on every database.",
    find=find,
    harms={Category.TRANSACTION: Severity.ERROR, Category.HYGIENE: Severity.ERROR},
    dialects=EVERY,
    split=("statement",),
    unsafe=(Example(('op.execute("ALTER TABLE nowhere ADD COLUMN a int")',)),),
    safe=(Example(('op.add_column("users", sa.Column("a", sa.Integer()))',)),),
)
