"""NOT VALID and VALIDATE in one transaction, which makes both pointless."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._constraints import not_valid_since
from gate.rules._recipes import own_transaction
from gate.rules._says import execute, ident
from gate.rules._split import revisions


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.ValidateConstraint):
        added = not_valid_since(deploy, statement, change)
        if added is None:
            continue
        yield Hit(
            f"{change.name} is added NOT VALID and validated in one transaction: the lock of the first step lasts "
            f"while the second reads every row of {change.table}, as if NOT VALID had never been said.",
            statement,
            table=change.table,
            related=revisions(added, statement),
            remedy=own_transaction(
                "VALIDATE in a revision of its own",
                execute(f"ALTER TABLE {ident(change.table)} VALIDATE CONSTRAINT {ident(change.name)}"),
            ),
        )


rule = Rule(
    title="NOT VALID and VALIDATE in one transaction",
    why="Alembic runs all revisions of an upgrade in one transaction unless transaction_per_migration is set, and a "
    "lock is kept until its transaction ends.",
    find=find,
    harms={Category.NOT_SPLIT: Severity.ERROR},
    dialects=POSTGRESQL,
    split=("transaction",),
    reports_to="split-steps",
    unsafe=(
        Example(
            (
                'op.create_check_constraint("ck_orders_amount", "orders", "amount >= 0", postgresql_not_valid=True)\n'
                'op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_amount")',
            )
        ),
        Example(
            (
                'op.create_check_constraint("ck_orders_amount", "orders", "amount >= 0", postgresql_not_valid=True)',
                'op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_amount")',
            )
        ),
    ),
    safe=(
        Example(
            (
                'op.create_check_constraint("ck_orders_amount", "orders", "amount >= 0", postgresql_not_valid=True)',
                'op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_amount")',
            ),
            env={"transaction_per_migration": "True"},
        ),
    ),
)
