"""Typed schema changes: what one SQL statement means, whichever dialect it was written in.

``gate.sql`` makes these from statement text. Names are unquoted and lower-cased where the dialect folds them; tables
outside the default schema are qualified. Expressions are SQL text. A statement may hold several changes
(``ALTER TABLE t ADD a int, DROP b``), in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gate.facts.schema import ConstraintKind


@dataclass(frozen=True)
class Change:
    """The root of all changes."""


@dataclass(frozen=True)
class ColumnSpec:
    """A column as a statement writes it. ``volatile`` tells a default that differs by row or call.

    ``visible`` is None where the statement says neither VISIBLE nor INVISIBLE.
    """

    name: str
    type: str = ""
    nullable: bool = True
    default: str | None = None
    generated: Literal["stored", "virtual"] | None = None
    identity: bool = False
    primary_key: bool = False
    unique: bool = False
    check: str | None = None
    references: str | None = None
    collation: str | None = None
    comment: str | None = None
    first: bool = False
    after: str | None = None
    volatile: bool = False
    visible: bool | None = None


@dataclass(frozen=True)
class ConstraintSpec:
    """A constraint as a statement writes it. ``name`` is None where the server would choose one.

    ``lengths`` as in CreateIndex.
    ``enforced`` is false for MySQL's ``NOT ENFORCED``, which no row has to keep.
    """

    kind: ConstraintKind
    name: str | None = None
    columns: tuple[str, ...] = ()
    expression: str | None = None
    references: str | None = None
    referenced_columns: tuple[str, ...] = ()
    on_delete: str | None = None
    not_valid: bool = False
    using_index: str | None = None
    deferrable: bool = False
    initially_deferred: bool = False
    enforced: bool = True
    lengths: tuple[int, ...] = ()


@dataclass(frozen=True)
class CreateTable(Change):
    """CREATE TABLE; ``as_query`` where it copies, ``reads`` from where; ``partition_of`` names the parent."""

    table: str
    columns: tuple[ColumnSpec, ...] = ()
    constraints: tuple[ConstraintSpec, ...] = ()
    partition_of: str | None = None
    as_query: bool = False
    if_not_exists: bool = False
    temporary: bool = False
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class DropTable(Change):
    """DROP TABLE."""

    table: str
    cascade: bool = False
    if_exists: bool = False


@dataclass(frozen=True)
class RenameTable(Change):
    """ALTER TABLE ... RENAME TO, RENAME TABLE."""

    table: str
    to: str


@dataclass(frozen=True)
class RecreateTable(Change):
    """SQLite's way to alter: a new table, the rows copied, the old one dropped, the new one renamed.

    ``gate.sql.resolve`` puts it, followed by the changes that it amounts to, where the rows are copied;
    ``temporary`` is the new table's first name, ``steps`` the numbers of all its statements. ``aside`` is the name that
    the old table was given first, where the new one is made under the final name at once.
    """

    table: str
    temporary: str
    steps: tuple[int, ...] = ()
    aside: str | None = None


@dataclass(frozen=True)
class MoveTable(Change):
    """ALTER TABLE ... SET SCHEMA."""

    table: str
    schema: str


@dataclass(frozen=True)
class AddColumn(Change):
    """ADD COLUMN."""

    table: str
    column: ColumnSpec
    if_not_exists: bool = False


@dataclass(frozen=True)
class DropColumn(Change):
    """DROP COLUMN."""

    table: str
    column: str
    cascade: bool = False


@dataclass(frozen=True)
class RenameColumn(Change):
    """RENAME COLUMN a TO b; also Alembic's ``RENAME a TO b``."""

    table: str
    column: str
    to: str


@dataclass(frozen=True)
class AlterColumnType(Change):
    """ALTER COLUMN ... TYPE."""

    table: str
    column: str
    type: str
    using: str | None = None
    collation: str | None = None


@dataclass(frozen=True)
class ModifyColumn(Change):
    """MySQL's and MariaDB's MODIFY and CHANGE: the whole column written anew; ``column`` is its old name."""

    table: str
    column: str
    spec: ColumnSpec


@dataclass(frozen=True)
class SetNotNull(Change):
    """ALTER COLUMN ... SET NOT NULL."""

    table: str
    column: str


@dataclass(frozen=True)
class DropNotNull(Change):
    """ALTER COLUMN ... DROP NOT NULL."""

    table: str
    column: str


@dataclass(frozen=True)
class SetDefault(Change):
    """ALTER COLUMN ... SET DEFAULT."""

    table: str
    column: str
    default: str


@dataclass(frozen=True)
class DropDefault(Change):
    """ALTER COLUMN ... DROP DEFAULT."""

    table: str
    column: str


@dataclass(frozen=True)
class AddConstraint(Change):
    """ADD CONSTRAINT, also the inline ones of CREATE INDEX-less dialects."""

    table: str
    constraint: ConstraintSpec


@dataclass(frozen=True)
class ValidateConstraint(Change):
    """VALIDATE CONSTRAINT."""

    table: str
    name: str


