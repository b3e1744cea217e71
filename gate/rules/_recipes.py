"""The safe ways, as steps over deploys in Alembic code with the user's own names (catalogue, section 3)."""

from __future__ import annotations

from gate.facts.rehearsal import Statement
from gate.facts.schema import Table
from gate.model import Remedy, Step
from gate.rules._sa_types import add_nullable
from gate.rules._says import bare, execute, fitting, ident, listed, python, schema_argument, target, text

AUTOCOMMIT = "with op.get_context().autocommit_block():\n    "


def remedy(summary: str, *steps: tuple[int, str, str]) -> Remedy:
    """A remedy of steps given as deploy, title, code."""
    return Remedy(summary, tuple(Step(*step) for step in steps))


def key_of(statement: Statement, name: str) -> str:
    """What tells the rows of a table apart, as SQL: its primary key, else PostgreSQL's own row address."""
    return row_key(statement.before.table(name))


def row_key(table: Table | None, address: str = "ctid") -> str:
    """The primary key as SQL; ``address`` is where a row lies, for tables without one."""
    keys = [one.columns for one in table.constraints if one.kind == "primary-key"] if table else []
    if keys and keys[0]:
        names = ", ".join(map(ident, keys[0]))
        return names if len(keys[0]) == 1 else f"({names})"
    if table is None or not table.columns:
        return "id"
    return f"(tableoid, {address})" if table.kind == "partitioned" else address


def backfill(table: str, column: str, value: str = "...", key: str = "id", source: str | None = None) -> str:
    """A batched backfill that commits after each batch and can be run again.

    ``key`` is SQL, as ``key_of`` gives it. Rows whose ``source`` (SQL) is NULL are left out: they would never be done.
    """
    name, col, keys = ident(table), ident(column), key.removeprefix("(").removesuffix(")")
    left = f" AND {source} IS NOT NULL" if source else ""
    return (
        "with op.get_context().autocommit_block():\n"
        "    while op.get_bind().execute(sa.text(\n"
        f'        "{text(f"UPDATE {name} SET {col} = {value} WHERE {key} IN (")}"\n'
        f'        "{text(f"SELECT {keys} FROM {name} WHERE {col} IS NULL{left} LIMIT 1000)")}"\n'
        "    )).rowcount:\n"
        "        pass"
    )


def not_null_steps(table: str, column: str, deploy: int) -> tuple[tuple[int, str, str], ...]:
    """CHECK NOT VALID, VALIDATE, SET NOT NULL: the way that never scans under a lock that blocks."""
    check = fitting(f"ck_{bare(table)}_{column}_not_null")
    condition = python(f"{ident(column)} IS NOT NULL")
    return (
        (
            deploy,
            "Forbid new NULLs without reading the table",
            f"op.create_check_constraint({python(check)}, {target_of_constraint(table)}, {condition}, "
            f"postgresql_not_valid=True{schema_argument(table)})",
        ),
        (
            deploy,
            "In the next revision, in a transaction of its own (transaction_per_migration=True): prove the old rows",
            execute(f"ALTER TABLE {ident(table)} VALIDATE CONSTRAINT {ident(check)}"),
        ),
        (
            deploy,
            "In the revision after that: set NOT NULL, which now reads nothing, and drop the helper",
            f"op.alter_column({target_of_constraint(table)}, {python(column)}, nullable=False"
            f"{schema_argument(table)})\n"
            f"op.drop_constraint({python(check)}, {target_of_constraint(table)}{schema_argument(table)})",
        ),
    )


def target_of_constraint(table: str) -> str:
    """The table's bare name as a literal; the schema goes into its own argument."""
    return python(bare(table))


def required_column(table: str, column: str, type: str, key: str = "id") -> Remedy:
    """A new column that must have a value: three deploys."""
    return remedy(
        f"Add {column} as nullable, let the code write it, fill the old rows, then make it NOT NULL.",
        (
            1,
            "Add the column as nullable, then deploy code that writes it",
            add_nullable(table, column, type),
        ),
        (2, "Fill the rows that are there, in batches, in a revision of its own", backfill(table, column, key=key)),
        *not_null_steps(table, column, 3),
    )


