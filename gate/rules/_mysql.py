"""What an ALTER costs on MySQL and MariaDB: as observed, else as the manuals' tables say for that version.

https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html
https://mariadb.com/kb/en/innodb-online-ddl-operations-with-the-instant-alter-algorithm/ (and its siblings)
The MariaDB column was measured on 10.11; MySQL's is read, and said to be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Column, Table
from gate.model import Category, Evidence, EvidenceKind, Remedy, Severity
from gate.rule import MYSQL, Hit
from gate.rules._mysql_session import foreign_key_checks
from gate.rules._online_tool import online_tool
from gate.rules._says import execute, ticked
from gate.rules._world import column_before
from gate.sql import _types

_ALGORITHMS = ("INSTANT", "NOCOPY", "INPLACE", "COPY")
_LOCKS = ("NONE", "SHARED", "EXCLUSIVE")
# https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html: a varchar keeps one length byte up to 255.
_ONE_LENGTH_BYTE = 255


@dataclass(frozen=True)
class Cost:
    """How the server makes a change. ``rebuild`` tells that the whole table is written anew."""

    algorithm: str = "INSTANT"
    lock: str = "NONE"
    rebuild: bool = False
    evidence: tuple[Evidence, ...] = ()

    @property
    def copies(self) -> bool:
        """The server copies the table row by row, and no one writes to it meanwhile."""
        return self.algorithm == "COPY"

    @property
    def stops_writes(self) -> bool:
        """Writers wait until it is done."""
        return self.lock != "NONE"


INSTANT = Cost()
ONLINE_INDEX = Cost("INPLACE", "NONE")
ONLINE_REBUILD = Cost("INPLACE", "NONE", rebuild=True)
BLOCKING_REBUILD = Cost("INPLACE", "SHARED", rebuild=True)
COPY = Cost("COPY", "SHARED", rebuild=True)


def cost(deploy: Deploy, statement: Statement) -> Cost:
    """The cost of a statement; with what was observed as evidence, or with the table's word where nobody watched."""
    seen = statement.observed
    if seen and seen.algorithm:
        detail = (
            f"{deploy.server or deploy.dialect} took ALGORITHM={seen.algorithm}, LOCK={seen.lock_level or 'DEFAULT'}"
        )
        if seen.refusals:
            detail += f"; weaker ones refused, the last with: {seen.refusals[-1]}"
        lock = seen.lock_level or ("SHARED" if seen.algorithm == "COPY" else "NONE")
        rebuild = bool(seen.rewrites) or seen.algorithm == "COPY"
        return Cost(seen.algorithm, lock, rebuild, (Evidence(EvidenceKind.OBSERVED, detail),))
    worst = _worst([_of(deploy, statement, change) for change in statement.changes])
    server = deploy.server or f"{deploy.dialect} {'.'.join(map(str, deploy.version))}"
    read = f"the manual of {server}: ALGORITHM={worst.algorithm}, LOCK={worst.lock}; not measured"
    return Cost(worst.algorithm, worst.lock, worst.rebuild, (Evidence(EvidenceKind.READ, read),))


def copied(deploy: Deploy, statement: Statement, change: c.Change) -> Cost | None:
    """The cost of the statement when the server copies the table for this very part of it; else None."""
    if deploy.dialect not in MYSQL:
        return None
    whole = cost(deploy, statement)
    alone = len(_costly(statement)) <= 1
    return whole if whole.copies and (alone or _of(deploy, statement, change).copies) else None


def _costly(statement: Statement) -> list[c.Change]:
    """The parts of a statement that are its own clauses: what MODIFY amounts to counts once."""
    parts = [one for one in statement.changes if not isinstance(one, c.AlterAlgorithm)]
    modified = any(isinstance(one, c.ModifyColumn) for one in parts)
    return [one for one in parts if isinstance(one, c.ModifyColumn)] if modified else parts


def copy_hit(
    deploy: Deploy,
    statement: Statement,
    change: c.Change,
    what: str,
    *,
    table: str,
    column: str | None = None,
    remedy: Remedy | None = None,
) -> Iterator[Hit]:
    """The rewrite finding of a change that the server makes by copying the table; nothing where it does not.

    ``remedy`` is a way that needs no tool, where there is one.
    """
    found = copied(deploy, statement, change)
    if found is not None:
        yield Hit(
            f"{what} copies the whole table {table} row by row, and nobody can write to it meanwhile.",
            statement,
            category=Category.REWRITE,
            severity=Severity.ERROR,
            table=table,
            column=column,
            evidence=(Evidence(EvidenceKind.SQL, statement.sql), *found.evidence),
            remedy=remedy or online_tool(deploy, statement, table),
        )


def _worst(costs: list[Cost]) -> Cost:
    """One statement is done in the way of its most expensive part."""
    return Cost(
        max((one.algorithm for one in costs), key=_ALGORITHMS.index, default="INSTANT"),
        max((one.lock for one in costs), key=_LOCKS.index, default="NONE"),
        any(one.rebuild for one in costs),
    )


