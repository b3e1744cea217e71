"""How a UNIQUE or PRIMARY KEY constraint comes over an index that was built without blocking."""

from __future__ import annotations

import re

from gate.facts.rehearsal import Statement
from gate.model import Remedy
from gate.rules._index_recipes import Part, attached, parts, spelled_out
from gate.rules._recipes import AUTOCOMMIT, not_null_steps, remedy
from gate.rules._says import bare, execute, fitting, ident, listed, python, schema_argument
from gate.rules._world import table_before

_INCLUDE = re.compile(r"\bINCLUDE\s*\((?P<columns>[^)]*)\)")
_LATE = re.compile(r"\bDEFERRABLE.*")
_NO_TWO_NULLS = "NULLS NOT DISTINCT"


def key_using_index(statement: Statement, table: str, name: str, columns: tuple[str, ...], kind: str) -> Remedy:
    """The constraint with all that the statement gave it; ``kind`` is ``UNIQUE`` or ``PRIMARY KEY``.

    A primary key makes its columns NOT NULL, and would read every row for it under the strongest lock.
    """
    key = _over_index(statement, table, name, columns, kind)
    known = table_before(statement, table)
    every = [known.column(one) for one in columns] if known and kind == "PRIMARY KEY" else []
    proofs = [step for one in every if one and one.nullable for step in not_null_steps(table, one.name, 1)]
    if not proofs:
        return key
    first = remedy("", (1, "When no code writes NULL to the key any more: fill the rows that have it", ""), *proofs)
    return Remedy(f"Prove NOT NULL first. {key.summary}", (*first.steps, *key.steps))


def _over_index(statement: Statement, table: str, name: str, columns: tuple[str, ...], kind: str) -> Remedy:
    known = table_before(statement, table)
    definition = _definition(statement, table, name)
    if known is not None and known.kind == "partitioned":
        return _on_partitions(statement, table, name, columns, kind, definition)
    index, late = fitting(f"{name}_idx"), _LATE.search(definition)
    sql = f"ALTER TABLE {ident(table)} ADD CONSTRAINT {ident(name)} {kind} USING INDEX {ident(index)}"
    return remedy(
        "Build the unique index CONCURRENTLY, then turn it into the constraint.",
        (
            1,
            "A revision with only the autocommit block",
            f"{AUTOCOMMIT}op.create_index({python(index)}, {python(bare(table))}, {listed(columns)}, unique=True"
            f"{schema_argument(table)}{_options(definition)}, postgresql_concurrently=True)",
        ),
        (1, "In the next revision: instant, reads nothing", execute(f"{sql} {late[0]}" if late else sql)),
    )


def _definition(statement: Statement, table: str, name: str) -> str:
    """The constraint as the server spells it; nothing where it did not run."""
    after = statement.after.table(table)
    return next((one.definition for one in (after.constraints if after else ()) if one.name == name), "")


def _options(definition: str) -> str:
    include = _INCLUDE.search(definition)
    names = tuple(one.strip().strip('"') for one in include["columns"].split(",")) if include else ()
    return (f", postgresql_include={listed(names)}" if names else "") + (
        ", postgresql_nulls_not_distinct=True" if _NO_TWO_NULLS in definition else ""
    )


def _on_partitions(
    statement: Statement, table: str, name: str, columns: tuple[str, ...], kind: str, definition: str
) -> Remedy:
    """Partition by partition: https://www.postgresql.org/docs/current/ddl-partitioning.html, section 5.12.2.2."""
    every = list(parts(statement, table, name))
    keys = f"({', '.join(map(ident, columns))})"
    if not every:
        call = execute(f"ALTER TABLE {ident(table)} ADD CONSTRAINT {ident(name)} {kind} {keys}")
        return remedy("Add the key while the table has no partition: it reads nothing.", (1, "As it is", call))
    shown, rest = spelled_out(every)
    what = f"{_NO_TWO_NULLS} {keys}" if _NO_TWO_NULLS in definition else keys
    parents = [(table, name), *((one.table, one.name) for one in shown if not one.leaf)]
    only = [execute(f"ALTER TABLE ONLY {ident(on)} ADD CONSTRAINT {ident(key)} {kind} {what}") for on, key in parents]
    leaves = [one for one in shown if one.leaf]
    builds = [execute(_build(one, keys, definition)) for one in leaves]
    turns = [
        execute(f"ALTER TABLE {ident(one.table)} ADD CONSTRAINT {ident(one.name)} {kind} USING INDEX {ident(one.name)}")
        for one in leaves
    ]
    steps = [
        (1, "A revision with only the autocommit block", AUTOCOMMIT + "\n    ".join([*builds, *rest])),
        (1, "In the next revision: reads no row", "\n".join([*only, *turns, *attached(shown), *rest])),
    ]
    return remedy(
        "Build the unique index of each partition concurrently, make it the partition's key, and attach it to a key of "
        "the parent that starts invalid.",
        *(steps if builds else steps[1:]),  # a partition may be partitioned itself, and have none
    )


def _build(one: Part, keys: str, definition: str) -> str:
    tail = f" {_NO_TWO_NULLS}" if _NO_TWO_NULLS in definition else ""
    return f"CREATE UNIQUE INDEX CONCURRENTLY {ident(one.name)} ON {ident(one.table)} {keys}{tail}"
