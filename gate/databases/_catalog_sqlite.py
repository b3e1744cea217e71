"""SQLite's catalogue as a ``Schema``: pragma functions joined over all tables, and the text of CREATE TABLE.

https://www.sqlite.org/pragma.html#pragfunc
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Literal

from gate.databases._ddl_sqlite import TableText, read_table
from gate.databases._virtual_sqlite import shadows, shows_rows_of_others
from gate.facts.schema import Column, Constraint, Index, Schema, Table, TableKind

Row = tuple[Any, ...]
Ask = Callable[[str], list[Row]]
Names = dict[tuple[str, frozenset[str]], str]
Primaries = dict[str, tuple[str, tuple[str, ...]]]
Grouped = dict[str, list[Row]]

_OBJECTS = """SELECT name, type, coalesce(sql, '') FROM sqlite_master
WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"""
_COLUMNS = """SELECT m.name, p.name, p.type, p."notnull", p.dflt_value, p.pk, p.hidden
FROM sqlite_master m JOIN pragma_table_xinfo(m.name) p WHERE m.type IN ('table', 'view') ORDER BY m.name, p.cid"""
_INDEXES = """SELECT m.name, l.name, l."unique", l.origin, coalesce(i.sql, '')
FROM sqlite_master m JOIN pragma_index_list(m.name) l LEFT JOIN sqlite_master i ON i.type = 'index' AND i.name = l.name
WHERE m.type = 'table' ORDER BY m.name, l.name"""
_INDEX_COLUMNS = """SELECT l.name, x.name FROM sqlite_master m JOIN pragma_index_list(m.name) l
JOIN pragma_index_xinfo(l.name) x WHERE m.type = 'table' AND x.key ORDER BY l.name, x.seqno"""
_FOREIGN_KEYS = """SELECT m.name, f.id, f."table", f."from", f."to", f.on_delete
FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq"""
_TRIGGERS = "SELECT tbl_name, name, coalesce(sql, '') FROM sqlite_master WHERE type = 'trigger' ORDER BY 1, 2"
_HIDDEN: dict[int, Literal["stored", "virtual"]] = {2: "virtual", 3: "stored"}


def read_schema(ask: Ask, left_out: frozenset[str]) -> Schema:
    """The catalogue that ``ask`` (a function that runs one query) shows, without the tables left out.

    What a virtual table keeps its insides in is left out too: nobody's code names those tables, and writing them breaks it.
    """
    columns, indexes, foreign = _grouped(ask(_COLUMNS)), _grouped(ask(_INDEXES)), _grouped(ask(_FOREIGN_KEYS))
    keys, triggers = _grouped(ask(_INDEX_COLUMNS)), _grouped(ask(_TRIGGERS))
    primaries = {name.lower(): (name, _primary(rows)) for name, rows in columns.items()}
    tables: dict[str, Table] = {}
    routines: dict[str, str] = {}
    objects = ask(_OBJECTS)
    inside = shadows((name, text) for name, _, text in objects)
    for name, kind, text in objects:
        if name in left_out or name.lower() in inside:
            continue
        said = read_table(text) if kind == "table" else TableText()
        primary = _primary(columns[name])
        made = [_index(row, keys) for row in indexes[name]]
        tables[name] = Table(
            name=name,
            kind=_kind(kind, text),
            columns=tuple(_column(row, said) for row in columns[name] if row[5] != 1),
            indexes=tuple(made),
            constraints=(
                *_keys(name, primary, indexes[name], made, said),
                *_foreign_keys(name, foreign[name], said, primaries),
                *_checks(name, said),
            ),
            triggers=tuple(row[0] for row in triggers[name]),
            trigger_texts=tuple(row[1] for row in triggers[name]),
            definition=text if kind == "view" else "",
            options=" ".join((*(("autoincrement",) if said.autoincrement else ()), *said.options)),
        )
        for trigger, body in triggers[name]:
            routines[f"trigger {trigger} on {name}"] = hashlib.sha256(body.encode()).hexdigest()[:16]
    return Schema(tables=tables, routines=routines)


def _kind(kind: str, text: str) -> TableKind:
    if kind == "view":
        return "view"
    return "foreign-table" if shows_rows_of_others(text) else "table"


def _grouped(rows: list[Row]) -> Grouped:
    found: Grouped = defaultdict(list)
    for name, *rest in rows:
        found[name].append(tuple(rest))
    return found


def _primary(rows: list[Row]) -> tuple[str, ...]:
    return tuple(row[0] for row in sorted((one for one in rows if one[4]), key=lambda one: int(one[4])))


def _column(row: Row, said: TableText) -> Column:
    name, type_, not_null, default, key, hidden = row
    # An INTEGER PRIMARY KEY is the rowid, which is never NULL; other key columns may hold NULL in SQLite.
    rowid = bool(key) and str(type_).upper() == "INTEGER"
    return Column(
        name=name,
        type=type_,
        nullable=not (not_null or rowid),
        default=default,
        generated=_HIDDEN.get(hidden),
        identity=False,
        collation=dict(said.collations).get(name),
    )


def _index(row: Row, keys: Grouped) -> Index:
    name, unique, _, text = row
    columns = tuple(one[0] for one in keys[name])
    predicate = _after_where(text)
    return Index(name, tuple(one for one in columns if one is not None), bool(unique), True, text, predicate)


def _after_where(text: str) -> str | None:
    parts = re.split(r"\)\s*where\b", text, maxsplit=1, flags=re.IGNORECASE)
    return parts[1].strip() if len(parts) > 1 else None


def _names(said: TableText) -> Names:
    """Names of constraints by kind and columns, as far as the text gives any."""
    return {(one.kind, frozenset(one.columns)): one.name for one in said.clauses if one.name and one.kind != "check"}


def _keys(
    table: str, primary: tuple[str, ...], rows: list[Row], indexes: list[Index], said: TableText
) -> list[Constraint]:
    """Primary key and unique constraints."""
    names, found = _names(said), []
    conflicts: Names = {(one.kind, frozenset(one.columns)): one.text for one in said.clauses if one.kind != "check"}
    if primary:
        name = names.get(("primary-key", frozenset(primary))) or f"{table}_pkey"
        found.append(Constraint(name, "primary-key", primary, f"PRIMARY KEY ({', '.join(primary)})"))
    for row, index in zip(rows, indexes, strict=True):
        if row[2] == "u":
            listed = ("unique", frozenset(index.columns))
            text = f"UNIQUE ({', '.join(index.columns)}){conflicts.get(listed, '')}"
            found.append(Constraint(names.get(listed) or index.name, "unique", index.columns, text))
    return found


def _checks(table: str, said: TableText) -> list[Constraint]:
    """Checks, numbered where they have no name."""
    clauses = [one for one in said.clauses if one.kind == "check"]
    return [
        Constraint(one.name or f"{table}_check_{number}", "check", one.columns, f"CHECK ({one.text})")
        for number, one in enumerate(clauses, 1)
    ]


def _foreign_keys(table: str, rows: list[Row], said: TableText, primaries: Primaries) -> list[Constraint]:
    """Foreign keys; one that names no columns means the primary key. Names of tables fold their case."""
    names = _names(said)
    grouped: dict[int, list[Row]] = defaultdict(list)
    for number, *rest in rows:
        grouped[number].append(tuple(rest))
    found = []
    for parts in grouped.values():
        target, _, _, action = parts[0]
        columns = tuple(one[1] for one in parts)
        target, key = primaries.get(target.lower(), (target, ()))
        targets = tuple(one[2] for one in parts if one[2] is not None) or key
        text = f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {target} ({', '.join(targets)})"
        name = names.get(("foreign-key", frozenset(columns))) or f"{table}_{'_'.join(columns)}_fkey"
        found.append(
            Constraint(
                name=name,
                kind="foreign-key",
                columns=columns,
                definition=text + ("" if action == "NO ACTION" else f" ON DELETE {action}"),
                references=target,
                referenced_columns=targets,
                on_delete=None if action == "NO ACTION" else action,
            )
        )
    return found
