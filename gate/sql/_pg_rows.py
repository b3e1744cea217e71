"""PostgreSQL statements that read or write rows: how much of a table they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from postgast import pg_query_pb2 as pg

from gate.facts import changes as c
from gate.sql._pg_columns import STABLE
from gate.sql._pg_nodes import (
    column_names,
    column_of,
    conjuncts,
    constant_string,
    dotted,
    is_constant,
    nodes_of,
    operator,
    relation,
    tables_read,
    text_of,
    uncast,
)


def ctes(clause: pg.WithClause) -> Iterator[c.Change]:
    """The writes inside WITH."""
    for one in clause.ctes:
        query = one.common_table_expr.ctequery
        kind = query.WhichOneof("node")
        if kind in READERS and kind != "select_stmt":
            yield from READERS[kind](getattr(query, kind))


def insert(node: pg.InsertStmt) -> Iterator[c.Change]:
    """INSERT: from a list of values or from a query over tables."""
    yield from ctes(node.with_clause)
    source = node.select_stmt
    reads = tables_read(source) if source.select_stmt.from_clause or node.HasField("with_clause") else ()
    columns = tuple(one.res_target.name for one in node.cols)
    yield c.Insert(relation(node.relation), columns, from_query=bool(reads), reads=reads)


def update(node: pg.UpdateStmt) -> Iterator[c.Change]:
    """UPDATE, with what its WHERE says about how many rows it takes."""
    yield from ctes(node.with_clause)
    table = relation(node.relation)
    values = [one.res_target.val for one in node.target_list]
    condition = node.where_clause if node.HasField("where_clause") else None
    sources = [*values, *node.from_clause, *([condition] if condition else [])]
    equals = _equals(condition)
    yield c.Update(
        table,
        tuple(dict.fromkeys(one.res_target.name for one in node.target_list)),
        where=text_of(condition) if condition else None,
        always=condition is None or is_true(condition),
        by_key="id" in equals,
        bounded=_bounded(condition, [*node.from_clause, *node.with_clause.ctes]),
        reads=tuple(name for name in tables_read(node) if name != table),
        read_columns=tuple(dict.fromkeys(name for one in sources for name in column_names(one))),
        equals=equals,
    )


def delete(node: pg.DeleteStmt) -> Iterator[c.Change]:
    """DELETE, read as UPDATE is."""
    yield from ctes(node.with_clause)
    condition = node.where_clause if node.HasField("where_clause") else None
    equals = _equals(condition)
    yield c.Delete(
        relation(node.relation),
        where=text_of(condition) if condition else None,
        always=condition is None or is_true(condition),
        by_key="id" in equals,
        bounded=_bounded(condition, [*node.using_clause, *node.with_clause.ctes]),
        equals=equals,
    )


def merge(node: pg.MergeStmt) -> Iterator[c.Change]:
    """MERGE counts as the writes that its branches make, each from a query."""
    table, reads = relation(node.relation), tables_read(node.source_relation)
    branches = {one.merge_when_clause.command_type for one in node.merge_when_clauses}
    if pg.CMD_INSERT in branches:
        yield c.Insert(table, from_query=True, reads=reads)
    if pg.CMD_UPDATE in branches:
        yield c.Update(table, _set_by(node), reads=reads, where=text_of(node.join_condition))
    if pg.CMD_DELETE in branches:
        yield c.Delete(table, where=text_of(node.join_condition))


def _set_by(node: pg.MergeStmt) -> tuple[str, ...]:
    """The columns that the UPDATE branches set."""
    clauses = [one.merge_when_clause for one in node.merge_when_clauses]
    updates = [one for one in clauses if one.command_type == pg.CMD_UPDATE]
    return tuple(dict.fromkeys(target.res_target.name for one in updates for target in one.target_list))


def copy(node: pg.CopyStmt) -> Iterator[c.Change]:
    """COPY FROM writes rows, COPY TO reads them."""
    table = relation(node.relation)
    yield c.Insert(table, from_query=True) if node.is_from else c.Query((table,) if table else tables_read(node.query))


def select(node: pg.SelectStmt) -> Iterator[c.Change]:
    """SELECT: reads, SELECT INTO, or the settings that ``set_config`` changes."""
    yield from ctes(node.with_clause)
    if node.HasField("into_clause"):
        made = relation(node.into_clause.rel)
        yield c.CreateTable(made, as_query=True, reads=tuple(name for name in tables_read(node) if name != made))
        return
    settings = list(_settings(node))
    yield from settings
    if not settings:
        tables, calls = tables_read(node), _calls(node)
        yield c.Query(tables, calls=calls)
        if not tables and any(_is_unknown(name) for name in calls):
            yield c.CodeBlock("select")  # SELECT f(): what a function of the project does, only the server knows


def _is_unknown(name: str) -> bool:
    """Whether a function is none of the server's own, as far as its name tells."""
    return name not in STABLE and name not in _BUILT_IN and not name.startswith("pg_")


