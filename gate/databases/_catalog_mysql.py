"""The catalogue of MySQL and MariaDB as a ``Schema``: one query a kind of object, whatever the number of tables.

Columns of ``information_schema`` differ between the two and between versions, so rows are read by name and what is
missing is taken as absent. Manual: https://dev.mysql.com/doc/refman/8.4/en/information-schema.html
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Literal

from gate.facts.schema import Column, Constraint, Index, Schema, Table

Row = dict[str, Any]
Ask = Callable[[str], list[Row]]

_HERE = "TABLE_SCHEMA = DATABASE()"
_TABLES = f"SELECT * FROM information_schema.TABLES WHERE {_HERE} ORDER BY TABLE_NAME"
_VIEWS = f"SELECT TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE {_HERE}"
_COLUMNS = f"SELECT * FROM information_schema.COLUMNS WHERE {_HERE} ORDER BY TABLE_NAME, ORDINAL_POSITION"
_STATISTICS = f"SELECT * FROM information_schema.STATISTICS WHERE {_HERE} ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"
_CONSTRAINTS = "SELECT * FROM information_schema.TABLE_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()"
_KEY_COLUMNS = (
    "SELECT * FROM information_schema.KEY_COLUMN_USAGE WHERE CONSTRAINT_SCHEMA = DATABASE() "
    "ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION"
)
_REFERENCES = "SELECT * FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()"
_CHECKS = "SELECT * FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()"
_TRIGGERS = (
    "SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME, "
    "CONCAT_WS(' ', ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT) AS BODY "
    "FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY TRIGGER_NAME"
)
_ROUTINES = (
    "SELECT ROUTINE_TYPE, ROUTINE_NAME, ROUTINE_DEFINITION FROM information_schema.ROUTINES "
    "WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY ROUTINE_NAME"
)
_PARTITIONS = (
    "SELECT TABLE_NAME, MIN(PARTITION_METHOD) AS METHOD, MIN(PARTITION_EXPRESSION) AS EXPRESSION "
    "FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME IS NOT NULL "
    "GROUP BY TABLE_NAME"
)
_NUMBER = re.compile(r"-?\d+(\.\d+)?$")


def read_schema(ask: Ask, database: str, left_out: frozenset[str], *, mariadb: bool) -> Schema:
    """The catalogue of this database; ``ask`` runs one query. Tables whose name is ``left_out`` do not count."""
    tables_rows = [one for one in ask(_TABLES) if one["TABLE_NAME"] not in left_out]
    collations = {one["TABLE_NAME"]: one["TABLE_COLLATION"] for one in tables_rows}
    columns = _grouped(ask(_COLUMNS), "TABLE_NAME")
    checks = ask(_CHECKS)
    indexes, constraints = _indexes(ask), _constraints(ask, checks)
    views = {one["TABLE_NAME"]: one["VIEW_DEFINITION"].replace(f"`{database}`.", "") for one in ask(_VIEWS)}
    partitions = {one["TABLE_NAME"]: f"{one['METHOD']} ({one['EXPRESSION']})" for one in ask(_PARTITIONS)}
    triggers = _grouped(ask(_TRIGGERS), "EVENT_OBJECT_TABLE")
    own = {(one["TABLE_NAME"], one["CONSTRAINT_NAME"]): one for one in checks if one.get("LEVEL") == "Column"}
    tables: dict[str, Table] = {}
    routines = {
        f"{one['ROUTINE_TYPE'].lower()} {one['ROUTINE_NAME']}": _hash(one["ROUTINE_DEFINITION"])
        for one in ask(_ROUTINES)
    }
    for row in tables_rows:
        name = row["TABLE_NAME"]
        if row["TABLE_TYPE"] not in ("BASE TABLE", "VIEW", "SYSTEM VERSIONED"):
            continue
        view = row["TABLE_TYPE"] == "VIEW"
        tables[name] = Table(
            name=name,
            kind="view" if view else "partitioned" if name in partitions else "table",
            columns=tuple(
                _column(one, collations.get(name), own.get((name, one["COLUMN_NAME"])), mariadb=mariadb)
                for one in columns[name]
            ),
            indexes=tuple(indexes[name]),
            constraints=tuple(constraints[name]),
            triggers=tuple(one["TRIGGER_NAME"] for one in triggers[name]),
            definition=str(views.get(name) or partitions.get(name, "")),
            options="" if view else f"engine={row['ENGINE']}",
            comment=None if view else row["TABLE_COMMENT"] or None,
        )
        routines.update({f"trigger {one['TRIGGER_NAME']} on {name}": _hash(one["BODY"]) for one in triggers[name]})
    sequences = tuple(one["TABLE_NAME"] for one in tables_rows if one["TABLE_TYPE"] == "SEQUENCE")
    return Schema(tables=tables, sequences=sequences, routines=routines)


def _grouped(rows: list[Row], key: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def _column(row: Row, table_collation: str | None, check: Row | None, *, mariadb: bool) -> Column:
    extra = (row.get("EXTRA") or "").upper()
    generated: Literal["stored", "virtual"] | None = (
        "virtual" if "VIRTUAL" in extra else "stored" if "STORED" in extra or "PERSISTENT" in extra else None
    )
    collation = row.get("COLLATION_NAME")
    default = row.get("GENERATION_EXPRESSION") if generated else _default(row, extra, mariadb)
    return Column(
        name=row["COLUMN_NAME"],
        type=row["COLUMN_TYPE"],
        nullable=row["IS_NULLABLE"] == "YES",
        default=default,
        generated=generated,
        identity="AUTO_INCREMENT" in extra,
        comment=row.get("COLUMN_COMMENT") or None,
        collation=collation if collation != table_collation else None,
        also=tuple(_also(extra, default, check)),
    )


def _also(extra: str, default: str | None, check: Row | None) -> Iterator[str]:
    """In the order in which both servers take it: MariaDB's CHECK of a column comes last."""
    update = re.search(r"ON UPDATE \S+", extra)
    if update and default is None:
        yield update[0]
    if "INVISIBLE" in extra:
        yield "INVISIBLE"
    if check is not None:
        yield f"CHECK ({check['CHECK_CLAUSE']})"


