"""A recreate with foreign keys on: dropping the old table deletes (or empties) the rows that point at it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Evidence, EvidenceKind, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule
from gate.rules._says import spoken
from gate.rules._sqlite import FOREIGN_KEYS_OFF, children, foreign_keys, recreates, refusal, refusing, rows_lost

_EFFECTS = {
    "CASCADE": "deletes every row of {}",
    "SET NULL": "sets {} to NULL",
    "SET DEFAULT": "sets {} to its default",
}


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in recreates(deploy):
        if foreign_keys(deploy, statement) is not False and not _is_refused(deploy, statement, change):
            yield from _hits(deploy, statement, change)


def _is_refused(deploy: Deploy, statement: Statement, change: c.RecreateTable) -> bool:
    """By rows that point at the table itself. Rows of a grandchild may be there or not, and without them all else goes."""
    every = set(refusing(deploy, change))
    only_grandchildren = bool(every) and not every & {child.name for child, _ in children(deploy, change)}
    return refusal(deploy, statement, change) is not None and not only_grandchildren


def _hits(deploy: Deploy, statement: Statement, change: c.RecreateTable) -> Iterator[Hit]:
    for child, key in children(deploy, change):
        action = (key.on_delete or "").upper()
        if action not in _EFFECTS:
            continue
        lost = rows_lost(deploy, change, child.name)
        what = child.name if action == "CASCADE" else f"{child.name}.{spoken(key.columns)} of every row"
        sure = foreign_keys(deploy, statement) is True
        evidence = [Evidence(EvidenceKind.SQL, f"{key.definition} of {child.name}")]
        if lost:
            evidence.append(Evidence(EvidenceKind.OBSERVED, f"{lost} rows of {child.name} were gone afterwards"))
        yield Hit(
            f"Making {change.table} anew drops the old table, and with PRAGMA foreign_keys=ON its ON DELETE {action} "
            f"{_EFFECTS[action].format(what)}, without any error{'' if sure else ' (should the pragma be on)'}.",
            statement,
            severity=Severity.ERROR if sure else Severity.WARNING,
            table=child.name,
            evidence=tuple(evidence),
            remedy=Remedy(
                "Switch foreign keys off before the transaction begins, and check them afterwards.",
                (Step(1, "Inside the transaction the pragma has no effect, so env.py must do it", FOREIGN_KEYS_OFF),),
            ),
        )


rule = Rule(
    title="Rows that point at a recreated table are deleted",
    why="The recreate drops the old table; with foreign keys on SQLite deletes its rows first, and children follow.",
    find=find,
    harms={Category.DATA_LOSS: Severity.ERROR, Category.FAILS_ON_EXISTING_ROWS: Severity.ERROR},
    dialects=SQLITE,
    split=("statement",),
    unsafe=(
        Example(
            (
                'op.execute("PRAGMA foreign_keys=ON")\nwith op.batch_alter_table("orders") as batch_op:\n'
                '    batch_op.alter_column("note", type_=sa.String(80), existing_type=sa.Text())',
            ),
            dialect="sqlite",
        ),
    ),
    safe=(
        Example(
            (
                'op.execute("PRAGMA foreign_keys=ON")\nwith op.batch_alter_table("orders") as batch_op:\n'
                '    batch_op.add_column(sa.Column("x", sa.Integer()))',
            ),
            dialect="sqlite",
        ),
    ),
)