def _settings(node: pg.SelectStmt) -> Iterator[c.Change]:
    for one in node.target_list:
        call = one.res_target.val.func_call
        if call.funcname and call.funcname[-1].string.sval == "set_config" and len(call.args) > 1:
            name, value = constant_string(call.args[0]), constant_string(call.args[1])
            local = len(call.args) > 2 and call.args[2].a_const.boolval.boolval
            yield c.SetSetting(name or "?", value or "", local=local)


def _calls(node: pg.SelectStmt) -> tuple[str, ...]:
    found = (_name(one) for one in nodes_of(node, pg.FuncCall))
    return tuple(dict.fromkeys(found))


def _name(call: pg.FuncCall) -> str:
    return dotted(call.funcname).removeprefix("pg_catalog.")


def is_true(node: pg.Node) -> bool:
    """A condition that every row meets: TRUE, 1 = 1, x = x, x IS NOT NULL OR x IS NULL ..."""
    node = uncast(node)
    kind = node.WhichOneof("node")
    if kind == "a_const":
        return bool(node.a_const.boolval.boolval) or constant_string(node) in ("t", "true")
    if kind == "bool_expr":
        return _true_bool(node.bool_expr)
    if kind == "a_expr" and operator(node.a_expr) == "=" and is_constant(node.a_expr.lexpr):
        return text_of(node.a_expr.lexpr) == text_of(node.a_expr.rexpr)
    return False


def _true_bool(node: pg.BoolExpr) -> bool:
    if node.boolop == pg.NOT_EXPR:
        inner = uncast(node.args[0])
        return inner.HasField("a_const") and inner.a_const.HasField("boolval") and not inner.a_const.boolval.boolval
    if node.boolop == pg.OR_EXPR:
        return any(map(is_true, node.args)) or _covers_null(node.args)
    return all(map(is_true, node.args))


def _covers_null(nodes: Iterable[pg.Node]) -> bool:
    """``x IS NULL OR x IS NOT NULL``."""
    tests = [(text_of(one.null_test.arg), one.null_test.nulltesttype) for one in nodes if one.HasField("null_test")]
    return len({name for name, _ in tests}) < len(set(tests))


def _equals(condition: pg.Node | None) -> tuple[str, ...]:
    """Columns that must equal a constant, or one of a list of constants."""
    found: list[str] = []
    for one in conjuncts(condition) if condition is not None else ():
        test = one.a_expr
        if operator(test) != "=" or test.kind not in (pg.AEXPR_OP, pg.AEXPR_IN, pg.AEXPR_OP_ANY):
            continue
        for side, other in ((test.lexpr, test.rexpr), (test.rexpr, test.lexpr)):
            name = column_of(side)
            if name and is_constant(other):
                found.append(name)
    return tuple(dict.fromkeys(found))


def _bounded(condition: pg.Node | None, sources: list[pg.Node]) -> bool:
    """A LIMIT in a sub-query, CTE or cursor, or a range with two constant ends on one column."""
    if any(one.HasField("limit_count") for part in sources for one in nodes_of(part, pg.SelectStmt)):
        return True
    if condition is None:
        return False
    if any(one.HasField("limit_count") for one in nodes_of(condition, pg.SelectStmt)):
        return True
    return any(nodes_of(condition, pg.CurrentOfExpr)) or _ranged(condition)


def _ranged(condition: pg.Node) -> bool:
    ends: dict[str, set[str]] = {}
    for one in conjuncts(condition):
        test = one.a_expr
        name = column_of(test.lexpr) or column_of(test.rexpr)
        if name is None:
            continue
        if test.kind == pg.AEXPR_BETWEEN and all(map(is_constant, test.rexpr.list.items)):
            return True
        if is_constant(test.rexpr) or is_constant(test.lexpr):
            ends.setdefault(name, set()).add(operator(test)[:1])
    return any({"<", ">"} <= seen for seen in ends.values())


_BUILT_IN = frozenset(
    {"nextval", "setval", "currval", "lastval", "count", "random", "clock_timestamp", "gen_random_uuid", "unnest"}
    | {
        "generate_series",
        "min",
        "max",
        "sum",
        "avg",
        "array_agg",
        "string_agg",
        "exists",
        "to_regclass",
        "has_table_privilege",
    }
)

READERS = {
    "insert_stmt": insert,
    "update_stmt": update,
    "delete_stmt": delete,
    "merge_stmt": merge,
    "select_stmt": select,
}

__all__ = ["READERS", "copy", "ctes", "delete", "insert", "is_true", "merge", "select", "update"]