def _default(row: Row, extra: str, mariadb: bool) -> str | None:
    """The default as an expression: MariaDB writes one, MySQL a literal's bare text or DEFAULT_GENERATED.

    ON UPDATE belongs to it, as in SHOW CREATE TABLE, also where a nullable column starts as NULL.
    """
    text, update = row.get("COLUMN_DEFAULT"), re.search(r"ON UPDATE \S+", extra)
    if text is None or (mariadb and text == "NULL"):
        return f"NULL {update[0].lower()}" if update and row["IS_NULLABLE"] == "YES" else None
    text = str(text)
    computed = ("CURRENT_TIMESTAMP", "B'")
    is_expression = mariadb or "DEFAULT_GENERATED" in extra or text.upper().startswith(computed)
    if not is_expression and not _NUMBER.match(text):
        text = "'" + text.replace("'", "''") + "'"
    return f"{text} {update[0].lower()}" if update else text


def _indexes(ask: Ask) -> dict[str, list[Index]]:
    found: dict[str, list[Index]] = defaultdict(list)
    for table, rows in _grouped(ask(_STATISTICS), "TABLE_NAME").items():
        for name, parts in _grouped(rows, "INDEX_NAME").items():
            unique, method = not int(parts[0]["NON_UNIQUE"]), str(parts[0]["INDEX_TYPE"]).lower()
            body = ", ".join(map(_index_part, parts))
            plain = tuple(one["COLUMN_NAME"] for one in parts if one["COLUMN_NAME"] is not None)
            word = "UNIQUE INDEX" if unique else "INDEX"
            text = f"CREATE {word} {name} ON {table} USING {method} ({body}){_unseen(parts[0])}"
            found[table].append(Index(name, plain, unique, True, text, None, method))
    return found


def _unseen(row: Row) -> str:
    """An index that the optimizer leaves out: INVISIBLE on MySQL 8, IGNORED on MariaDB 10.6."""
    return " INVISIBLE" if row.get("IS_VISIBLE") == "NO" else " IGNORED" if row.get("IGNORED") == "YES" else ""


def _index_part(row: Row) -> str:
    name = row["COLUMN_NAME"] if row["COLUMN_NAME"] is not None else f"({row.get('EXPRESSION')})"
    length = f"({row['SUB_PART']})" if row.get("SUB_PART") else ""
    return f"{name}{length}{' DESC' if row.get('COLLATION') == 'D' else ''}"


def _constraints(ask: Ask, check_rows: list[Row]) -> dict[str, list[Constraint]]:
    columns = _grouped_by_name(ask(_KEY_COLUMNS))
    rules = {(one["TABLE_NAME"], one["CONSTRAINT_NAME"]): one for one in ask(_REFERENCES)}
    checks = _checks(check_rows)
    found: dict[str, list[Constraint]] = defaultdict(list)
    for row in ask(_CONSTRAINTS):
        table, name, kind = row["TABLE_NAME"], row["CONSTRAINT_NAME"], row["CONSTRAINT_TYPE"]
        parts = columns.get((table, name), [])
        names = tuple(one["COLUMN_NAME"] for one in parts)
        listed = ", ".join(names)
        if kind == "PRIMARY KEY":
            found[table].append(Constraint(name, "primary-key", names, f"PRIMARY KEY ({listed})"))
        elif kind == "UNIQUE":
            found[table].append(Constraint(name, "unique", names, f"UNIQUE ({listed})"))
        elif kind == "FOREIGN KEY":
            found[table].append(_foreign_key(name, names, parts, rules.get((table, name), {})))
        elif kind == "CHECK":
            text = checks.get((table, name)) or checks.get((None, name)) or ""
            off = " NOT ENFORCED" if row.get("ENFORCED") == "NO" else ""  # MySQL since 8.0.16
            found[table].append(Constraint(name, "check", (), f"CHECK ({text}){off}"))
    return found


def _grouped_by_name(rows: list[Row]) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[row["TABLE_NAME"], row["CONSTRAINT_NAME"]].append(row)
    return found


def _checks(rows: list[Row]) -> dict[tuple[str | None, str], str]:
    """Conditions by table and name; MySQL names no table, its names are unique in a database. None before 8.0.16."""
    return {(one.get("TABLE_NAME"), one["CONSTRAINT_NAME"]): one["CHECK_CLAUSE"] for one in rows}


def _foreign_key(name: str, columns: tuple[str, ...], parts: list[Row], rule: Row) -> Constraint:
    target = parts[0]["REFERENCED_TABLE_NAME"] if parts else None
    targets = tuple(one["REFERENCED_COLUMN_NAME"] for one in parts)
    action = rule.get("DELETE_RULE")
    on_delete = None if action in (None, "NO ACTION", "RESTRICT") else str(action)
    text = f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {target} ({', '.join(targets)})"
    return Constraint(
        name=name,
        kind="foreign-key",
        columns=columns,
        definition=text + (f" ON DELETE {on_delete}" if on_delete else ""),
        references=target,
        referenced_columns=targets,
        on_delete=on_delete,
    )


def _hash(text: str | None) -> str:
    """Of a body as the server keeps it, which is now with the script's last semicolon and line end, now without."""
    return hashlib.sha256((text or "").rstrip("; \n").encode()).hexdigest()[:16]
