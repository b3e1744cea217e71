"""An UPDATE or MERGE of PostgreSQL with one more condition; see ``gate.sql.ranged``."""

from __future__ import annotations

from collections.abc import Callable

import postgast
from postgast import PgQueryError
from postgast import pg_query_pb2 as pg

from gate.sql._parsed import Dialect
from gate.sql._pg_nodes import conjuncts, nodes_of, relation


def narrowed(text: str, _: Dialect, table: str, condition: Callable[[str], str], /) -> str | None:
    """The statement that writes ``table``, for the rows of ``condition(name of the table in it)``; None where there is none."""
    try:
        trees = [one.stmt for one in postgast.parse(text).stmts]
    except (PgQueryError, UnicodeError):
        return None
    found = [one for one in trees if relation(_target(one)) == table]
    if len(found) != 1 or not _can_be_parted(found[0], table):
        return None
    tree = pg.ParseResult()
    tree.stmts.add().stmt.CopyFrom(found[0])
    _narrow(tree.stmts[0].stmt, condition(_target(found[0]).alias.aliasname or _target(found[0]).relname))
    return str(postgast.deparse(tree))


def _target(node: pg.Node) -> pg.RangeVar:
    return node.merge_stmt.relation if node.HasField("merge_stmt") else node.update_stmt.relation


def _can_be_parted(node: pg.Node, table: str) -> bool:
    """One write only, and one that reads no other rows of its own table: those would be new ones in later batches."""
    kinds = (pg.UpdateStmt, pg.InsertStmt, pg.DeleteStmt, pg.MergeStmt)
    if sum(1 for kind in kinds for _ in nodes_of(node, kind)) != 1:
        return False
    clauses = [one.merge_when_clause for one in node.merge_stmt.merge_when_clauses]
    matched = all(one.match_kind == pg.MERGE_WHEN_MATCHED for one in clauses)
    return matched and sum(1 for one in nodes_of(node, pg.RangeVar) if relation(one) == table) == 1


def _narrow(node: pg.Node, condition: str) -> None:
    """The same write where a condition holds besides its own."""
    more = postgast.parse(f"SELECT {condition}").stmts[0].stmt.select_stmt.target_list[0].res_target.val
    merging = node.HasField("merge_stmt")
    place = node.merge_stmt.join_condition if merging else node.update_stmt.where_clause
    own = [*conjuncts(place)] if merging or node.update_stmt.HasField("where_clause") else []
    both = pg.Node()
    both.bool_expr.boolop = pg.AND_EXPR
    for one in (*own, *conjuncts(more)):
        both.bool_expr.args.add().CopyFrom(one)
    place.CopyFrom(both)
