"""Pure: the source of an unsafe revision to the sources of safe ones, by what its findings say about each statement.

Only whole statements at the top of ``upgrade()`` are moved or reworded, and only where the text decides it; the rest is
left where it is and named, with its remedy, for a hand to do.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gate.model import Finding, Severity
from gate.rules._says import ident, ticked


@dataclass(frozen=True)
class Part:
    """One revision to be: what it does, in which deploy (from 1), and the bodies of its two functions."""

    title: str
    deploy: int
    upgrade: str
    downgrade: str = ""


@dataclass(frozen=True)
class Split:
    """``first`` is the revision that keeps its id, ``parts`` those after it, ``left`` what a hand must do."""

    first: str
    parts: tuple[Part, ...] = ()
    left: tuple[Finding, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing was reworded or moved."""
        return not self.parts


@dataclass(frozen=True)
class _Statement:
    """A statement of ``upgrade()`` with its text, its ``op`` call where it is one, and what was found about it."""

    node: ast.stmt
    text: str
    call: ast.Call | None
    findings: tuple[Finding, ...]

    @property
    def ids(self) -> frozenset[str]:
        """The rules that spoke about it."""
        return frozenset(finding.id for finding in self.findings)

    @property
    def operation(self) -> str:
        """``create_index`` of ``op.create_index(...)``."""
        return self.call.func.attr if self.call and isinstance(self.call.func, ast.Attribute) else ""


