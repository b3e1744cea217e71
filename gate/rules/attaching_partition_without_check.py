"""A table with rows becomes a partition, and the server has to read it first."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Schema
from gate.model import Category, Remedy, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy, target_of_constraint
from gate.rules._rows import may_fail
from gate.rules._says import bare, execute, fitting, ident, python, schema_argument
from gate.rules._world import scanned


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AttachPartition):
        default = _default(statement.before, change.table)
        read = [one for one in (change.partition, default) if one and deploy.existed(one, statement)]
        read = [one for one in read if scanned(statement, one) is not False]
        if not read:
            continue
        recipe = _recipe(change, read, default)
        yield Hit(
            f"ATTACH PARTITION reads every row of {' and '.join(read)} while an ACCESS EXCLUSIVE lock stops all its "
            "reads and writes; no validated CHECK proves the bounds.",
            statement,
            table=read[0],
            remedy=recipe,
        )
        for one in read:
            rows = "that the new partition's bounds take in" if one == default else "outside of the partition's bounds"
            yield from may_fail(
                deploy,
                statement,
                f"Rows of {one} {rows} make ATTACH fail.",
                table=one,
                remedy=recipe,
                by_value=True,
            )


def _recipe(change: c.AttachPartition, read: list[str], default: str | None) -> Remedy:
    """A proof for each table that is read: inside of the bounds, or outside of them for the DEFAULT partition."""
    creates, validates = [], []
    for one in read:
        outside = f"ck_{bare(one)}_not_{bare(change.partition)}"
        check = fitting(f"ck_{bare(change.partition)}_bounds" if one != default else outside)
        what = "NOT (...)" if one == default else "..."
        told = "the new partition's bounds, negated," if one == default else "the bounds"
        creates.append(
            f"# {told} as a CHECK; ATTACH then reads nothing of {one}\n"
            f"op.create_check_constraint({python(check)}, {target_of_constraint(one)}, {python(what)}"
            f"{schema_argument(one)}, postgresql_not_valid=True)"
        )
        validates.append(execute(f"ALTER TABLE {ident(one)} VALIDATE CONSTRAINT {ident(check)}"))
    return remedy(
        "Prove the bounds by a CHECK first: NOT VALID, then validated in another transaction.",
        (1, "NOT VALID, which reads nothing", "\n".join(creates)),
        (
            1,
            "In the next revision, in a transaction of its own (transaction_per_migration=True): VALIDATE",
            "\n".join(validates),
        ),
        (1, f"Last, in another revision: attach {change.partition}; the CHECK may be dropped then", ""),
    )


def _default(schema: Schema, parent: str) -> str | None:
    """The parent's DEFAULT partition, which every ATTACH locks and reads."""
    parts = (table for table in schema.tables.values() if table.partition_of == parent)
    return next((table.name for table in parts if "DEFAULT" in (table.options + table.definition).upper()), None)


rule = Rule(
    title="Partition attached without a proving CHECK",
    why="The server reads the table under the strongest lock to prove that each row belongs there.",
    find=find,
    harms={Category.LOCK: Severity.WARNING, Category.FAILS_ON_EXISTING_ROWS: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("transaction",),
    unsafe=(
        Example(('op.execute("ALTER TABLE events ATTACH PARTITION old_events FOR VALUES FROM (1000) TO (2000)")',)),
    ),
    safe=(
        Example(
            (
                'op.execute("CREATE TABLE next_events (LIKE events INCLUDING ALL)")\n'
                'op.execute("ALTER TABLE events ATTACH PARTITION next_events FOR VALUES FROM (1000) TO (2000)")',
            )
        ),
    ),
)
