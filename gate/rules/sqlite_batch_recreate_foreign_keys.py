"""A recreate with foreign keys on, of a table that rows point at without CASCADE: dropping the old table is refused."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Evidence, EvidenceKind, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule
from gate.rules._says import ident
from gate.rules._sqlite import (
    ACTIONS,
    FOREIGN_KEYS_OFF,
    children,
    foreign_keys,
    recreates,
    refusal,
    refusing,
    stays,
    steps,
)


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in recreates(deploy):
        refused = refusal(deploy, statement, change)
        pointing = [
            child.name for child, key in children(deploy, change) if (key.on_delete or "").upper() not in ACTIONS
        ]
        if refused is None and not (pointing and foreign_keys(deploy, statement) and _is_doubtful(deploy, change)):
            continue
        evidence = [Evidence(EvidenceKind.SQL, statement.sql)]
        if refused is not None:
            evidence.append(Evidence(EvidenceKind.OBSERVED, refused))
        yield _hit(deploy, statement, change, tuple(dict.fromkeys(pointing)), tuple(evidence))


def _hit(
    deploy: Deploy, statement: Statement, change: c.RecreateTable, pointing: tuple[str, ...], seen: tuple[Evidence, ...]
) -> Hit:
    names = ", ".join(pointing or refusing(deploy, change)) or "another table"
    what = "it" if pointing else "rows that would go along"
    left = (
        f" {change.aside or change.temporary} stays behind and makes the next run fail too."
        if stays(deploy, change)
        else ""
    )
    again = (Step(1, "Where it has failed already", _clean(change)),) if left else ()
    return Hit(
        f"Making {change.table} anew drops the old one; PRAGMA foreign_keys=ON refuses that while rows of {names} "
        f"point at {what}.{left}",
        statement,
        table=change.table,
        evidence=seen,
        remedy=Remedy(
            "Switch foreign keys off before the transaction begins, and check them afterwards.",
            (
                Step(1, "Inside the transaction the pragma has no effect, so env.py must do it", FOREIGN_KEYS_OFF),
                *again,
            ),
        ),
    )


def _clean(change: c.RecreateTable) -> str:
    """SQL that takes a half-made recreate back."""
    back = f" ALTER TABLE {ident(change.aside)} RENAME TO {ident(change.table)};" if change.aside else ""
    return f"DROP TABLE {ident(change.temporary)};{back}"


def _is_doubtful(deploy: Deploy, change: c.RecreateTable) -> bool:
    """It went through with rows in the tables, or it did not (or nobody knows)."""
    watched = all(one.observed is not None for one in steps(deploy, change))
    seeded = any(run.profile == "plain" and run.failure is None for run in deploy.runs)
    unseeded = {one.partition(":")[0] for run in deploy.runs for one in run.unseeded}
    names = {child.name for child, _ in children(deploy, change)} | {change.table}
    return not (watched and seeded) or bool(unseeded & names)


rule = Rule(
    title="Recreate of a table that rows point at",
    why="With foreign keys on SQLite refuses to drop a table that has children, and the half-made copy is left.",
    find=find,
    harms={Category.FAILS_ON_EXISTING_ROWS: Severity.ERROR},
    dialects=SQLITE,
    split=("statement",),
    unsafe=(
        Example(
            (
                'op.execute("PRAGMA foreign_keys=ON")\nwith op.batch_alter_table("users") as batch_op:\n'
                '    batch_op.alter_column("name", type_=sa.Text(), existing_type=sa.String(50))',
            ),
            earlier=(
                'op.create_table("notes", sa.Column("id", sa.Integer(), primary_key=True), '
                'sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id")))',
            ),
            dialect="sqlite",
        ),
    ),
    safe=(
        Example(
            (
                'op.execute("PRAGMA foreign_keys=ON")\nwith op.batch_alter_table("users") as batch_op:\n'
                '    batch_op.add_column(sa.Column("x", sa.Integer()))',
            ),
            earlier=(
                'op.create_table("notes", sa.Column("id", sa.Integer(), primary_key=True), '
                'sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id")))',
            ),
            dialect="sqlite",
        ),
    ),
)
