"""PostgreSQL's other DDL: objects created, dropped, renamed and moved, maintenance, settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from postgast import pg_query_pb2 as pg

from gate.facts import changes as c
from gate.sql._pg_columns import table_elements
from gate.sql._pg_nodes import constant_string, dotted, object_name, relation, strings, tables_read, text_of

Reading = Callable[[Any], Iterator[c.Change]]


def create_table(node: pg.CreateStmt) -> Iterator[c.Change]:
    """CREATE TABLE, also PARTITION OF and INHERITS."""
    columns, constraints = table_elements(node.table_elts)
    parent = relation(node.inh_relations[0].range_var) if node.HasField("partbound") else None
    yield c.CreateTable(
        relation(node.relation),
        columns,
        constraints,
        partition_of=parent,
        if_not_exists=node.if_not_exists,
        temporary=node.relation.relpersistence == "t",
    )


def create_table_as(node: pg.CreateTableAsStmt) -> Iterator[c.Change]:
    """CREATE TABLE AS and CREATE MATERIALIZED VIEW."""
    name, reads = relation(node.into.rel), () if node.into.skip_data else tables_read(node.query)
    if node.objtype == pg.OBJECT_MATVIEW:
        yield c.CreateView(name, materialized=True, reads=reads)
    else:
        temporary = node.into.rel.relpersistence == "t"
        yield c.CreateTable(name, as_query=True, if_not_exists=node.if_not_exists, temporary=temporary, reads=reads)


def create_index(node: pg.IndexStmt) -> Iterator[c.Change]:
    """CREATE INDEX; expressions have no column of their own."""
    yield c.CreateIndex(
        relation(node.relation),
        node.idxname or None,
        tuple(one.index_elem.name for one in node.index_params if one.index_elem.name),
        unique=node.unique,
        concurrently=node.concurrent,
        if_not_exists=node.if_not_exists,
        where=text_of(node.where_clause) if node.HasField("where_clause") else None,
        method=node.access_method or None,
        only=not node.relation.inh,
    )


def drop(node: pg.DropStmt) -> Iterator[c.Change]:
    """DROP of anything that has a name."""
    cascade, kind = node.behavior == pg.DROP_CASCADE, node.remove_type
    for one in node.objects:
        name = object_name(one)
        if kind in (pg.OBJECT_TABLE, pg.OBJECT_FOREIGN_TABLE):
            yield c.DropTable(name, cascade, if_exists=node.missing_ok)
        elif kind == pg.OBJECT_INDEX:
            yield c.DropIndex(name, concurrently=node.concurrent, if_exists=node.missing_ok)
        elif kind in (pg.OBJECT_VIEW, pg.OBJECT_MATVIEW):
            yield c.DropView(name, cascade, materialized=kind == pg.OBJECT_MATVIEW)
        elif kind in (pg.OBJECT_TYPE, pg.OBJECT_DOMAIN):
            yield c.DropType(name, cascade)
        elif kind == pg.OBJECT_SCHEMA:
            yield c.DropSchema(name, cascade)
        elif kind == pg.OBJECT_TRIGGER:
            yield c.DropTrigger(dotted(one.list.items[:-1]), one.list.items[-1].string.sval)
        elif kind in (pg.OBJECT_POLICY, pg.OBJECT_RULE):
            yield c.SetTableOption(dotted(one.list.items[:-1]), _word(kind), one.list.items[-1].string.sval)
        else:
            yield c.DropObject(_word(kind), name, cascade)


def _word(kind: int) -> str:
    return str(pg.ObjectType.Name(kind)).removeprefix("OBJECT_").lower().replace("_", "-")


def rename(node: pg.RenameStmt) -> Iterator[c.Change]:
    """ALTER ... RENAME."""
    kind, name = node.rename_type, relation(node.relation)
    if kind in (pg.OBJECT_TABLE, pg.OBJECT_VIEW, pg.OBJECT_MATVIEW, pg.OBJECT_FOREIGN_TABLE):
        schema = node.relation.schemaname
        yield c.RenameTable(name, f"{schema}.{node.newname}" if schema not in ("", "public") else node.newname)
    elif kind == pg.OBJECT_COLUMN:
        yield c.RenameColumn(name, node.subname, node.newname)
    elif kind == pg.OBJECT_INDEX:
        yield c.RenameIndex(name, node.newname)
    elif kind == pg.OBJECT_TABCONSTRAINT:
        yield c.RenameIndex(node.subname, node.newname, table=name)
    elif kind == pg.OBJECT_SCHEMA:
        yield c.RenameSchema(node.subname, node.newname)
    elif kind in (pg.OBJECT_TYPE, pg.OBJECT_DOMAIN):
        yield c.RenameType(object_name(node.object), node.newname)
    else:
        yield c.Harmless(f"rename {_word(kind)}")


def move(node: pg.AlterObjectSchemaStmt) -> Iterator[c.Change]:
    """ALTER ... SET SCHEMA."""
    if node.object_type in (pg.OBJECT_TABLE, pg.OBJECT_VIEW, pg.OBJECT_MATVIEW, pg.OBJECT_FOREIGN_TABLE):
        yield c.MoveTable(relation(node.relation), node.newschema)
    elif node.object_type in (pg.OBJECT_TYPE, pg.OBJECT_DOMAIN):
        name = object_name(node.object)
        yield c.RenameType(name, f"{node.newschema}.{name.rpartition('.')[2]}")
    else:
        yield c.Harmless(f"move {_word(node.object_type)}")


def alter_enum(node: pg.AlterEnumStmt) -> Iterator[c.Change]:
    """ALTER TYPE ... ADD VALUE, RENAME VALUE."""
    name = dotted(node.type_name)
    yield c.RenameEnumValue(name, node.old_val, node.new_val) if node.old_val else c.AddEnumValue(name, node.new_val)


def alter_domain(node: pg.AlterDomainStmt) -> Iterator[c.Change]:
    """ALTER DOMAIN: ``T`` default, ``N``/``O`` drop/set not null, ``C``/``X``/``V`` add/drop/validate constraint."""
    action = {
        "T": "default",
        "N": "drop not null",
        "O": "set not null",
        "C": "add constraint",
        "X": "drop constraint",
        "V": "validate constraint",
    }.get(node.subtype, "other")
    added = getattr(node, "def").constraint
    yield c.AlterDomain(dotted(node.type_name), action, node.name or added.conname or None, added.skip_validation)


def truncate(node: pg.TruncateStmt) -> Iterator[c.Change]:
    """TRUNCATE of one or several tables."""
    for one in node.relations:
        yield c.Truncate(relation(one.range_var), node.behavior == pg.DROP_CASCADE)


def vacuum(node: pg.VacuumStmt) -> Iterator[c.Change]:
    """VACUUM, VACUUM FULL and ANALYZE, of some tables or of all."""
    full = any(one.def_elem.defname == "full" and _on(one.def_elem) for one in node.options)
    verb = "vacuum-full" if full else "vacuum" if node.is_vacuumcmd else "analyze"
    for one in node.rels or [pg.Node()]:
        yield c.Maintenance(verb, relation(one.vacuum_relation.relation) or None)


def _on(node: pg.DefElem) -> bool:
    word = node.arg.string.sval.lower() if node.arg.HasField("string") else ""
    return word not in ("off", "false", "0") and not (node.arg.HasField("integer") and node.arg.integer.ival == 0)


def reindex(node: pg.ReindexStmt) -> Iterator[c.Change]:
    """REINDEX of an index, table, schema, system or database."""
    what = pg.ReindexObjectType.Name(node.kind).removeprefix("REINDEX_OBJECT_").lower()
    concurrently = any(one.def_elem.defname == "concurrently" and _on(one.def_elem) for one in node.params)
    yield c.Reindex(what, relation(node.relation) or node.name, concurrently)


def setting(node: pg.VariableSetStmt) -> Iterator[c.Change]:
    """SET, SET LOCAL, RESET; a list of values is joined by commas."""
    values = [constant_string(one) if constant_string(one) is not None else text_of(one) for one in node.args]
    yield c.SetSetting(node.name.lower(), ", ".join(str(one) for one in values), local=node.is_local)


def transaction(node: pg.TransactionStmt) -> Iterator[c.Change]:
    """BEGIN, COMMIT, ROLLBACK, SAVEPOINT ..."""
    verb = pg.TransactionStmtKind.Name(node.kind).removeprefix("TRANS_STMT_").lower().replace("_", " ")
    yield c.TransactionControl("begin" if verb == "start" else verb)


def lock(node: pg.LockStmt) -> Iterator[c.Change]:
    """LOCK TABLE; the modes are numbered as in ``lockdefs.h``."""
    modes = (
        "",
        "ACCESS SHARE",
        "ROW SHARE",
        "ROW EXCLUSIVE",
        "SHARE UPDATE EXCLUSIVE",
        "SHARE",
        "SHARE ROW EXCLUSIVE",
        "EXCLUSIVE",
        "ACCESS EXCLUSIVE",
    )
    for one in node.relations:
        yield c.LockTable(relation(one.range_var), modes[node.mode] if node.mode < len(modes) else "")


def enum(node: pg.CreateEnumStmt) -> Iterator[c.Change]:
    """CREATE TYPE ... AS ENUM."""
    yield c.CreateEnum(dotted(node.type_name), strings(node.vals))


def policy(node: Any) -> Iterator[c.Change]:
    """CREATE or ALTER POLICY."""
    yield c.SetTableOption(relation(node.table), "policy", node.policy_name)


READERS: dict[str, Reading] = {
    "create_stmt": create_table,
    "create_foreign_table_stmt": lambda node: create_table(node.base_stmt),
    "create_table_as_stmt": create_table_as,
    "index_stmt": create_index,
    "drop_stmt": drop,
    "rename_stmt": rename,
    "alter_object_schema_stmt": move,
    "alter_enum_stmt": alter_enum,
    "create_enum_stmt": enum,
    "alter_domain_stmt": alter_domain,
    "truncate_stmt": truncate,
    "vacuum_stmt": vacuum,
    "reindex_stmt": reindex,
    "variable_set_stmt": setting,
    "transaction_stmt": transaction,
    "lock_stmt": lock,
    "create_policy_stmt": policy,
    "alter_policy_stmt": policy,
    "cluster_stmt": lambda node: iter([c.Maintenance("cluster", relation(node.relation) or None)]),
    "refresh_mat_view_stmt": lambda node: iter(
        [c.RefreshMaterializedView(relation(node.relation), concurrently=node.concurrent)]
    ),
    "view_stmt": lambda node: iter([c.CreateView(relation(node.view), replace=node.replace)]),
    "create_trig_stmt": lambda node: iter([c.CreateTrigger(relation(node.relation), node.trigname)]),
    "create_schema_stmt": lambda node: iter([c.CreateSchema(node.schemaname)]),
    "createdb_stmt": lambda node: iter([c.CreateSchema(node.dbname)]),
    "dropdb_stmt": lambda node: iter([c.DropSchema(node.dbname)]),
    "comment_stmt": lambda node: iter([c.Comment(f"{_word(node.objtype)} {object_name(node.object)}".strip())]),
    "create_function_stmt": lambda _: iter([c.Harmless("create function")]),
    "call_stmt": lambda _: iter([c.CodeBlock("call")]),
    "execute_stmt": lambda _: iter([c.CodeBlock("execute")]),
    "explain_stmt": lambda node: iter([c.Query(tables_read(node))]),
    "declare_cursor_stmt": lambda node: iter([c.Query(tables_read(node))]),
}
