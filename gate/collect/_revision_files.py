"""Reads revision files without importing them: a strict pattern on the head of the file, the syntax tree in doubt.

The pattern reads 10,000 headers in the time that ``alembic heads`` needs for a few hundred files; it only accepts
whole literals on one line, each name once. Anything else goes to ``ast``; what ``ast`` cannot say is a problem of the
graph, never a guess.
"""

from __future__ import annotations

import ast
import codecs
import contextlib
import hashlib
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gate.collect._literals import assigned, value_of
from gate.facts.history import DowngradeKind, GraphProblem, Revision

LARGEST = 5 * 1024 * 1024  # bytes; a larger revision file is refused rather than parsed
_NAMES = "revision|down_revision|branch_labels|depends_on"
_ASSIGNMENT = re.compile(
    rf"^(?P<name>{_NAMES})[ \t]*(?::[^=\n]*)?=[ \t]*"
    r"(?P<value>None|'[^'\\\n]*'|\"[^\"\\\n]*\"|\((?:[ \t]*(?:'[^'\\\n]*'|\"[^\"\\\n]*\")[ \t]*,?)+\))"
    r"[ \t]*(?:#[^\n]*)?$",
    re.MULTILINE,
)
_MENTION = re.compile(rf"^\s*(?P<name>{_NAMES})\b[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE)
_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"")


@dataclass(frozen=True)
class Header:
    """The identifiers of a revision file and the lines on which they stand."""

    values: dict[str, Any]
    lines: dict[str, int]


class Computed(ValueError):
    """An identifier that only a run of the file would tell."""

    def __init__(self, name: str, line: int) -> None:
        super().__init__(f"line {line}: {name} is computed, so it is not known without running")
        self.name, self.line = name, line


def decode(raw: bytes) -> str:
    """The text of a Python file, by its own coding line (PEP 263). Raises ValueError when it is none."""
    with contextlib.suppress(UnicodeDecodeError):
        if not raw.startswith(codecs.BOM_UTF8) and not any(b"coding" in line for line in raw.split(b"\n", 2)[:2]):
            return raw.decode()
    try:
        encoding, _ = tokenize.detect_encoding(iter(raw.splitlines(keepends=True)).__next__)
        return raw.decode(encoding)
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def read(path: str, raw: bytes, deep: bool = True) -> Revision | GraphProblem | None:
    """One file as a revision; None when it is a module without ``revision``; a problem when it cannot be read.

    ``deep`` also reads the bodies of upgrade and downgrade (for revisions that are new or edited).
    """
    if len(raw) > LARGEST:
        return unreadable(path, f"the file has {len(raw):,} bytes", "Move the data out of the revision file.")
    try:
        text = decode(raw)
        header = _by_pattern(text)
        tree = _tree(text) if deep or header is None else None
        if header is None and tree is not None:
            header = _by_tree(tree)
    except Computed as error:
        return unreadable(path, str(error), f'Write it out: {error.name} = "<id>".', error.line)
    except SyntaxError as error:
        line = error.lineno or 1
        return unreadable(path, f"not readable as Python: line {line}: {error.msg}", "Mend or remove the file.", line)
    except (ValueError, RecursionError, MemoryError) as error:
        return unreadable(path, f"not readable as Python: {error}", "Mend or remove the file.")
    if header is None or header.values.get("revision") is None:
        return None
    return _revision(path, header, text, tree)


def unreadable(path: str, why: str, advice: str, line: int = 1) -> GraphProblem:
    """The problem of one file that holds no revision that could be read."""
    return GraphProblem("unreadable", f"{path} cannot be read: {why}", path, line, advice=advice)


def _tree(text: str) -> ast.Module:
    return ast.parse(text)


def _by_pattern(text: str) -> Header | None:
    """The header by the strict pattern, or None when a name is missing, stands twice, or is not a plain literal."""
    head = text[:8192].replace("\r\n", "\n")
    if '"""' in head[3:] and not _docstring_is_plain(head):
        return None
    found = {match["name"]: match for match in _ASSIGNMENT.finditer(head)}
    mentions = [match["name"] for match in _MENTION.finditer(text)]
    if "revision" not in found or "down_revision" not in found or len(mentions) != len(set(mentions)):
        return None
    if set(mentions) != set(found):
        return None
    values = {name: _value(match["value"]) for name, match in found.items()}
    lines = {name: head.count("\n", 0, match.start()) + 1 for name, match in found.items()}
    return Header(values, lines)