def make_required(table: str, column: str, key: str = "id") -> Remedy:
    """NOT NULL on a column that is there."""
    return remedy(
        f"Stop writing NULL to {table}.{column}, fill the old rows, prove it with a CHECK, then set NOT NULL.",
        (
            1,
            f"Deploy code that never writes NULL to {column}; fill the rows that are there",
            backfill(table, column, key=key),
        ),
        *not_null_steps(table, column, 2),
    )


def concurrently(table: str, name: str | None, columns: tuple[str, ...], *, unique: bool) -> Remedy:
    """An index without blocking writers."""
    index = name or fitting(f"ix_{bare(table)}_{'_'.join(columns)}")
    flags = ", unique=True" if unique else ""
    return remedy(
        "Build the index CONCURRENTLY, in a revision that holds nothing else.",
        (
            1,
            "A revision with only the autocommit block",
            f"{AUTOCOMMIT}op.create_index({python(index)}, {python(bare(table))}, {listed(columns)}{flags}"
            f"{schema_argument(table)}, postgresql_concurrently=True)",
        ),
    )


def drop_concurrently(name: str, table: str | None) -> Remedy:
    """An index dropped without blocking anybody."""
    place = f", table_name={python(bare(table))}{schema_argument(table)}" if table else ""
    return remedy(
        "Drop the index CONCURRENTLY, in a revision that holds nothing else.",
        (
            1,
            "A revision with only the autocommit block",
            f"{AUTOCOMMIT}op.drop_index({python(name.rpartition('.')[2])}{place}, postgresql_concurrently=True)",
        ),
    )


def not_valid_then_validate(table: str, name: str, create: str) -> Remedy:
    """A constraint in two transactions: NOT VALID, which reads nothing, then VALIDATE, which blocks nobody."""
    return remedy(
        "Add the constraint NOT VALID, then validate it in another transaction.",
        (1, "After the code that breaks the rule is gone: NOT VALID", create),
        (
            1,
            "In the next revision, in a transaction of its own (transaction_per_migration=True): VALIDATE",
            execute(f"ALTER TABLE {ident(table)} VALIDATE CONSTRAINT {ident(name)}"),
        ),
    )


def expand_and_contract(
    table: str,
    old: str,
    new: str,
    type: str,
    key: str = "id",
    using: str | None = None,
    drop: str | None = None,
) -> Remedy:
    """A new column beside the old one: never fewer than three deploys. ``drop`` is the last step's code, if not plain."""
    plain = f"op.drop_column({target_of_constraint(table)}, {python(old)}{schema_argument(table)})"
    fill = backfill(table, new, using or ident(old), key, source=f"({using})" if using else ident(old))
    return beside(old, new, add=add_nullable(table, new, type), fill=fill, drop=drop or plain)


def beside(old: str, new: str, *, add: str, fill: str, drop: str) -> Remedy:
    """The steps of ``expand_and_contract`` around code of any dialect."""
    return remedy(
        "Put a new column beside the old one and move over in steps.",
        (1, f"Add {new}; deploy code that writes both {old} and {new} and still reads {old}", add),
        (2, f"Fill {new} in batches; deploy code that reads {new}", fill),
        (3, f"When no release uses {old} any more", drop),
    )


def code_first(what: str, title: str, code: str) -> Remedy:
    """Something that goes away: first from the code, one deploy later from the database."""
    return remedy(
        f"Take {what} out of the code first; remove it from the database one deploy later.",
        (1, f"Deploy code that no longer uses {what}", ""),
        (2, title, code),
    )


def let_go(what: str, code: str) -> Remedy:
    """Something that the models of the release still running map no more: the second of the two deploys."""
    return remedy(
        f"The release still running does not map {what} any more, so it can go now.",
        (1, "When SQL written by hand does not name it either, and a copy is kept or not needed", code),
    )


def own_transaction(title: str, code: str = "") -> Remedy:
    """A step that belongs into a transaction of its own."""
    return remedy(
        "Give the step a transaction of its own: its own revision with transaction_per_migration=True in env.py, or "
        "an autocommit block.",
        (1, title, code),
    )


__all__ = [
    "backfill",
    "code_first",
    "concurrently",
    "drop_concurrently",
    "expand_and_contract",
    "key_of",
    "let_go",
    "make_required",
    "not_valid_then_validate",
    "own_transaction",
    "remedy",
    "required_column",
    "target",
]