def _of(deploy: Deploy, statement: Statement, change: c.Change) -> Cost:
    reader = _TABLE.get(type(change))
    return reader(deploy, statement, change) if reader else INSTANT


def _at_least(deploy: Deploy, mysql: tuple[int, ...], mariadb: tuple[int, ...]) -> bool:
    return tuple(deploy.version) >= (mariadb if deploy.dialect == "mariadb" else mysql)


def _add_column(deploy: Deploy, statement: Statement, change: c.AddColumn) -> Cost:
    new = change.column
    if (
        new.generated == "stored"
        or (not new.generated and writes_rows(deploy, new.default))
        or _verified(deploy, statement, new)
    ):
        return COPY
    if new.identity:
        return BLOCKING_REBUILD
    if new.generated == "virtual":
        return INSTANT
    last = not (new.first or new.after)
    instant = _at_least(deploy, (8, 0, 29), (10, 4)) or (last and _at_least(deploy, (8, 0, 12), (10, 3, 2)))
    return INSTANT if instant else ONLINE_REBUILD


def _verified(deploy: Deploy, statement: Statement, new: c.ColumnSpec) -> bool:
    """A condition beside the column: MySQL copies for a CHECK (8.0.16), both for REFERENCES (9.0, 10.5).

    Measured on MySQL 9.7 and MariaDB 10.11. Older servers read over what they do not know.
    """
    checked = new.check is not None and deploy.dialect == "mysql" and deploy.version >= (8, 0, 16)
    referring = new.references is not None and _at_least(deploy, (9, 0), (10, 5))
    return checked or (referring and foreign_key_checks(deploy, statement))


_DIFFERS_BY_ROW = re.compile(
    r"\b(?:uuid|uuid_short|sys_guid|uuid_v4|uuid_v7|rand|random_bytes|nextval|next\s+value)\b", re.I
)


def writes_rows(deploy: Deploy, default: str | None) -> bool:
    """A default that is computed row by row.

    MySQL does so for every default in parentheses, ``(now())`` and ``(5)`` too, but not for CURRENT_TIMESTAMP or a
    literal; MariaDB only for what differs by row. Measured on MySQL 9.7 and MariaDB 10.11.
    """
    if default is None:
        return False
    text = re.sub(r"\s+on update.*", "", default.strip(), flags=re.IGNORECASE)
    return text.startswith("(") if deploy.dialect == "mysql" else bool(_DIFFERS_BY_ROW.search(text))


def _drop_column(deploy: Deploy, statement: Statement, change: c.DropColumn) -> Cost:
    return INSTANT if _at_least(deploy, (8, 0, 29), (10, 4)) else ONLINE_REBUILD


def _retype(deploy: Deploy, statement: Statement, change: c.AlterColumnType) -> Cost:
    before = column_before(statement, change.table, change.column)
    if before is not None and before.collation and change.collation and before.collation != change.collation:
        return COPY
    return INSTANT if before is not None and widens(before, change.type) else COPY


def widens(before: Column, type: str) -> bool:
    """Whether rows stay as they are: a wider varchar of as many length bytes, an ENUM with labels appended."""
    if _types.same(before.type, type):
        return True
    old, new = _types.size(before.type), _types.size(type)
    if _types.base(before.type) == _types.base(type) == "varchar" and old and new:
        width = 4 if "utf8mb4" in (before.collation or "utf8mb4") else 3
        return new[0] >= old[0] and (old[0] * width <= _ONE_LENGTH_BYTE) == (new[0] * width <= _ONE_LENGTH_BYTE)
    if _types.base(before.type) == _types.base(type) in ("enum", "set"):
        labels = _types.members(before.type)
        return _types.members(type)[: len(labels)] == labels
    return False


def _nullability(deploy: Deploy, statement: Statement, change: c.Change) -> Cost:
    return ONLINE_REBUILD


def _modify(deploy: Deploy, statement: Statement, change: c.ModifyColumn) -> Cost:
    """Its parts are told beside it; NOT NULL that gets lost is told only here."""
    before = column_before(statement, change.table, change.column)
    if before is None:
        return INSTANT
    return ONLINE_REBUILD if before.nullable != change.spec.nullable else INSTANT


def _add_constraint(deploy: Deploy, statement: Statement, change: c.AddConstraint) -> Cost:
    kind = change.constraint.kind
    if kind == "foreign-key":
        return ONLINE_INDEX if not foreign_key_checks(deploy, statement) else COPY
    if kind == "check":
        return COPY if _at_least(deploy, (8, 0, 16), (10, 2, 1)) else INSTANT
    return ONLINE_REBUILD if kind == "primary-key" else ONLINE_INDEX


def _drop_constraint(deploy: Deploy, statement: Statement, change: c.DropConstraint) -> Cost:
    if change.kind != "primary-key":
        return INSTANT
    return ONLINE_REBUILD if replaces_primary_key(statement) or adds_primary_key(statement) else COPY


