"""An ALTER that SQLite does not have, written outside of batch mode."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts.rehearsal import Deploy, Failure, Statement
from gate.model import Category, Evidence, EvidenceKind, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule
from gate.rules._sqlite import NO_SUPPORT

_ALTER = re.compile(r"^\s*ALTER\s+TABLE\s+(?P<table>\"[^\"]+\"|`[^`]+`|\[[^\]]+\]|\w+)", re.IGNORECASE)


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement in deploy.statements:
        found = _ALTER.match(statement.sql)
        unknown = not statement.understood and (statement.observed is None or statement.error is not None)
        if found and (unknown or (statement.error and "syntax error" in statement.error)):
            yield _hit(found.group("table").strip('"`[]'), statement.error or "SQLite's grammar", statement)
    for failure in _by_alembic(deploy):
        yield _hit(None, failure.error, None, failure)


def _by_alembic(deploy: Deploy) -> Iterator[Failure]:
    """Alembic itself refuses to write an ALTER of constraints, so no statement was ever sent."""
    every = (run.failure for run in deploy.runs if run.failure and NO_SUPPORT in run.failure.error)
    yield from list(every)[:1]


def _hit(table: str | None, why: str, statement: Statement | None, failure: Failure | None = None) -> Hit:
    return Hit(
        "SQLite has no such ALTER TABLE: the revision stops here, with whatever ran before it applied.",
        statement,
        revision=failure.revision if failure else None,
        location=failure.location if failure else None,
        table=table,
        evidence=(
            *((Evidence(EvidenceKind.SQL, statement.sql),) if statement else ()),
            Evidence(EvidenceKind.OBSERVED if failure or (statement and statement.error) else EvidenceKind.READ, why),
        ),
        remedy=Remedy(
            "Use batch mode, which makes the table anew where SQLite cannot alter it.",
            (
                Step(
                    1,
                    "In this revision",
                    f'with op.batch_alter_table("{table or "..."}") as batch_op:\n    batch_op.alter_column(...)',
                ),
            ),
        ),
    )


rule = Rule(
    title="ALTER that SQLite does not have",
    why="SQLite can rename, add a column and drop one; all else is a syntax error, at once and on every database.",
    find=find,
    harms={Category.TRANSACTION: Severity.ERROR},
    dialects=SQLITE,
    split=("statement",),
    unsafe=(
        Example(('op.alter_column("users", "name", existing_type=sa.String(50), nullable=True)',), dialect="sqlite"),
        Example(('op.create_unique_constraint("uq_orders_note", "orders", ["note"])',), dialect="sqlite"),
    ),
    safe=(Example(('op.execute("ALTER TABLE orders ADD COLUMN remark TEXT")',), dialect="sqlite"),),
)