def _docstring_is_plain(head: str) -> bool:
    """No name of ours at the start of a line inside the module's docstring."""
    start = head.find('"""')
    end = head.find('"""', start + 3)
    return end > start and not _MENTION.search(head[start:end])


def _value(text: str) -> Any:
    if text == "None":
        return None
    if not text.startswith("("):
        return text[1:-1]
    return tuple(one or other for one, other in _LITERAL.findall(text))


def _by_tree(tree: ast.Module) -> Header | None:
    """The header from the syntax tree. Raises Computed for a value that only a run would tell."""
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for name, node, known in _assignments(tree):
        try:
            values[name] = _labels(node, known) if name == "branch_labels" else value_of(node, known)
        except ValueError as error:
            raise Computed(name, node.lineno) from error
        lines[name] = node.lineno
    return Header(values, lines) if "revision" in values else None


def _labels(node: ast.expr, known: Mapping[str, Any]) -> Any:
    """Branch labels by what is written out: a label behind an imported name is not known, the graph is all the same."""
    try:
        return value_of(node, known)
    except ValueError:
        return tuple(
            one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
        )


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr, Mapping[str, Any]]]:
    wanted = set(_NAMES.split("|"))
    return (found for found in assigned(tree) if found[0] in wanted)


def _revision(path: str, header: Header, text: str, tree: ast.Module | None) -> Revision | GraphProblem:
    id = header.values["revision"]
    if not isinstance(id, str) or not id:
        return unreadable(path, "revision is not a text", 'Write revision = "<id>".', header.lines["revision"])
    body = _body(tree, header) if tree is not None else {}
    return Revision(
        id=id,
        path=path,
        parents=_names(header.values.get("down_revision")),
        depends_on=_names(header.values.get("depends_on")),
        branch_labels=_names(header.values.get("branch_labels")),
        message=_message(text),
        line=header.lines["revision"],
        down_line=header.lines.get("down_revision", header.lines["revision"]),
        create_date=_created(text),
        **body,
    )


def _names(value: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (value,)
    return (
        tuple(str(one) for one in value if one) if isinstance(value, (tuple, list, set, frozenset)) else (str(value),)
    )


def _message(text: str) -> str:
    """The first line of the docstring, as Alembic's history shows it."""
    match = re.match(r"\s*(?:#[^\n]*\n\s*)*[rRuU]?(\"\"\"|'''|\"|')(.*?)\1", text[:8192], re.DOTALL)
    return match[2].strip().split("\n")[0].strip() if match else ""


def _created(text: str) -> str | None:
    match = re.search(r"^Create Date:\s*(.+)$", text[:8192], re.MULTILINE)
    return match[1].strip() if match else None


def _body(tree: ast.Module, header: Header) -> dict[str, Any]:
    """What the functions say: where they stand, whether they do anything, and a digest that formatting leaves alone."""
    functions = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    up, down = functions.get("upgrade"), functions.get("downgrade")
    imported = {
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    names = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    kind: DowngradeKind = _downgrade(down) if down else "present" if "downgrade" in imported | names else "missing"
    plain = [node for node in tree.body if not _is_text(node)]
    dump = "\n".join(
        ast.dump(_undocumented(node)) for node in plain if not isinstance(node, (ast.Import, ast.ImportFrom))
    )
    return {
        "upgrade_line": up.lineno if up else None,
        "downgrade_line": down.lineno if down else None,
        "downgrade": kind,
        "upgrade_is_empty": up is not None and _is_empty(up),
        "digest": hashlib.sha256(dump.encode("utf-8", "surrogatepass")).hexdigest()[:16],
    }


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _undocumented(node: ast.stmt) -> ast.stmt:
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return ast.Assign(targets=[node.target], value=node.value)  # an annotation added later is formatting
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        node.body = [one for one in node.body if not _is_text(one)] or [ast.Pass()]
        node.returns = None
    return node


def _is_empty(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return all(isinstance(node, ast.Pass) or _is_text(node) or _returns_nothing(node) for node in function.body)


def _returns_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Return) and (node.value is None or isinstance(node.value, ast.Constant))


def _downgrade(function: ast.FunctionDef | ast.AsyncFunctionDef) -> DowngradeKind:
    if _is_empty(function):
        return "empty"
    doing = [node for node in function.body if not _is_text(node)]
    return "raises" if doing and isinstance(doing[0], ast.Raise) else "present"
