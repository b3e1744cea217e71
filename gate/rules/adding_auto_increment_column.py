"""A new serial or identity column: every row gets a number, so every row is written."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Evidence, EvidenceKind, Severity
from gate.rule import MYSQL, POSTGRESQL, Example, Hit, Rule
from gate.rules._mysql import cost
from gate.rules._online_tool import online_tool
from gate.rules._recipes import backfill, key_of, remedy
from gate.rules._says import bare, execute, ident, python, schema_argument
from gate.rules._world import rewrote


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddColumn):
        new = change.column
        if not new.identity or (deploy.dialect == "postgresql" and rewrote(statement, change.table) is False):
            continue
        if deploy.dialect in MYSQL:
            yield from _mysql(deploy, statement, change)
            continue
        sequence = f"{bare(change.table)}_{new.name}_seq"
        call = f"nextval('{ident(sequence)}')"
        yield Hit(
            f"{change.table}.{new.name} numbers every row, so the whole table {change.table} and its indexes are "
            f"written anew while its {_blocked(deploy)} wait.",
            statement,
            table=change.table,
            column=new.name,
            remedy=remedy(
                "Add a plain nullable column, number new rows by a sequence, fill the old rows in batches.",
                (
                    1,
                    "Both are instant",
                    f"{execute(f'CREATE SEQUENCE {ident(sequence)}')}\n"
                    f"op.add_column({python(bare(change.table))}, sa.Column({python(new.name)}, sa.BigInteger())"
                    f"{schema_argument(change.table)})\n"
                    f"op.alter_column({python(bare(change.table))}, {python(new.name)}, "
                    f"server_default=sa.text({python(call)}){schema_argument(change.table)})",
                ),
                (
                    1,
                    "In a revision of its own",
                    backfill(change.table, new.name, call, key_of(statement, change.table)),
                ),
            ),
        )


def _mysql(deploy: Deploy, statement: Statement, change: c.AddColumn) -> Iterator[Hit]:
    price = cost(deploy, statement)
    if price.rebuild:
        yield Hit(
            f"{change.table}.{change.column.name} numbers every row, so the whole table {change.table} is written anew"
            f"{' while its writes wait' if price.stops_writes else ''}.",
            statement,
            table=change.table,
            column=change.column.name,
            evidence=(Evidence(EvidenceKind.SQL, statement.sql), *price.evidence),
            remedy=online_tool(deploy, statement, change.table),
        )


def _blocked(deploy: Deploy) -> str:
    return "reads and writes" if deploy.dialect == "postgresql" else "writes"


rule = Rule(
    title="Serial or identity column on a table with rows",
    why="Each row needs its own number, so the server writes all of them under its strongest lock.",
    find=find,
    harms={Category.REWRITE: Severity.ERROR},
    dialects=(*POSTGRESQL, *MYSQL),
    split=("transaction",),
    unsafe=(
        Example(('op.add_column("users", sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False))',)),
        Example(('op.execute("ALTER TABLE users ADD COLUMN number bigserial")',)),
    ),
    safe=(
        Example(
            (
                'op.create_table("tickets", sa.Column("id", sa.Integer(), primary_key=True))\n'
                'op.add_column("tickets", sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False))',
            )
        ),
    ),
)
