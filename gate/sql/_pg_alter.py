"""PostgreSQL's ALTER TABLE, sub-command by sub-command.

https://www.postgresql.org/docs/current/sql-altertable.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from postgast import pg_query_pb2 as pg

from gate.facts import changes as c
from gate.sql._pg_columns import column, constraint
from gate.sql._pg_nodes import dotted, relation, text_of
from gate.sql._pg_types import type_text

Reading = Callable[[str, pg.AlterTableCmd], Iterator[c.Change]]

_OPTIONS = {
    pg.AT_SetLogged: "logged",
    pg.AT_SetUnLogged: "unlogged",
    pg.AT_SetAccessMethod: "access-method",
    pg.AT_SetTableSpace: "tablespace",
    pg.AT_SetRelOptions: "storage-parameter",
    pg.AT_ResetRelOptions: "storage-parameter",
    pg.AT_ReplaceRelOptions: "storage-parameter",
    pg.AT_ReplicaIdentity: "replica-identity",
    pg.AT_EnableRowSecurity: "row-level-security",
    pg.AT_DisableRowSecurity: "row-level-security",
    pg.AT_ForceRowSecurity: "row-level-security",
    pg.AT_NoForceRowSecurity: "row-level-security",
    pg.AT_ChangeOwner: "owner",
    pg.AT_SetStatistics: "statistics",
    pg.AT_SetOptions: "column-option",
    pg.AT_ResetOptions: "column-option",
    pg.AT_SetStorage: "storage",
    pg.AT_SetCompression: "compression",
    pg.AT_ClusterOn: "cluster-on",
    pg.AT_DropCluster: "cluster-on",
    pg.AT_AlterConstraint: "alter-constraint",
    pg.AT_AddIdentity: "add-identity",
    pg.AT_SetIdentity: "set-identity",
    pg.AT_DropIdentity: "drop-identity",
    pg.AT_SetExpression: "set-expression",
    pg.AT_DropExpression: "drop-expression",
    pg.AT_AddInherit: "inherit",
    pg.AT_DropInherit: "no-inherit",
    pg.AT_AddOf: "of-type",
    pg.AT_DropOf: "of-type",
    pg.AT_EnableRule: "rule",
    pg.AT_DisableRule: "rule",
    pg.AT_GenericOptions: "generic-option",
    pg.AT_DetachPartitionFinalize: "detach-finalize",
}
_DISABLE = frozenset({pg.AT_DisableTrig, pg.AT_DisableTrigAll, pg.AT_DisableTrigUser})
_ENABLE = frozenset(
    {pg.AT_EnableTrig, pg.AT_EnableTrigAll, pg.AT_EnableTrigUser, pg.AT_EnableAlwaysTrig, pg.AT_EnableReplicaTrig}
)


def alter_table(node: pg.AlterTableStmt) -> Iterator[c.Change]:
    """The changes of ALTER TABLE (also of a foreign table or a materialized view), in order."""
    if node.objtype not in (pg.OBJECT_TABLE, pg.OBJECT_FOREIGN_TABLE, pg.OBJECT_MATVIEW):
        yield c.Harmless("alter " + pg.ObjectType.Name(node.objtype).removeprefix("OBJECT_").lower())
        return
    table = relation(node.relation)
    for one in node.cmds:
        yield from _command(table, one.alter_table_cmd)


def _command(table: str, node: pg.AlterTableCmd) -> Iterator[c.Change]:
    if node.subtype in _READINGS:
        yield from _READINGS[node.subtype](table, node)
    elif node.subtype in _DISABLE | _ENABLE:
        yield c.DropTrigger(table, node.name or "all", "disable" if node.subtype in _DISABLE else "enable")
    else:
        name = _OPTIONS.get(node.subtype) or pg.AlterTableType.Name(node.subtype).removeprefix("AT_").lower()
        yield c.SetTableOption(table, name, node.name)


def _add_column(table: str, node: pg.AlterTableCmd) -> Iterator[c.Change]:
    yield c.AddColumn(table, column(getattr(node, "def").column_def), if_not_exists=node.missing_ok)


def _drop_column(table: str, node: pg.AlterTableCmd) -> Iterator[c.Change]:
    yield c.DropColumn(table, node.name, cascade=node.behavior == pg.DROP_CASCADE)


def _type(table: str, node: pg.AlterTableCmd) -> Iterator[c.Change]:
    new = getattr(node, "def").column_def
    using = text_of(new.raw_default) if new.HasField("raw_default") else None
    collation = dotted(new.coll_clause.collname) or None
    yield c.AlterColumnType(table, node.name, type_text(new.type_name), using, collation)


def _default(table: str, node: pg.AlterTableCmd) -> Iterator[c.Change]:
    if node.HasField("def"):
        yield c.SetDefault(table, node.name, text_of(getattr(node, "def")))
    else:
        yield c.DropDefault(table, node.name)


def _add_constraint(table: str, node: pg.AlterTableCmd) -> Iterator[c.Change]:
    made = constraint(getattr(node, "def").constraint)
    if made:
        yield c.AddConstraint(table, made)


def _drop_constraint(table: str, node: pg.AlterTableCmd) -> Iterator[c.Change]:
    yield c.DropConstraint(table, node.name, cascade=node.behavior == pg.DROP_CASCADE)


def _attach(table: str, node: pg.AlterTableCmd) -> Iterator[c.Change]:
    part = getattr(node, "def").partition_cmd
    yield c.AttachPartition(table, relation(part.name), default=part.bound.is_default)


def _detach(table: str, node: pg.AlterTableCmd) -> Iterator[c.Change]:
    part = getattr(node, "def").partition_cmd
    yield c.DetachPartition(table, relation(part.name), concurrently=part.concurrent)


_READINGS: dict[int, Reading] = {
    pg.AT_AddColumn: _add_column,
    pg.AT_DropColumn: _drop_column,
    pg.AT_AlterColumnType: _type,
    pg.AT_SetNotNull: lambda table, node: iter([c.SetNotNull(table, node.name)]),
    pg.AT_DropNotNull: lambda table, node: iter([c.DropNotNull(table, node.name)]),
    pg.AT_ColumnDefault: _default,
    pg.AT_AddConstraint: _add_constraint,
    pg.AT_ValidateConstraint: lambda table, node: iter([c.ValidateConstraint(table, node.name)]),
    pg.AT_DropConstraint: _drop_constraint,
    pg.AT_AttachPartition: _attach,
    pg.AT_DetachPartition: _detach,
}
