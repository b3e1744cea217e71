"""A table with rows becomes a partition, and the server has to read it first."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Schema
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import not_valid_then_validate
from gate.rules._rows import may_fail
from gate.rules._says import bare, ident, python
from gate.rules._world import scanned


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AttachPartition):
        default = _default(statement.before, change.table)
        read = [one for one in (change.partition, default) if one and deploy.existed(one, statement)]
        read = [one for one in read if scanned(statement, one) is not False]
        if not read:
            continue
        check = f"ck_{bare(change.partition)}_bounds"
        recipe = not_valid_then_validate(
            read[0],
            check,
            f"# the bounds as a CHECK; ATTACH then reads nothing\n"
            f'op.create_check_constraint({python(check)}, {python(bare(read[0]))}, "...", postgresql_not_valid=True)\n'
            f"# last, in another revision: ALTER TABLE {ident(change.table)} ATTACH PARTITION "
            f"{ident(change.partition)} ...",
        )
        yield Hit(
            f"ATTACH PARTITION reads every row of {' and '.join(read)} while an ACCESS EXCLUSIVE lock stops all its "
            "reads and writes; no validated CHECK proves the bounds.",
            statement,
            table=read[0],
            remedy=recipe,
        )
        yield from may_fail(
            deploy,
            statement,
            f"Rows of {read[0]} outside of the partition's bounds make ATTACH fail.",
            table=read[0],
            remedy=recipe,
            by_value=True,
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
