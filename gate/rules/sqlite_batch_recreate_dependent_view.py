"""A recreate of a table that a view (or another table's trigger) reads: the rename at its end is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Evidence, EvidenceKind, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule
from gate.rules._says import execute, ident
from gate.rules._sqlite import recreates, steps

_REFUSED = re.compile(r"error in (view|trigger) (\S+?):", re.IGNORECASE)


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in recreates(deploy):
        for step in steps(deploy, change):
            found = _REFUSED.search(step.error or "")
            if found:
                yield _hit(statement, change, step, found.group(1).lower(), found.group(2))


def _hit(statement: Statement, change: c.RecreateTable, step: Statement, kind: str, name: str) -> Hit:
    return Hit(
        f"The {kind} {name} reads {change.table}, which is gone at that moment, so the recreate cannot rename "
        f"{change.temporary} to {change.table}: it stops there, and {change.table} stays dropped.",
        statement,
        table=change.table,
        evidence=(Evidence(EvidenceKind.SQL, step.sql), Evidence(EvidenceKind.OBSERVED, step.error or "")),
        remedy=Remedy(
            f"Drop the {kind} before, and make it again afterwards.",
            (
                Step(
                    1,
                    "In this revision, around the batch",
                    f"{execute(f'DROP {kind.upper()} {ident(name)}')}\n"
                    "with op.batch_alter_table(...) as batch_op:\n    ...\n"
                    f"{execute(f'CREATE {kind.upper()} {ident(name)} ...')}",
                ),
            ),
        ),
    )


rule = Rule(
    title="Recreate of a table that a view reads",
    why="SQLite checks every view when a table is renamed; while the table is gone, its views are broken.",
    find=find,
    harms={Category.TRANSACTION: Severity.ERROR, Category.FAILS_ON_EXISTING_ROWS: Severity.ERROR},
    dialects=SQLITE,
    split=("statement",),
    unsafe=(
        Example(
            (
                'with op.batch_alter_table("orders") as batch_op:\n'
                '    batch_op.alter_column("note", type_=sa.String(80), existing_type=sa.Text())',
            ),
            earlier=('op.execute("CREATE VIEW v_orders AS SELECT id FROM orders")',),
            dialect="sqlite",
        ),
    ),
    safe=(
        Example(
            (
                'with op.batch_alter_table("orders") as batch_op:\n'
                '    batch_op.add_column(sa.Column("x", sa.Integer()))',
            ),
            earlier=('op.execute("CREATE VIEW v_orders AS SELECT id FROM orders")',),
            dialect="sqlite",
        ),
    ),
)
