"""Queries and data changes of MySQL, MariaDB and SQLite, read by sqlglot (https://github.com/tobymao/sqlglot)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import expressions as exp

from gate.facts.changes import Change, Delete, Insert, Query, Update
from gate.sql._parsed import Parsed
from gate.sql._words import Word, unquoted

_LOG = logging.getLogger("sqlglot")
# its own errors, and what escapes from it on malformed text
_LIBRARY_ERRORS = (
    sqlglot.errors.SqlglotError,
    RecursionError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    AssertionError,
)


def parse(sql: str, words: tuple[Word, ...], dialect: str) -> Parsed:
    """The change that one INSERT, UPDATE, DELETE or query means."""
    tree = tree_of(_readable(sql, words), dialect)
    return Parsed(_by_words(words), understood=False) if tree is None else _read(tree, words)


def tree_of(sql: str, dialect: str) -> exp.Expr | None:
    """The library's syntax tree; None for what it cannot read, without its warnings."""
    was, _LOG.disabled = _LOG.disabled, True
    try:
        return sqlglot.parse_one(sql, read="mysql" if dialect == "mariadb" else dialect)
    except _LIBRARY_ERRORS:
        return None
    finally:
        _LOG.disabled = was


def _read(tree: exp.Expr, words: tuple[Word, ...]) -> Parsed:
    reader = _READERS.get(type(tree))
    if reader:
        return Parsed((reader(tree),))
    if isinstance(tree, exp.Query):
        return Parsed((Query(_tables(tree)),))
    return Parsed(_by_words(words), understood=False)


def _readable(sql: str, words: tuple[Word, ...]) -> str:
    """The drivers' parameter marks as question marks, REPLACE as the INSERT that it is, and SQLite's UPDATE without its OR.

    That much the library knows.
    https://www.sqlite.org/lang_update.html
    """
    ored = [word.upper for word in words[:2]] == ["UPDATE", "OR"]
    out, at = [], 0
    if words and words[0].upper == "REPLACE":
        out, at = ["INSERT"], words[0].end
    for number, word in enumerate(words):
        if word.kind == "word" and word.text.startswith("%"):
            out += [sql[at : word.start], "?"]
            at = word.end
        elif ored and number in (1, 2):
            out.append(sql[at : word.start])
            at = word.end
    return "".join([*out, sql[at:]])


def _by_words(words: tuple[Word, ...]) -> tuple[Change, ...]:
    """What the first words tell of a statement that the library could not read."""
    verb = words[0].upper if words else ""
    names = [unquoted(word.text) for word in words[1:6] if word.upper not in _BETWEEN and word.kind != "symbol"]
    made: dict[str, Callable[[str], Change]] = {"UPDATE": Update, "DELETE": Delete, "INSERT": Insert, "REPLACE": Insert}
    return (made[verb](names[0]),) if verb in made and names else ()


_BETWEEN = {"INTO", "FROM", "OR", "IGNORE", "REPLACE", "LOW_PRIORITY", "DELAYED", "ABORT", "ROLLBACK", "FAIL", "QUICK"}


def _table(node: exp.Expr | None) -> str:
    table = node if isinstance(node, exp.Table) else node.find(exp.Table) if node else None
    return ".".join(part.name for part in table.parts) if table else ""


def _tables(tree: exp.Expr, target: str = "") -> tuple[str, ...]:
    """The tables that a tree names, CTEs and the target itself left out."""
    made = {cte.alias for cte in tree.find_all(exp.CTE)}
    named = (_table(table) for table in tree.find_all(exp.Table))
    return tuple(dict.fromkeys(name for name in named if name and name not in made and name != target))


def _insert(tree: exp.Insert) -> Change:
    schema = tree.this
    columns = tuple(part.name for part in schema.expressions) if isinstance(schema, exp.Schema) else ()
    target = _table(schema)
    body = tree.expression
    from_query = isinstance(body, exp.Query)
    return Insert(target, columns, from_query, reads=_tables(body) if from_query and body else ())


