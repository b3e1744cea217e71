"""A recreate of a table that a view (or another table's trigger) reads: the rename at its end is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Evidence, EvidenceKind, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule
from gate.rules._says import execute, ident
from gate.rules._sqlite import comes_back, recreates, stays, steps
from gate.sql.recreated import PREFIX

_REFUSED = re.compile(r"error in (view|trigger) (\S+?):", re.IGNORECASE)


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in recreates(deploy):
        for step in steps(deploy, change):
            found = _REFUSED.search(step.error or "")
            if found:
                yield _hit(deploy, statement, change, step, found.group(1).lower(), found.group(2))


def _hit(deploy: Deploy, statement: Statement, change: c.RecreateTable, step: Statement, kind: str, name: str) -> Hit:
    again = (Step(1, "Where it has failed already", f"DROP TABLE {ident(change.temporary)};"),)
    return Hit(
        f"The {kind} {name} reads {change.table}, which is gone at that moment, so the recreate cannot rename "
        f"{change.temporary} to {change.table}: it stops there. {_left(deploy, change)}",
        statement,
        table=change.table,
        evidence=(Evidence(EvidenceKind.SQL, step.sql), Evidence(EvidenceKind.OBSERVED, step.error or "")),
        remedy=Remedy(
            f"Drop the {kind} before, and make it again afterwards.",
            (
                Step(1, "In this revision, around the recreate", _around(change, step, kind, name)),
                *(again if stays(deploy, change) and comes_back(deploy, change) else ()),
            ),
        ),
    )


def _left(deploy: Deploy, change: c.RecreateTable) -> str:
    """What the failure leaves: the transaction that is rolled back may hold the drop, and the CREATE TABLE too."""
    if not comes_back(deploy, change):
        return f"{change.table} stays dropped, and its rows are in {change.temporary}."
    if not stays(deploy, change):
        return f"The transaction is rolled back, and {change.table} is as it was."
    return (
        f"{change.table} comes back with its rows, the empty {change.temporary} stays and makes the next run fail too."
    )


def _around(change: c.RecreateTable, step: Statement, kind: str, name: str) -> str:
    known = step.before.table(name)
    made = (
        known.definition
        if kind == "view" and known and known.definition
        else f"CREATE {kind.upper()} {ident(name)} ..."
    )
    recreate = "with op.batch_alter_table(...) as batch_op:\n    ..."
    if not change.temporary.startswith(PREFIX):
        recreate = f"...  # CREATE TABLE {change.temporary} and what follows, as it is"
    return f"{execute(f'DROP {kind.upper()} {ident(name)}')}\n{recreate}\n{execute(made)}"


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