def adds_primary_key(statement: Statement) -> bool:
    """A new column that is the key."""
    return any(isinstance(one, c.AddColumn) and one.column.primary_key for one in statement.changes)


def replaces_primary_key(statement: Statement) -> bool:
    """One ALTER that drops the key and adds another is done without a copy."""
    return any(isinstance(one, c.AddConstraint) and one.constraint.kind == "primary-key" for one in statement.changes)


def _create_index(deploy: Deploy, statement: Statement, change: c.CreateIndex) -> Cost:
    if not change.fulltext:
        return Cost("INPLACE", "SHARED") if change.method == "spatial" else ONLINE_INDEX
    return Cost("INPLACE", "SHARED", rebuild=first_fulltext(statement.before.table(change.table)))


def first_fulltext(table: Table | None) -> bool:
    """The first FULLTEXT index adds a hidden column, so the table is built anew."""
    return table is None or not any("fulltext" in (one.method + one.definition).lower() for one in table.indexes)


def _option(deploy: Deploy, statement: Statement, change: c.SetTableOption) -> Cost:
    if change.option == "engine":
        return ONLINE_REBUILD if change.value.lower() == "innodb" else COPY
    if change.option in ("row-format", "key-block-size", "encryption", "encrypted", "page-compressed"):
        return ONLINE_REBUILD
    return COPY if change.option in ("convert-charset", "system-versioning") else INSTANT


def _partitions(deploy: Deploy, statement: Statement, change: c.AlterPartitions) -> Cost:
    """https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html, "Partitioning Operations".

    A range or list of its own and an exchange touch no row that is there; the others write partitions anew.
    """
    if change.action in ("add", "exchange"):
        return INSTANT
    return COPY if change.action in ("by", "remove") else BLOCKING_REBUILD


def _maintenance(deploy: Deploy, statement: Statement, change: c.Maintenance) -> Cost:
    return ONLINE_REBUILD if change.verb in ("force", "optimize") else INSTANT


def _wished(deploy: Deploy, statement: Statement, change: c.AlterAlgorithm) -> Cost:
    algorithm = change.algorithm if change.algorithm in _ALGORITHMS else "INSTANT"
    lock = change.lock if change.lock in _LOCKS else ("SHARED" if algorithm == "COPY" else "NONE")
    return Cost(algorithm, lock, algorithm == "COPY")


_TABLE: dict[type[c.Change], Callable[..., Cost]] = {
    c.AddColumn: _add_column,
    c.DropColumn: _drop_column,
    c.AlterColumnType: _retype,
    c.SetNotNull: _nullability,
    c.DropNotNull: _nullability,
    c.ModifyColumn: _modify,
    c.AddConstraint: _add_constraint,
    c.DropConstraint: _drop_constraint,
    c.CreateIndex: _create_index,
    c.SetTableOption: _option,
    c.AlterPartitions: _partitions,
    c.Maintenance: _maintenance,
    c.AlterAlgorithm: _wished,
}


def modify(table: str, column: Column) -> str:
    """A revision's line that writes a column anew with all it is to have: MODIFY keeps nothing by itself."""
    parts = [
        f"ALTER TABLE {ticked(table)} MODIFY {ticked(column.name)} {column.type}",
        _text_kind(column.collation) if column.collation else "",
        "NULL" if column.nullable else "NOT NULL",
        f"DEFAULT {column.default}" if column.default is not None else "",
        "AUTO_INCREMENT" if column.identity else "",
        *(one for one in column.also if not one.startswith("CHECK ")),
        "COMMENT '{}'".format(column.comment.replace("'", "''")) if column.comment else "",
        *(one for one in column.also if one.startswith("CHECK ")),  # MariaDB takes it last, and only there
    ]
    return execute(" ".join(part for part in parts if part))


def _text_kind(name: str) -> str:
    """A collation says its character set before a ``_``; a character set alone has none."""
    return f"{'COLLATE' if '_' in name else 'CHARACTER SET'} {name}"


def keeping(change: c.ModifyColumn, before: Column, lost: tuple[str, ...]) -> Column:
    """The column as a MODIFY wants it, with what it would lose by accident (``gate.sql.modified.lost_attributes``)."""
    spec, kept = change.spec, " ".join(lost)
    default_lost = before.default is not None and ("DEFAULT " in kept or "ON UPDATE " in kept)
    said = (*(["INVISIBLE"] if spec.visible is False else []), *([f"CHECK ({spec.check})"] if spec.check else []))
    return replace(
        before,
        type=spec.type,
        nullable=before.nullable if "NOT NULL" in lost else spec.nullable,
        default=before.default if default_lost else spec.default,
        comment=before.comment if "COMMENT" in lost else spec.comment,
        identity=before.identity if "AUTO_INCREMENT" in lost else spec.identity,
        collation=spec.collation or before.collation,
        also=(*(one for one in before.also if one in lost), *said),
    )
