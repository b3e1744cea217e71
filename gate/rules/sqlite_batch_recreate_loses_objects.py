"""A recreate that does not put back everything the table had: triggers, constraints, indexes, collations, options."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Schema
from gate.model import Category, Evidence, EvidenceKind, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule
from gate.rules._carried import Lost, Pair, lost
from gate.rules._dropped import on_purpose
from gate.rules._says import execute, ident, python, spoken
from gate.rules._sqlite import left_pointing, old_table, recreates, result
from gate.sql.recreated import PREFIX


def find(deploy: Deploy) -> Iterator[Hit]:
    told: set[tuple[str, str]] = set()
    for statement, change in recreates(deploy):
        was, end = old_table(deploy, change), result(deploy, statement)
        now = end.table(change.table) if end else None
        if was is None or now is None or end is None or (statement.revision, change.table) in told:
            continue
        told.add((statement.revision, change.table))
        meant = on_purpose(deploy, statement.revision, change)
        gone = tuple(lost(Pair(was, now, statement.changes, end, meant)))
        if gone:
            yield _hit(statement, change, gone)
        yield from _left_pointing(deploy, statement, change, end)


def _hit(statement: Statement, change: c.RecreateTable, gone: tuple[Lost, ...]) -> Hit:
    layout = all(one.layout for one in gone)
    return Hit(
        f"Making {change.table} anew does not carry {spoken(tuple(one.what for one in gone))}: gone afterwards, "
        "without an error.",
        statement,
        category=Category.HYGIENE if layout else None,
        severity=Severity.WARNING if layout else None,
        table=change.table,
        evidence=tuple(_was(statement, gone)),
        remedy=Remedy(
            "Make what was lost again in the same revision, or tell batch mode about it.",
            (*_clauses(change, gone), *_statements(gone)),
        ),
    )


def _was(statement: Statement, gone: tuple[Lost, ...]) -> Iterator[Evidence]:
    """The base's own text of what is gone, which no other finding of the statement is about."""
    texts = ((*one.statements[-1:], one.clause, one.what) for one in gone)
    yield from (Evidence(EvidenceKind.SQL, next(filter(None, one))) for one in texts)
    yield Evidence(EvidenceKind.SQL, statement.sql)


# https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#sqlite-specific-table-options
_KEYWORDS = {
    "AUTOINCREMENT": '"sqlite_autoincrement": True',
    "STRICT": '"sqlite_strict": True',
    "WITHOUT ROWID": '"sqlite_with_rowid": False',
}


def _clauses(change: c.RecreateTable, gone: tuple[Lost, ...]) -> Iterator[Step]:
    """What only the new table's own text can carry."""
    batch = change.temporary.startswith(PREFIX)
    words = [one.clause for one in gone if batch and one.clause in _KEYWORDS]
    if words:
        options = f"table_kwargs={{{', '.join(_KEYWORDS[one] for one in words)}}}"
        code = f"with op.batch_alter_table({python(change.table)}, {options}) as batch_op:\n    ..."
        yield Step(1, "Tell batch mode the table's own options", code)
    clauses = "\n".join(f"#   {one.clause}" for one in gone if one.clause and one.clause not in words)
    if not clauses:
        return
    if batch:
        code = (
            f"# The table has, and batch mode does not know:\n{clauses}\n"
            f"with op.batch_alter_table({python(change.table)}, copy_from=sa.Table(...)) as batch_op:\n    ..."
        )
        yield Step(1, "Give batch mode the whole table (a CHECK by `table_args` is enough)", code)
    else:
        yield Step(1, "Say it in the CREATE TABLE of the new table, which the rows are copied into", clauses)


def _statements(gone: tuple[Lost, ...]) -> Iterator[Step]:
    again = [execute(sql) for one in gone for sql in one.statements]
    if again:
        yield Step(1, "After the table is made anew, put back what hung on it", "\n".join(again))


