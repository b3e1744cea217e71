"""A constraint on a domain that columns use: every table that uses it is read under a lock."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Remedy, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._rows import may_fail
from gate.rules._says import execute, ident, spoken


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.all_changes(c.AlterDomain):
        users = _users(deploy, change.domain)
        if change.action == "validate constraint" and users:
            yield _validated(statement, change, users)
        if change.action not in ("add constraint", "set not null") or not users:
            continue
        recipe = _recipe(change)
        if not change.not_valid:
            yield Hit(
                f"The constraint on domain {change.domain} reads every row of {spoken(users)} while a SHARE lock stops "
                "all their writes.",
                statement,
                category=Category.LOCK,
                table=users[0],
                remedy=recipe,
            )
            yield from may_fail(
                deploy,
                statement,
                f"Values in {spoken(users)} that break the domain's new constraint make it fail.",
                table=users[0],
                remedy=recipe,
                by_value=True,
            )
        yield Hit(
            f"The release still running may write values to {spoken(users)} that domain {change.domain} refuses from "
            "now on.",
            statement,
            category=Category.BACKWARD_INCOMPATIBLE,
            severity=Severity.NOTE if change.not_valid else Severity.WARNING,
            table=users[0],
            remedy=recipe,
        )


def _validated(statement: Statement, change: c.AlterDomain, users: tuple[str, ...]) -> Hit:
    """Unlike the VALIDATE of a table, which lets writes pass."""
    return Hit(
        f"VALIDATE CONSTRAINT on domain {change.domain} reads every row of {spoken(users)} while a SHARE lock stops all "
        "their writes.",
        statement,
        category=Category.LOCK,
        severity=Severity.WARNING,
        table=users[0],
        remedy=remedy(
            "Validate when few write, or have the constraint on the tables instead of the domain.",
            (1, "In a quiet hour, alone in its transaction, with a lock_timeout", ""),
            (1, "Or as a CHECK of each table, whose VALIDATE stops nobody", ""),
        ),
    )


def _users(deploy: Deploy, domain: str) -> tuple[str, ...]:
    """The tables of the baseline with a column of the domain."""
    tables = deploy.baseline.tables.values()
    stored = (table for table in tables if table.kind != "view")
    return tuple(table.name for table in stored if any(column.type == domain for column in table.columns))


def _recipe(change: c.AlterDomain) -> Remedy:
    name = ident(change.name) if change.name else "..."
    return remedy(
        "Add the constraint NOT VALID, then validate it in another transaction.",
        (1, "Reads nothing", execute(f"ALTER DOMAIN {ident(change.domain)} ADD CONSTRAINT {name} ... NOT VALID")),
        (
            1,
            "In the next revision, in a transaction of its own and a quiet hour: reads every row while a SHARE lock "
            "stops the writes",
            execute(f"ALTER DOMAIN {ident(change.domain)} VALIDATE CONSTRAINT {name}"),
        ),
    )


rule = Rule(
    title="Constraint on a domain that is in use",
    why="Every table with a column of the domain is read while it cannot be written to.",
    find=find,
    harms={
        Category.LOCK: Severity.ERROR,
        Category.FAILS_ON_EXISTING_ROWS: Severity.WARNING,
        Category.BACKWARD_INCOMPATIBLE: Severity.WARNING,
    },
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(
        Example(('op.execute("ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 1000000)")',)),
        Example(
            ('op.execute("ALTER DOMAIN positive VALIDATE CONSTRAINT small")',),
            earlier=('op.execute("ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 1000000) NOT VALID")',),
        ),
    ),
    safe=(
        Example(('op.execute("ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 1000000) NOT VALID")',)),
        Example(('op.execute("ALTER DOMAIN plain_text ADD CONSTRAINT small CHECK (length(VALUE) < 100)")',)),
    ),
)
