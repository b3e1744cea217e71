"""A table written anew by something that no other rule knows: the server was seen doing it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Evidence, EvidenceKind, Severity
from gate.rule import MYSQL, POSTGRESQL, Example, Hit, Rule
from gate.rules._columns import is_retyped
from gate.rules._mysql import cost
from gate.rules._online_tool import online_tool
from gate.rules._recipes import remedy
from gate.rules._rewrites import OPTIONS, writes_rows
from gate.rules._world import with_partitions

# Changes whose own rules speak about the rewrite, or that give a table a new file without copying rows. Of an added
# column or a new type that holds only where its own words say so: a domain's default is not among them.
_EXPLAINED = (
    c.Maintenance,
    c.Truncate,
    c.Reindex,
    c.RefreshMaterializedView,
    c.DropTable,
    c.RenameTable,
)


def find(deploy: Deploy) -> Iterator[Hit]:
    yield from _copied(deploy) if deploy.dialect in MYSQL else _rewritten(deploy)


def _copied(deploy: Deploy) -> Iterator[Hit]:
    """MySQL and MariaDB: a copy that was seen, for a reason that is not in the statement (MyISAM, an old file format).

    Where a rule knows the statement's own reason, that rule speaks first and this is the same finding.
    """
    for statement in deploy.statements:
        seen = statement.observed
        altered = (getattr(change, "table", None) for change in statement.changes)
        table = next((one for one in altered if one), None)
        if seen is None or statement.error or table is None or not (seen.algorithm == "COPY" or _blocks(statement)):
            continue
        if any(isinstance(change, c.AlterPartitions) for change in statement.changes):
            continue  # forcing-copy-algorithm knows whether that is the whole table
        if any(_is_asked_for(change, seen.algorithm) for change in statement.changes):
            continue  # forcing-copy-algorithm says so
        if deploy.existed(table, statement):
            yield Hit(
                f"This writes the whole table {table} anew, and nobody can write to it meanwhile.",
                statement,
                table=table,
                evidence=(Evidence(EvidenceKind.SQL, statement.sql), *cost(deploy, statement).evidence),
                remedy=online_tool(deploy, statement, table),
            )


def _is_asked_for(change: c.Change, algorithm: str | None) -> bool:
    """Whether it is the statement's own words that make the server copy, or stop writers while it builds anew."""
    if not isinstance(change, c.AlterAlgorithm) or not change.stops_writes:
        return False
    return change.algorithm == "COPY" or algorithm != "COPY"


def _blocks(statement: Statement) -> bool:
    """Built anew in place with writers locked out (a table with a FULLTEXT index); an index has rules of its own."""
    seen = statement.observed
    indexing = any(isinstance(change, c.CreateIndex) for change in statement.changes)
    return bool(seen and seen.rewrites and seen.lock_level in ("SHARED", "EXCLUSIVE")) and not indexing


def _rewritten(deploy: Deploy) -> Iterator[Hit]:
    for statement in deploy.statements:
        for table in statement.observed.rewrites if statement.observed else ():
            known = statement.before.table(table)
            if known is None or known.kind == "materialized-view" or not deploy.existed(table, statement):
                continue
            if _is_emptied(deploy, statement, table):
                continue  # TRUNCATE in a function: upgrade-works says what is lost
            if not _is_explained(deploy, statement, table):
                yield Hit(
                    f"This writes the whole table {table} anew while an ACCESS EXCLUSIVE lock stops all its reads and "
                    "writes: its file was seen to change.",
                    statement,
                    table=table,
                    remedy=remedy("Put a new column or table beside the old one and move over in batches."),
                )


def _is_emptied(deploy: Deploy, statement: Statement, table: str) -> bool:
    """Whether the table had rows before the deploy and none after: it got an empty file, and no row was copied."""
    gone = (one for run in deploy.runs for one in run.data if one.emptied and one.table == table)
    return any(one.statement == statement.number for one in gone)


def _is_explained(deploy: Deploy, statement: Statement, table: str) -> bool:
    for change in statement.changes:
        if isinstance(change, c.SetTableOption) and change.option in OPTIONS:
            return True
        if isinstance(change, c.Truncate) and change.cascade:
            return True  # truncating-table names the children
        named = getattr(change, "table", None)
        if _is_told(deploy, statement, change) and (named is None or table in with_partitions(statement, named)):
            return True
    return False


def _is_told(deploy: Deploy, statement: Statement, change: c.Change) -> bool:
    """Whether a rule of its own tells that this change writes the table anew."""
    if isinstance(change, c.AlterColumnType):
        return is_retyped(statement, change)
    return isinstance(change, _EXPLAINED) or writes_rows(deploy, statement, change)


rule = Rule(
    title="Table written anew",
    why="Whatever the statement says, the server copied every row of the table under its strongest lock.",
    find=find,
    harms={Category.REWRITE: Severity.ERROR},
    dialects=(*POSTGRESQL, *MYSQL),
    split=("transaction",),
    unsafe=(
        Example(
            ('op.add_column("old", sa.Column("a", sa.Integer()))',),
            earlier=('op.execute("CREATE TABLE old (id INT PRIMARY KEY) ENGINE=MyISAM")',),
            dialect="mariadb",
        ),
        Example(
            (
                "op.execute('''DO $$ BEGIN EXECUTE 'ALTER TABLE logs ADD x uuid DEFAULT gen_random_uuid()'; "
                "EXECUTE 'ALTER TABLE logs DROP x'; END $$''')",
            )
        ),
        Example(
            ('op.execute("ALTER TABLE logs ADD COLUMN token token")',),
            earlier=('op.execute("CREATE DOMAIN token AS text DEFAULT md5(random()::text)")',),
        ),
    ),
    safe=(
        Example(
            ('op.add_column("users", sa.Column("a", sa.Integer()))',),
            dialect="mariadb",
        ),
        Example(('op.add_column("logs", sa.Column("x", sa.Uuid()))',)),
        Example(
            ('op.execute("ALTER TABLE logs ADD COLUMN kind kind")',),
            earlier=("op.execute(\"CREATE DOMAIN kind AS text DEFAULT 'plain'\")",),
        ),
    ),
)
