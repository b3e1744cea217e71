"""SQL inside PL/pgSQL: what a DO block holds as plain text.

Whether a branch ran, and what EXECUTE was given, only the observation shows; so a block is read for the fall-back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import postgast
from postgast import PgQueryError
from postgast import pg_query_pb2 as pg

from gate.facts.changes import Change, CodeBlock, Query
from gate.sql._parsed import Parsed
from gate.sql._pg_nodes import constant_string

Read = Callable[[str], Parsed]


def do_block(text: str, read: Read) -> Parsed:
    """A DO block: itself, then the statements in it; not understood when some text is made at run time."""
    try:
        tree = postgast.parse_plpgsql(text)
    except PgQueryError:
        return Parsed((CodeBlock("do"),), understood=False)
    changes: list[Change] = [CodeBlock("do", ends=_ends(tree))]
    understood = True
    for query, dynamic in _queries(tree):
        known = _constant(query) if dynamic else query
        inner = read(known) if known is not None else Parsed(understood=False)
        changes += [one for one in inner.changes if not isinstance(one, Query)]
        understood = understood and inner.understood
    return Parsed(tuple(changes), understood)


def _queries(node: Any) -> Iterator[tuple[str, bool]]:
    """The texts of a block that are statements, and whether EXECUTE makes them."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("PLpgSQL_stmt_execsql", "PLpgSQL_stmt_dynexecute"):
                yield _text(value["sqlstmt" if key.endswith("execsql") else "query"]), key.endswith("dynexecute")
            else:
                yield from _queries(value)
    elif isinstance(node, list):
        for one in node:
            yield from _queries(one)


def _ends(node: Any) -> bool:
    if isinstance(node, dict):
        return any(key in ("PLpgSQL_stmt_commit", "PLpgSQL_stmt_rollback") or _ends(one) for key, one in node.items())
    return isinstance(node, list) and any(_ends(one) for one in node)


def _text(node: Any) -> str:
    return str(node["PLpgSQL_expr"]["query"])


def _constant(expression: str) -> str | None:
    """The text that EXECUTE runs, when it is one literal."""
    try:
        tree = postgast.parse(f"SELECT {expression}")
    except PgQueryError:
        return None
    targets = tree.stmts[0].stmt.select_stmt.target_list
    return constant_string(targets[0].res_target.val) if len(targets) == 1 else None


def is_plpgsql(node: pg.DoStmt) -> bool:
    """A DO block without LANGUAGE, or with plpgsql."""
    words = [one.def_elem.arg.string.sval for one in node.args if one.def_elem.defname == "language"]
    return words in ([], ["plpgsql"])