def _update(tree: exp.Update) -> Change:
    target = _table(tree.this)
    where = tree.args.get("where")
    pairs = [part for part in tree.expressions if isinstance(part, exp.EQ)]
    values = [part.expression for part in pairs] + ([where] if where else [])
    read = (column.name for value in values for column in value.find_all(exp.Column))
    return Update(
        table=target,
        columns=tuple(part.this.name for part in pairs),
        where=where.this.sql() if where else None,
        always=_always(where),
        by_key="id" in _equals(where),
        bounded=_bounded(tree, where),
        reads=_tables(tree, target),
        read_columns=tuple(dict.fromkeys(read)),
        equals=_equals(where),
    )


def _delete(tree: exp.Delete) -> Change:
    where = tree.args.get("where")
    named = tree.args.get("tables")
    target = named[0] if named else tree.this
    joined = tree.find(exp.Join) is not None  # rows without a partner stay
    return Delete(
        table=_table(_meant_by(target, tree)),
        where=where.this.sql() if where else None,
        always=_always(where) and not tree.args.get("limit") and not joined,
        by_key="id" in _equals(where),
        bounded=_bounded(tree, where),
        equals=_equals(where),
    )


def _meant_by(target: exp.Expr, tree: exp.Delete) -> exp.Expr:
    """The table behind an alias: ``DELETE o FROM orders AS o JOIN ...``, ``DELETE FROM o USING orders AS o``."""
    aliased = (one for one in tree.find_all(exp.Table) if one.alias and one.alias == target.name)
    return next(aliased, target)


_READERS: dict[type[exp.Expr], Callable[..., Change]] = {
    exp.Insert: _insert,
    exp.Update: _update,
    exp.Delete: _delete,
}


def _always(where: exp.Expr | None) -> bool:
    """Missing, or true whatever the row is: a constant, ``1=1``, ``a = a`` joined by OR ..."""
    return where is None or _is_true(where.this)


def _is_true(node: exp.Expr) -> bool:
    if isinstance(node, exp.Paren):
        return _is_true(node.this)
    if isinstance(node, exp.Or):
        return _is_true(node.left) or _is_true(node.right)
    if isinstance(node, exp.And):
        return _is_true(node.left) and _is_true(node.right)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Literal):
        return node.is_number and node.this.strip("0.") != ""
    return isinstance(node, exp.EQ) and isinstance(node.left, exp.Literal) and node.left == node.right


def _conditions(where: exp.Expr | None) -> Iterator[exp.Expr]:
    if where is not None:
        yield from (part.unnest() for part in where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]


def _is_value(node: exp.Expr) -> bool:
    return node.find(exp.Column) is None and node.find(exp.Query) is None


def _equals(where: exp.Expr | None) -> tuple[str, ...]:
    """The columns that every row must match with a value or a list of values."""
    found = []
    for one in _conditions(where):
        value = isinstance(one, exp.EQ) and _is_value(one.right)
        listed = isinstance(one, exp.In) and bool(one.expressions) and all(map(_is_value, one.expressions))
        if (value or listed) and isinstance(one.this, exp.Column):
            found.append(one.this.name.lower())
    return tuple(dict.fromkeys(found))


def _bounded(tree: exp.Expr, where: exp.Expr | None) -> bool:
    """Touches a limited part: LIMIT, a range closed on both sides, or a limited subquery."""
    if tree.args.get("limit") or (where is not None and where.find(exp.Limit)):
        return True
    conditions = list(_conditions(where))
    above = any(isinstance(one, (exp.GT, exp.GTE)) and _is_value(one.expression) for one in conditions)
    below = any(isinstance(one, (exp.LT, exp.LTE)) and _is_value(one.expression) for one in conditions)
    return (above and below) or any(isinstance(one, exp.Between) for one in conditions)
