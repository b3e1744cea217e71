"""The upgrade stops, whatever the rows, and no other rule says why."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Failure, Statement
from gate.model import Category, Evidence, EvidenceKind, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._key_refusals import way
from gate.rules._recipes import remedy
from gate.rules._sqlite import REFUSALS, is_unknown_alter
from gate.sql.recreated import PREFIX
from gate.sql.refusals import by_rows_of_the_base

# Refusals that a rule of their own explains.
_EXPLAINED = (
    "cannot run inside a transaction block",
    "cannot be executed from a function",
    "unsafe use of new value",
    "pending trigger events",
    *REFUSALS,
)
_DEPENDING = ("error in view ", "error in trigger ")
# https://www.postgresql.org/docs/current/errcodes-appendix.html, class 23: the rows refuse, not the statement.
_OF_ROWS = "23"


def find(deploy: Deploy) -> Iterator[Hit]:
    failure = _always(deploy)
    if failure is None or failure.lacks or _is_explained(deploy, failure) or is_unknown_alter(deploy, failure):
        return  # what the scratch server lacks, production may well have
    statement = next((one for one in deploy.statements if one.number == failure.statement), None)
    if by_rows_of_the_base(failure, deploy.statements, deploy.baseline):
        return
    if (failure.sqlstate or "").startswith(_OF_ROWS) and not _drops_table(statement):
        return
    yield Hit(
        f"The upgrade fails here on every database: {failure.error.strip().splitlines()[0]}",
        statement if statement and statement.sql == (failure.sql or statement.sql) else None,
        revision=failure.revision,
        location=failure.location,
        category=Category.TRANSACTION if failure.sql or statement else Category.HYGIENE,
        table=_table(statement),
        evidence=(Evidence(EvidenceKind.OBSERVED, failure.error.strip()),),
        remedy=remedy(way(statement, failure.error) or _left_behind(failure) or _way(failure.error)),
    )


def _drops_table(statement: Statement | None) -> bool:
    """MariaDB gives the class of rows (1451) for a table that a foreign key points at, whatever the rows."""
    return statement is not None and any(isinstance(one, c.DropTable) for one in statement.changes)


def _is_explained(deploy: Deploy, failure: Failure) -> bool:
    """A view or trigger that reads the table has a rule of its own only where the table is made anew."""
    if not any(text in failure.error for text in _EXPLAINED):
        return False
    remade = {step for _, change in deploy.all_changes(c.RecreateTable) for step in change.steps}
    return not failure.error.lstrip("(").startswith(_DEPENDING) or failure.statement in remade


# What to do about the refusals that are met most, by a part of their words.
_WAYS = {
    "Constraint must have a name": "Give the constraint a name: batch mode on SQLite cannot make or drop one without.",
    "No such constraint": "Name an unnamed constraint by `naming_convention` of batch_alter_table, which reflects it "
    "under that name; or give the whole table with `copy_from`.",
    "Cannot drop column": "Drop the foreign key before its column.",
    "needed in a foreign key constraint": "Drop the foreign key first, or build another index over its columns first.",
    "error in table ": "A key or CHECK of the table names the column: use batch mode, which makes the table anew without.",
    "cannot drop PRIMARY KEY column": "Use batch mode, which makes the table anew, and say there what its key is then.",
    "after drop column": "Drop the index, view or trigger that reads the column first, and make it again without it.",
    "cannot drop UNIQUE column": "Drop the index or key over the column first, or use batch mode: it makes the table anew.",
    "used in key specification without a key length": "Say how many characters to index: `mysql_length=...`.",
    "parent row: a foreign key constraint fails": "Drop the foreign keys that point at the table, or their tables, first.",
    "referenced by a foreign key constraint": "Drop the foreign keys that point at the table, or their tables, first.",
    "are incompatible": "Both sides of a foreign key change type together: drop the key, change both, add it again.",
    "can't have a default value": "Put a default of TEXT, JSON and BLOB columns in parentheses (MySQL 8.0.13), or leave it out.",
}


def _left_behind(failure: Failure) -> str | None:
    """Batch mode carries a CHECK over word by word, also where it names a column that is renamed or gone."""
    if "no such column" in failure.error and f"TABLE {PREFIX}" in (failure.sql or "").replace('"', ""):
        return "A CHECK of the table names the column by its old name: drop it and make it again in the same batch."
    return None


def _way(error: str) -> str:
    known = next((way for part, way in _WAYS.items() if part in error), None)
    return known or "Run `alembic upgrade head` on a database at the base branch's revision and mend what it says."


def _always(deploy: Deploy) -> Failure | None:
    """What fails without rows fails everywhere; SQL that could only be read fails nowhere as far as is known."""
    runs = {run.profile: run for run in deploy.runs}
    empty, plain = runs.get("empty"), runs.get("plain")
    if empty is not None:
        return empty.failure
    failed = plain.failure if plain else None
    return failed if failed is not None and not failed.sqlstate else None


def _table(statement: Statement | None) -> str | None:
    for change in statement.changes if statement else ():
        if not isinstance(change, c.Query) and (table := getattr(change, "table", None)):
            return str(table)
    return None


rule = Rule(
    title="The upgrade fails",
    why="The deploy stops half way, on every database.",
    find=find,
    harms={Category.TRANSACTION: Severity.ERROR, Category.HYGIENE: Severity.ERROR},
    dialects=EVERY,
    split=("statement",),
    unsafe=(Example(('op.execute("ALTER TABLE nowhere ADD COLUMN a int")',)),),
    safe=(Example(('op.add_column("users", sa.Column("a", sa.Integer()))',)),),
)