def _left_pointing(deploy: Deploy, statement: Statement, change: c.RecreateTable, end: Schema) -> Iterator[Hit]:
    """SQLite rewrites what names a renamed table, so it goes along with the old one."""
    aside = change.aside or ""
    gone = end.table(aside) is None
    for child, key in left_pointing(deploy, change):
        harm = f"fails (no such table: main.{aside})" if gone else f"looks for its parent in {aside}"
        yield _pointing(
            statement,
            change,
            child.name,
            f"Renaming {change.table} to {aside} made the foreign key of {child.name} ({spoken(key.columns)}) follow "
            f"it{', and ' + aside + ' is dropped' if gone else ''}: with PRAGMA foreign_keys=ON every write to "
            f"{child.name} {harm}.",
        )
    for view in _views(statement, change, end) if gone else ():
        yield _pointing(
            statement,
            change,
            view,
            f"Renaming {change.table} to {aside} made the view {view} follow it, and {aside} is dropped: every query on "
            f"{view} fails (no such table: main.{aside}).",
        )


def _views(statement: Statement, change: c.RecreateTable, end: Schema) -> Iterator[str]:
    named = re.compile(rf"(?<!\w){re.escape(change.aside or '')}(?!\w)", re.IGNORECASE)
    for name, view in end.tables.items():
        if change.aside and view.kind == "view" and named.search(view.definition):
            yield name


def _pointing(statement: Statement, change: c.RecreateTable, place: str, message: str) -> Hit:
    table, new = change.table, f"{change.table}_new"
    code = "\n".join(
        execute(sql)
        for sql in (
            f"CREATE TABLE {ident(new)} (...)",
            f"INSERT INTO {ident(new)} (...) SELECT ... FROM {ident(table)}",
            f"DROP TABLE {ident(table)}",
            f"ALTER TABLE {ident(new)} RENAME TO {ident(table)}",
        )
    )
    return Hit(
        message,
        statement,
        category=Category.BACKWARD_INCOMPATIBLE,
        table=place,
        remedy=Remedy(
            "Make the new table under a name of its own, and rename it last: what names the table then stays as it is.",
            (Step(1, "In this order, with PRAGMA foreign_keys=OFF set before the transaction begins", code),),
        ),
    )


rule = Rule(
    title="Objects lost with a recreated table",
    why="The new table has what its CREATE TABLE says, and batch mode copies what SQLAlchemy can reflect; triggers, unnamed "
    "CHECKs, expression indexes are neither.",
    find=find,
    harms={
        Category.DATA_LOSS: Severity.ERROR,
        Category.BACKWARD_INCOMPATIBLE: Severity.ERROR,
        Category.HYGIENE: Severity.ERROR,
    },
    dialects=SQLITE,
    split=("statement",),
    unsafe=(
        Example(
            (
                'with op.batch_alter_table("orders") as batch_op:\n'
                '    batch_op.alter_column("note", type_=sa.String(80), existing_type=sa.Text())',
            ),
            earlier=('op.execute("CREATE TRIGGER t_orders AFTER INSERT ON orders BEGIN SELECT 1; END")',),
            dialect="sqlite",
        ),
        Example(
            (
                'op.rename_table("orders", "orders_old")\n'
                'op.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, amount NUMERIC(10, 2), note TEXT, "\n'
                '    "state TEXT, created_at DATETIME)")\n'
                'op.execute("INSERT INTO orders SELECT id, user_id, amount, note, state, created_at FROM orders_old")\n'
                'op.drop_table("orders_old")',
            ),
            dialect="sqlite",
        ),
    ),
    safe=(
        Example(
            (
                'with op.batch_alter_table("orders") as batch_op:\n'
                '    batch_op.add_column(sa.Column("x", sa.Integer()))',
            ),
            earlier=('op.execute("CREATE TRIGGER t_orders AFTER INSERT ON orders BEGIN SELECT 1; END")',),
            dialect="sqlite",
        ),
    ),
)