@dataclass(frozen=True)
class DropConstraint(Change):
    """DROP CONSTRAINT; MySQL's DROP FOREIGN KEY, DROP CHECK, DROP PRIMARY KEY (then ``kind`` says which)."""

    table: str
    name: str | None
    kind: ConstraintKind | None = None
    cascade: bool = False


@dataclass(frozen=True)
class CreateIndex(Change):
    """CREATE INDEX; ``only`` leaves the partitions out; ``method`` is ``spatial`` for MySQL's SPATIAL INDEX.

    ``lengths`` are how many characters of each column MySQL and MariaDB index (``phone(5)``), 0 for all of them; empty
    where all columns are whole.
    """

    table: str
    name: str | None
    columns: tuple[str, ...] = ()
    unique: bool = False
    concurrently: bool = False
    if_not_exists: bool = False
    fulltext: bool = False
    where: str | None = None
    method: str | None = None
    only: bool = False
    lengths: tuple[int, ...] = ()


@dataclass(frozen=True)
class DropIndex(Change):
    """DROP INDEX. PostgreSQL and SQLite do not name the table: then it is found in the catalogue."""

    name: str
    table: str | None = None
    concurrently: bool = False
    if_exists: bool = False


@dataclass(frozen=True)
class RenameIndex(Change):
    """ALTER INDEX ... RENAME TO, RENAME INDEX, RENAME CONSTRAINT."""

    name: str
    to: str
    table: str | None = None


@dataclass(frozen=True)
class Reindex(Change):
    """REINDEX of an index, table, schema or database."""

    what: str
    name: str
    concurrently: bool = False


@dataclass(frozen=True)
class Insert(Change):
    """INSERT; ``from_query`` tells INSERT ... SELECT."""

    table: str
    columns: tuple[str, ...] = ()
    from_query: bool = False
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Update(Change):
    """UPDATE; ``columns`` are those set; ``always`` tells a WHERE that is missing or always true.

    ``equals`` are the columns that every row must match with a constant or a parameter (one value or a list);
    ``by_key`` says that ``id`` is among them; ``bounded`` tells a range of keys or a LIMIT.
    """

    table: str
    columns: tuple[str, ...] = ()
    where: str | None = None
    always: bool = False
    by_key: bool = False
    bounded: bool = False
    reads: tuple[str, ...] = ()
    read_columns: tuple[str, ...] = ()
    equals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Delete(Change):
    """DELETE; ``always`` and ``equals`` as in Update."""

    table: str
    where: str | None = None
    always: bool = False
    by_key: bool = False
    bounded: bool = False
    equals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Truncate(Change):
    """TRUNCATE; of MySQL's ``partitions`` alone where they are named, which DROP PARTITION takes away too (``drops``)."""

    table: str
    cascade: bool = False
    partitions: tuple[str, ...] = ()
    drops: bool = False


@dataclass(frozen=True)
class CreateEnum(Change):
    """CREATE TYPE ... AS ENUM."""

    type: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class AddEnumValue(Change):
    """ALTER TYPE ... ADD VALUE."""

    type: str
    value: str


@dataclass(frozen=True)
class RenameEnumValue(Change):
    """ALTER TYPE ... RENAME VALUE."""

    type: str
    value: str
    to: str


@dataclass(frozen=True)
class DropType(Change):
    """DROP TYPE or DROP DOMAIN."""

    type: str
    cascade: bool = False


@dataclass(frozen=True)
class DropObject(Change):
    """DROP of what has no class of its own (function, sequence, extension ...); ``what`` is its kind, lower-cased."""

    what: str
    name: str
    cascade: bool = False


@dataclass(frozen=True)
class AlterDomain(Change):
    """ALTER DOMAIN ADD CONSTRAINT / SET NOT NULL / VALIDATE CONSTRAINT; ``action`` is those words lower-cased."""

    domain: str
    action: str
    name: str | None = None
    not_valid: bool = False


@dataclass(frozen=True)
class CreateTrigger(Change):
    """CREATE TRIGGER."""

    table: str
    name: str


@dataclass(frozen=True)
class DropTrigger(Change):
    """DROP TRIGGER, DISABLE/ENABLE TRIGGER; ``action`` is ``drop``, ``disable`` or ``enable``."""

    table: str
    name: str
    action: str = "drop"


@dataclass(frozen=True)
class AttachPartition(Change):
    """ATTACH PARTITION."""

    table: str
    partition: str
    default: bool = False


@dataclass(frozen=True)
class DetachPartition(Change):
    """DETACH PARTITION."""

    table: str
    partition: str
    concurrently: bool = False


@dataclass(frozen=True)
class CreateView(Change):
    """CREATE [OR REPLACE] [MATERIALIZED] VIEW; ``reads``: what a materialized one is filled from at once."""

    view: str
    replace: bool = False
    materialized: bool = False
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class DropView(Change):
    """DROP [MATERIALIZED] VIEW."""

    view: str
    cascade: bool = False
    materialized: bool = False


@dataclass(frozen=True)
class RefreshMaterializedView(Change):
    """REFRESH MATERIALIZED VIEW."""

    view: str
    concurrently: bool = False