@dataclass
class _Draft:
    """The split while it is made: edits of the first revision by line range, and the parts."""

    edits: list[tuple[int, int, str]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    left: list[Finding] = field(default_factory=list)


def split(source: str, findings: Iterable[Finding], levels: Mapping[str, Sequence[str]], dialect: str) -> Split:
    """Take a revision apart. ``levels`` gives each rule's smallest cut (statement, transaction, deploy).

    A source that Python cannot read, or without ``upgrade()``, is left as it is with all its findings.
    """
    counting = [one for one in findings if one.severity is not Severity.NOTE and one.suppressed is None]
    try:
        functions = {one.name: one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef)}
    except (SyntaxError, ValueError):
        functions = {}
    upgrade = functions.get("upgrade")
    if upgrade is None:
        return Split(source, left=tuple(counting))
    statements = [_statement(node, source, counting) for node in upgrade.body]
    local = {name for node in upgrade.body for name in _bound(node)}
    back = _Way(source, functions.get("downgrade"))
    draft = _Draft()
    for statement in statements:
        if statement.findings:
            _treat(statement, draft, back, levels, (dialect, frozenset(local)))
    told = {finding.fingerprint for statement in statements for finding in statement.findings}
    draft.left += [one for one in counting if one.fingerprint not in told]
    return Split(_edited(source, draft, upgrade, back), tuple(draft.parts), tuple(draft.left))


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement gives a value."""
    for name in ast.walk(node):
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
            yield name.id


def _statement(node: ast.stmt, source: str, findings: list[Finding]) -> _Statement:
    last = node.end_lineno or node.lineno
    mine = tuple(one for one in findings if one.location and node.lineno <= one.location.line <= last)
    value = node.value if isinstance(node, ast.Expr) else None
    call = value if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) else None
    return _Statement(node, _dedented(source, node.lineno, last), call, mine)


def _dedented(source: str, first: int, last: int) -> str:
    lines = source.splitlines()[first - 1 : last]
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] if line[:indent].isspace() else line for line in lines)


class _Way:
    """The statements of ``downgrade()``: the way back of a moved statement moves with it."""

    def __init__(self, source: str, function: ast.FunctionDef | None) -> None:
        self._source, self._nodes = source, list(function.body) if function else []
        self.taken: list[ast.stmt] = []
        self.function = function

    def take(self, statement: _Statement) -> str:
        """The text of the statement that undoes this one, which is taken away; empty where none is found."""
        wanted = _UNDOES.get(statement.operation, "")
        names = _literals(statement.call)
        for node in self._nodes:
            value = node.value if isinstance(node, ast.Expr) else None
            call = value if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) else None
            if call and wanted and call.func.attr == wanted and _is_about(names, _literals(call), wanted):  # type: ignore[attr-defined]  # narrowed above
                self._nodes.remove(node)
                self.taken.append(node)
                return _dedented(self._source, node.lineno, node.end_lineno or node.lineno)
        return ""


_UNDOES = {
    "drop_column": "add_column",
    "drop_table": "create_table",
    "drop_index": "create_index",
    "drop_constraint": "create_foreign_key",
    "create_index": "drop_index",
    "create_foreign_key": "drop_constraint",
    "create_check_constraint": "drop_constraint",
    "create_unique_constraint": "drop_constraint",
    "create_primary_key": "drop_constraint",
    "alter_column": "alter_column",
    "rename_table": "rename_table",
}


def _literals(call: ast.Call | None) -> list[str]:
    every = ast.walk(call) if call else ()
    return [one.value for one in every if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def _is_about(names: list[str], others: list[str], wanted: str) -> bool:
    """Both calls name the same thing: table and column, or the name of the index or constraint."""
    count = 2 if wanted in ("add_column", "alter_column") else 1
    return bool(names) and set(names[:count]) <= set(others)


def _treat(
    statement: _Statement,
    draft: _Draft,
    back: _Way,
    levels: Mapping[str, Sequence[str]],
    world: tuple[str, frozenset[str]],
) -> None:
    dialect, local = world
    cuts = {level for id in statement.ids for level in levels.get(id, ())}
    used = {node.id for node in ast.walk(statement.node) if isinstance(node, ast.Name)}
    special = _SPECIAL.get(statement.operation)
    if used & local or not cuts:
        draft.left += statement.findings
    elif special and special(statement, draft, back, dialect):
        return
    elif "deploy" in cuts and statement.ids & _GOES_AWAY:
        _move(statement, draft, back, 2, "When no running release uses it any more")
    elif cuts & {"transaction"} or "non-transactional-ddl" in statement.ids:
        _move(statement, draft, back, 1, "In a revision of its own")
    else:
        draft.left += statement.findings


_GOES_AWAY = frozenset(
    """dropping-column dropping-table dropping-view dropping-index dropping-server-default dropping-schema
    not-split-expand-and-contract detaching-partition""".split()  # noqa: SIM905  # ids read as a list of words
)


def _move(statement: _Statement, draft: _Draft, back: _Way, deploy: int, title: str) -> None:
    draft.edits.append((statement.node.lineno, statement.node.end_lineno or statement.node.lineno, ""))
    draft.parts.append(Part(title, deploy, statement.text, back.take(statement)))


def _reword(statement: _Statement, draft: _Draft, text: str) -> None:
    draft.edits.append((statement.node.lineno, statement.node.end_lineno or statement.node.lineno, text))


def _with_keyword(statement: _Statement, keyword: str) -> str:
    """The statement with one keyword more in its call."""
    text = statement.text.rstrip()
    body = text[: text.rindex(")")].rstrip()
    return f"{body}{' ' if body.endswith(',') else ', '}{keyword})"


def _in_autocommit(text: str) -> str:
    inner = "\n".join(f"    {line}" for line in text.splitlines())
    return f"with op.get_context().autocommit_block():\n{inner}"


def _index(statement: _Statement, draft: _Draft, back: _Way, dialect: str) -> bool:
    """PostgreSQL builds and drops indexes CONCURRENTLY in a revision that holds nothing else."""
    blocking = {"creating-index-non-concurrently", "dropping-index-non-concurrently"}
    if dialect != "postgresql" or not statement.ids & blocking:
        return False
    undo = back.take(statement)
    if undo:
        undo = _in_autocommit(undo.rstrip()[: undo.rstrip().rindex(")")] + ", postgresql_concurrently=True)")
    text = _in_autocommit(_with_keyword(statement, "postgresql_concurrently=True"))
    _reword(statement, draft, "")
    draft.parts.append(Part("The index, without blocking anybody", 1, text, undo))
    return True


def _constraint(statement: _Statement, draft: _Draft, back: _Way, dialect: str) -> bool:
    """NOT VALID in place, VALIDATE in the next revision (PostgreSQL)."""
    names = _literals(statement.call)
    if (
        dialect != "postgresql"
        or len(names) < 2
        or not statement.ids & {"adding-foreign-key", "adding-check-constraint"}
    ):
        return False
    _reword(statement, draft, _with_keyword(statement, "postgresql_not_valid=True"))
    sql = f"ALTER TABLE {ident(names[1])} VALIDATE CONSTRAINT {ident(names[0])}"
    draft.parts.append(Part(f"Prove the old rows of {names[1]}", 1, f"op.execute({sql!r})"))
    return True


def _unique(statement: _Statement, draft: _Draft, back: _Way, dialect: str) -> bool:
    """A unique index built CONCURRENTLY, then turned into the constraint (PostgreSQL)."""
    call = statement.call
    if dialect != "postgresql" or call is None or len(call.args) < 3 or len(_literals(call)) < 3:
        return False
    name, table, columns = (ast.unparse(one) for one in call.args[:3])
    bare_name, bare_table = _literals(call)[:2]
    index = f"op.create_index({name}, {table}, {columns}, unique=True, postgresql_concurrently=True)"
    drop = f"op.drop_index({name}, table_name={table}, if_exists=True, postgresql_concurrently=True)"
    sql = f"ALTER TABLE {ident(bare_table)} ADD CONSTRAINT {ident(bare_name)} UNIQUE USING INDEX {ident(bare_name)}"
    undo = back.take(statement)
    _reword(statement, draft, "")
    draft.parts.append(
        Part("The unique index, without blocking anybody", 1, _in_autocommit(index), _in_autocommit(drop))
    )
    draft.parts.append(Part("The index becomes the constraint", 1, f"op.execute({sql!r})", undo))
    return True


def _add_column(statement: _Statement, draft: _Draft, back: _Way, dialect: str) -> bool:
    """Nullable now; filled and made NOT NULL in later deploys."""
    names = _literals(statement.call)
    if "adding-not-nullable-column" not in statement.ids or len(names) < 2:
        return False
    table, column = names[:2]
    text, count = re.subn(r"nullable\s*=\s*False", "nullable=True", statement.text)
    if not count:
        return False
    _reword(statement, draft, text)
    draft.parts.append(Part(f"Fill {column}, once code writes it", 2, _backfill(table, column, dialect)))
    draft.parts += _not_null(table, column, 3, dialect)
    return True


def _backfill(table: str, column: str, dialect: str) -> str:
    mysql = dialect in ("mysql", "mariadb")
    name, key = (ticked(table), ticked(column)) if mysql else (ident(table), ident(column))
    where = f"{key} IS NULL LIMIT 1000"
    inner = where if mysql else f"id IN (SELECT id FROM {name} WHERE {where})"
    sql = f"UPDATE {name} SET {key} = :value WHERE {inner}"
    return (
        "value = None  # the value of the rows that are there\n"
        'assert value is not None, "say above what the old rows get"\n'
        + _in_autocommit(f"while op.get_bind().execute(sa.text({sql!r}), {{'value': value}}).rowcount:\n    pass")
    )


def _not_null(table: str, column: str, deploy: int, dialect: str) -> list[Part]:
    """NOT NULL without a scan under the strongest lock (PostgreSQL); online elsewhere."""
    alter = f"op.alter_column({table!r}, {column!r}, nullable=False)"
    undo = f"op.alter_column({table!r}, {column!r}, nullable=True)"
    if dialect == "sqlite":
        batch = (
            f"with op.batch_alter_table({table!r}) as batch_op:\n    batch_op.alter_column({column!r}, nullable={{}})"
        )
        return [Part(f"{column} becomes NOT NULL", deploy, batch.format(False), batch.format(True))]
    if dialect != "postgresql":
        return [
            Part(
                f"{column} becomes NOT NULL (give existing_type and the other existing_* arguments)",
                deploy,
                alter,
                undo,
            )
        ]
    check = f"ck_{table}_{column}_not_null"
    made = f"op.create_check_constraint({check!r}, {table!r}, '{ident(column)} IS NOT NULL', postgresql_not_valid=True)"
    drop = f"op.drop_constraint({check!r}, {table!r})"
    proven = f"op.execute({f'ALTER TABLE {ident(table)} VALIDATE CONSTRAINT {ident(check)}'!r})"
    return [
        Part(f"No new NULL in {column}", deploy, made, drop),
        Part(f"Prove that no row of {table} has NULL", deploy, proven),
        Part(f"{column} becomes NOT NULL, without reading the table", deploy, f"{alter}\n{drop}", f"{made}\n{undo}"),
    ]


def _alter_column(statement: _Statement, draft: _Draft, back: _Way, dialect: str) -> bool:
    """SET NOT NULL alone; every other change of a column needs a decision."""
    given = {keyword.arg for keyword in statement.call.keywords} if statement.call else set()
    changed = {one for one in given if one and not one.startswith(("existing_", "schema"))}
    names = _literals(statement.call)
    if changed != {"nullable"} or len(names) < 2 or "setting-not-null" not in statement.ids:
        return False
    if dialect != "postgresql":
        _move(statement, draft, back, 2, f"{names[1]} becomes NOT NULL, once no code writes NULL and no row has it")
        return True
    back.take(statement)
    _reword(statement, draft, "")
    draft.parts += _not_null(names[0], names[1], 2, dialect)
    return True


_SPECIAL: Mapping[str, Callable[[_Statement, _Draft, _Way, str], bool]] = {
    "create_index": _index,
    "drop_index": _index,
    "create_foreign_key": _constraint,
    "create_check_constraint": _constraint,
    "create_unique_constraint": _unique,
    "add_column": _add_column,
    "alter_column": _alter_column,
}


def _edited(source: str, draft: _Draft, upgrade: ast.FunctionDef, back: _Way) -> str:
    """The first revision: reworded statements in place, moved ones gone, ``pass`` where nothing is left."""
    edits = [*draft.edits, *((node.lineno, node.end_lineno or node.lineno, "") for node in back.taken)]
    lines = source.splitlines()
    for function in (upgrade, back.function):
        if function is not None and not _keeps(function, edits):
            node = function.body[0]
            edits = [edit for edit in edits if edit[0] != node.lineno]
            edits.append((node.lineno, node.end_lineno or node.lineno, "pass"))
    for first, last, text in sorted(edits, reverse=True):
        indent = lines[first - 1][: len(lines[first - 1]) - len(lines[first - 1].lstrip())]
        lines[first - 1 : last] = [f"{indent}{line}" for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def _keeps(function: ast.FunctionDef, edits: list[tuple[int, int, str]]) -> bool:
    """Something but the docstring is left in the function."""
    gone = {first for first, _, text in edits if not text}
    left = [node for node in function.body if node.lineno not in gone]
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in left)


def new_id(revision: str, number: int, part: Part) -> str:
    """Twelve hexadecimal digits as Alembic's own; the same for the same part, so that a second run changes nothing."""
    return hashlib.sha256(f"{revision}\0{number}\0{part.upgrade}".encode()).hexdigest()[:12]


def render(source: str, part: Part, id: str, below: str) -> str:
    """A revision file in the manner of the one it comes from: its imports, and its identifiers."""
    tree = ast.parse(source)
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    future = [node for node in imports if getattr(node, "module", "") == "__future__"]
    lines = [ast.get_source_segment(source, node) or "" for node in imports if node not in future]
    if "sa." in part.upgrade + part.downgrade and not any("sqlalchemy as sa" in line for line in lines):
        lines.append("import sqlalchemy as sa")
    header = "\n".join(lines)
    return (
        f'"""{part.title}.\n\nRevision ID: {id}\nRevises: {below}\n"""\n\n{header}\n\n'
        f"revision = {json.dumps(id)}\ndown_revision = {json.dumps(below)}\n"
        "branch_labels = None\ndepends_on = None\n\n\n"
        f"def upgrade():\n{_indented(part.upgrade)}\n\n\ndef downgrade():\n{_indented(part.downgrade or 'pass')}\n"
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else line for line in text.splitlines())