@dataclass(frozen=True)
class AlterPartitions(Change):
    """MySQL's and MariaDB's partition clauses of ALTER TABLE.

    ``action``: ``by`` (PARTITION BY), ``add`` (a range or list of its own), ``spread`` (more of HASH or KEY), ``remove``
    (REMOVE PARTITIONING), ``reorganize``, ``rebuild``, ``coalesce``, ``exchange``; ``names`` are the partitions named
    (none: all of them), ``other`` is the table that takes a partition's place.
    """

    table: str
    action: str
    names: tuple[str, ...] = ()
    other: str | None = None


@dataclass(frozen=True)
class SetTableOption(Change):
    """One storage or engine option.

    ``logged``, ``unlogged``, ``access-method``, ``tablespace``, ``engine``, ``charset``, ``row-format``,
    ``row-level-security``, ``replica-identity``, ``owner``, ``auto-increment`` ...
    """

    table: str
    option: str
    value: str = ""


@dataclass(frozen=True)
class AlterAlgorithm(Change):
    """ALGORITHM= and LOCK= that the statement itself asks for (MySQL, MariaDB), upper-cased."""

    table: str
    algorithm: str | None = None
    lock: str | None = None

    @property
    def stops_writes(self) -> bool:
        """Whether writers wait because of these words."""
        return self.algorithm == "COPY" or self.lock in ("SHARED", "EXCLUSIVE")


@dataclass(frozen=True)
class Maintenance(Change):
    """VACUUM, VACUUM FULL, CLUSTER, ANALYZE, OPTIMIZE, ``ALTER TABLE ... FORCE``; ``verb`` lower-cased with dashes."""

    verb: str
    table: str | None = None


@dataclass(frozen=True)
class LockTable(Change):
    """LOCK TABLE, LOCK TABLES, FLUSH TABLES WITH READ LOCK; ``mode`` as written; no table: every table of the server."""

    table: str | None
    mode: str = ""


@dataclass(frozen=True)
class RenameSchema(Change):
    """ALTER SCHEMA ... RENAME TO."""

    schema: str
    to: str


@dataclass(frozen=True)
class RenameType(Change):
    """ALTER TYPE or ALTER DOMAIN ... RENAME TO or SET SCHEMA; ``to`` then has the schema."""

    type: str
    to: str


@dataclass(frozen=True)
class CreateSchema(Change):
    """CREATE SCHEMA or CREATE DATABASE."""

    schema: str


@dataclass(frozen=True)
class DropSchema(Change):
    """DROP SCHEMA or DROP DATABASE."""

    schema: str
    cascade: bool = False


@dataclass(frozen=True)
class TransactionControl(Change):
    """BEGIN, COMMIT, ROLLBACK, SAVEPOINT ...; ``verb`` lower-cased."""

    verb: str


@dataclass(frozen=True)
class SetSetting(Change):
    """SET name = value, ``SELECT set_config(...)``, PRAGMA (then ``name`` starts with ``pragma ``)."""

    name: str
    value: str
    local: bool = False


@dataclass(frozen=True)
class Comment(Change):
    """COMMENT ON."""

    on: str


@dataclass(frozen=True)
class CodeBlock(Change):
    """DO block, CALL ...: code whose effect only the observation shows; ``verb`` lower-cased.

    ``ends``: it has a COMMIT or ROLLBACK of its own, whether or not that is ever reached.
    """

    verb: str
    ends: bool = False


@dataclass(frozen=True)
class Query(Change):
    """SELECT and friends: reads only, as far as the text tells; ``tables`` and ``calls`` are what it names."""

    tables: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Harmless(Change):
    """Known and of no interest to any rule (GRANT, CREATE EXTENSION, CREATE SEQUENCE ...); ``verb`` lower-cased."""

    verb: str


# What takes rows along with it by its own nature.
TAKES_ROWS = (Delete, Truncate, RecreateTable, DropTable)

# What an empty downgrade() is right for: rows, settings, proofs, and a label that no statement can remove.
_NO_WAY_BACK = (
    Insert,
    Update,
    Delete,
    Truncate,
    Query,
    SetSetting,
    TransactionControl,
    ValidateConstraint,
    AddEnumValue,
    Maintenance,
    Reindex,
    Comment,
    Harmless,
    LockTable,
    RefreshMaterializedView,
    AlterAlgorithm,
    CodeBlock,  # what it did stands beside it
)


def changes_schema(change: Change) -> bool:
    """Whether a change is one that a downgrade can and should take back."""
    proves = isinstance(change, AlterDomain) and change.action == "validate constraint"
    return not proves and not isinstance(change, _NO_WAY_BACK)


def called_before(change: Change, table: str) -> str:
    """What a table was called before a change: renamed, moved to another schema, or its schema renamed."""
    if isinstance(change, RenameTable) and change.to == table:
        return change.table
    if isinstance(change, MoveTable):
        now = f"{change.schema}.{change.table.rpartition('.')[2]}".removeprefix("public.")
        return change.table if now == table else table
    if isinstance(change, RenameSchema) and table.startswith(f"{change.to}."):
        return f"{change.schema}{table[len(change.to) :]}".removeprefix("public.")
    return table
