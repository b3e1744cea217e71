"""Bake files (HCL and JSON) to the images that their targets ship: groups, variables, functions, ``inherits``, matrix.

https://docs.docker.com/build/bake/reference/
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gate.docker.errors import BuildError, UnknownError
from gate.docker.hcl import Block, Expression, Function, Scope, parse
from gate.docker.hcl_functions import shown
from gate.docker.paths import clean
from gate.docker.patterns import go_match, has_wildcard
from gate.docker.shipping import Read, Ship

NAMES = ("docker-bake.json", "docker-bake.hcl")
OVERRIDES = ("docker-bake.override.json", "docker-bake.override.hcl")
MOST_TARGETS = 500


@dataclass
class Files:
    """All bake files of one build laid over each other. ``lines`` name where a target and its fields stand."""

    scope: Scope = field(default_factory=Scope)
    groups: dict[str, list[str]] = field(default_factory=dict)
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    matrices: dict[str, list[str]] = field(default_factory=dict)
    unknown: dict[str, UnknownError] = field(default_factory=dict)


def default_files(read: Read) -> list[str]:
    """Bake's own files at the root, overrides last."""
    return [name for name in (*NAMES, *OVERRIDES) if read(name) is not None]


def ships(
    paths: Sequence[str],
    read: Read,
    wanted: Sequence[str] = (),
    outer: Mapping[str, str] | None = None,
    folder: str = ".",
) -> list[Ship]:
    """The images of the wanted targets, of the group ``default``, or of the target ``default``; else of all.

    ``folder`` is where bake is started: paths count from there, not from the file. Raises ``BuildError`` for a file
    that bake refuses.
    """
    files = Files()
    bodies = [(path, _body(path, read)) for path in paths]
    for _, body in bodies:
        _variables(files, body, outer or {})
    for path, body in bodies:
        _blocks(files, body, path)
    known = files.groups.keys() | files.targets.keys() | files.unknown.keys()
    names = [two for one in wanted for two in _meant(one, [*known, *files.matrices], paths[0])] or (
        ["default"] if "default" in known else [*files.targets, *files.unknown]
    )
    chosen = _expanded(files, names)
    aside = [
        dataclasses.replace(_ship(files, name, folder), aside=True) for name in files.targets if name not in chosen
    ]
    return [*(_ship(files, name, folder) for name in chosen), *aside]


def _meant(name: str, known: Sequence[str], path: str) -> list[str]:
    """The targets and groups behind a name, which may be a pattern."""
    try:
        found = [name] if name in known else sorted(filter(go_match(name), known)) if has_wildcard(name) else []
    except ValueError:
        found = []
    if not found:
        raise BuildError(f"failed to find target {name}", path, 1)
    return found


def _body(path: str, read: Read) -> Block:
    text = read(path)
    if text is None:
        raise BuildError("there is no such bake file", path, 1)
    return _json_body(text, path) if path.endswith(".json") else parse(text, path)


def _json_body(text: str, path: str) -> Block:
    """The same shapes from JSON; templates in its strings are filled as HCL does."""
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise BuildError(f"the JSON cannot be read: {error.msg}", path, error.lineno) from error
    except RecursionError as error:
        raise BuildError("the JSON is nested too deeply", path, 1) from error
    body = Block()
    for kind in ("variable", "group", "target"):
        entries = raw.get(kind, {}) if isinstance(raw, dict) else {}
        for one in entries if isinstance(entries, list) else [entries]:  # several blocks may stand in a list
            for name, fields in one.items() if isinstance(one, dict) else ():
                body.blocks.append((kind, (name,), _json_block(fields, text, name, path), _json_line(text, name, None)))
    return body


def _json_block(fields: Any, text: str, name: str, path: str) -> Block:
    inner = Block()
    said = fields[0] if isinstance(fields, list) and fields else fields
    for key, value in said.items() if isinstance(said, dict) else ():
        inner.attributes[key] = (_template(value, path), _json_line(text, name, key))
    return inner


def _json_line(text: str, name: str, key: str | None) -> int:
    """The line of a target's field: the first mention of the key after the target's name."""
    start = max(text.find(json.dumps(name) + ":"), text.find(json.dumps(name) + " :"), 0)
    found = text.find(json.dumps(key), start) if key else start
    return text.count("\n", 0, max(found, start)) + 1


def _template(value: Any, path: str) -> Expression:
    if isinstance(value, str) and "${" in value:
        return parse(f"x = {json.dumps(value)}\n", path).attributes["x"][0]
    if isinstance(value, list):
        items = [_template(one, path) for one in value]
        return lambda scope: [one(scope) for one in items]
    if isinstance(value, dict):
        pairs = {key: _template(one, path) for key, one in value.items()}
        return lambda scope: {key: one(scope) for key, one in pairs.items()}
    return lambda scope: value


def _variables(files: Files, body: Block, outer: Mapping[str, str]) -> None:
    for name, (expression, _) in body.attributes.items():
        files.scope.values[name] = expression
    for kind, labels, inner, _ in body.blocks:
        if kind == "variable" and labels:
            default = inner.attributes.get("default")
            files.scope.values[labels[0]] = outer[labels[0]] if labels[0] in outer else default[0] if default else ""
        elif kind == "function" and labels and "result" in inner.attributes:
            names = inner.attributes.get("params")
            told = tuple(_parameter_names(names[0])) if names else ()
            more = inner.attributes.get("variadic_params")
            rest = _parameter_names(more[0]) if more else []
            files.scope.functions[labels[0]] = Function(told, inner.attributes["result"][0], rest[0] if rest else "")
    files.scope.values.setdefault("BAKE_CMD_CONTEXT", ".")
    files.scope.values.setdefault("BAKE_LOCAL_PLATFORM", "linux/amd64")


class _Echo(dict[str, Any]):
    """Names that mean themselves: a function's parameters are written bare."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return name


def _parameter_names(expression: Expression) -> list[str]:
    scope = Scope()
    scope.values = _Echo()
    found = expression(scope)
    return [str(one) for one in ([found] if isinstance(found, str) else found)]


def _blocks(files: Files, body: Block, path: str) -> None:
    for kind, labels, inner, line in body.blocks:
        if not labels:
            continue
        if kind == "group":
            files.groups[labels[0]] = [str(one) for one in _value(files.scope, inner, "targets") or []]
        elif kind == "target":
            try:
                _target(files, labels[0], inner, path, line)
            except UnknownError as unknown:
                files.unknown[labels[0]] = UnknownError(unknown.what, path, unknown.line or line, unknown.settle)
                files.lines[labels[0], ""] = path, line


def _value(scope: Scope, body: Block, name: str) -> Any:
    return body.attributes[name][0](scope) if name in body.attributes else None


def _target(files: Files, label: str, body: Block, path: str, line: int) -> None:
    matrix = _value(files.scope, body, "matrix")
    if not isinstance(matrix, dict):
        _one(files, label, body, path, line, scope=files.scope)
        return
    axes = [[(key, value) for value in values] for key, values in matrix.items() if isinstance(values, list)]
    for row in itertools.islice(itertools.product(*axes), MOST_TARGETS):
        scope = files.scope.inner(dict(row))
        name = str(_value(scope, body, "name") or "-".join([label, *(str(value) for _, value in row)]))
        _one(files, name, body, path, line, scope=scope)
        files.matrices.setdefault(label, []).append(name)


def _one(files: Files, name: str, body: Block, path: str, line: int, *, scope: Scope) -> None:
    fields = {
        key: expression(scope) for key, (expression, _) in body.attributes.items() if key not in ("matrix", "name")
    }
    old = files.targets.get(name, {})
    files.targets[name] = _laid_over(old, fields)
    files.lines.setdefault((name, ""), (path, line))
    for key, (_, at) in body.attributes.items():
        files.lines[name, key] = path, at


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Later values win; ``args``, ``contexts`` and ``labels`` are joined by name."""
    joined = {
        key: {**below[key], **above[key]}
        for key in ("args", "contexts", "labels")
        if isinstance(below.get(key), dict) and isinstance(above.get(key), dict)
    }
    return {**below, **{key: value for key, value in above.items() if value is not None}, **joined}


def _expanded(files: Files, names: Sequence[str], depth: int = 0) -> list[str]:
    """Groups to their targets, each once."""
    found: dict[str, None] = {}
    for name in names:
        inner = files.groups.get(name) if depth < 20 and name not in files.targets else None
        inner = inner if inner is not None else files.matrices.get(name)
        found.update(
            dict.fromkeys(_expanded(files, inner, depth + 1) if inner is not None and inner != [name] else [name])
        )
    return list(found)


def _whole(files: Files, name: str, depth: int = 0) -> dict[str, Any]:
    """A target with what it inherits; a later parent wins over an earlier one."""
    own = files.targets.get(name, {})
    below: dict[str, Any] = {}
    for parent in own.get("inherits") or [] if depth < 20 else []:
        below = _laid_over(below, _whole(files, str(parent), depth + 1))
        for key in files.targets.get(str(parent), {}):
            if (str(parent), key) in files.lines:
                files.lines.setdefault((name, key), files.lines[str(parent), key])
    return _laid_over(below, {key: value for key, value in own.items() if key != "inherits"})


def _ship(files: Files, name: str, folder: str) -> Ship:
    path, line = files.lines.get((name, ""), ("", 1))
    try:
        if name in files.unknown:
            raise files.unknown[name]
        return _known_ship(files, name, folder, _whole(files, name))
    except UnknownError as unknown:
        return Ship(name, "bake", path, unknown.line or line, unknown=f"{unknown.what} cannot be read")


def _known_ship(files: Files, name: str, folder: str, said: Mapping[str, Any]) -> Ship:
    path, line = files.lines.get((name, ""), ("", 1))
    context = str(said.get("context") or ".")
    outside = "://" in context or context.startswith(("target:", "git@", "/"))
    inline = said.get("dockerfile-inline")
    if inline:  # its lines count from the line of its key
        inline = "\n" * files.lines.get((name, "dockerfile-inline"), ("", 0))[1] + str(inline)
    dockerfile = str(said.get("dockerfile") or "Dockerfile")
    for key in ("context", "dockerfile", "target"):
        path, line = files.lines.get((name, key), (path, line))
    root = clean(f"{folder}/{context}") if not outside else context
    return Ship(
        name,
        "bake",
        path,
        line,
        None if inline else clean(dockerfile) if dockerfile.startswith("/") else clean(f"{root}/{dockerfile}"),
        str(inline) if inline else None,
        root,
        str(said["target"]) if said.get("target") else None,
        {str(key): shown(value) for key, value in (said.get("args") or {}).items() if value is not None},
        {str(key): _context(str(value), folder) for key, value in (said.get("contexts") or {}).items()},
        f"the context {context} is not a folder of the repository" if outside else "",
        image=str((said.get("tags") or [""])[0]),
        lines={key: files.lines[name, key][1] for key in ("context", "target") if (name, key) in files.lines},
    )


def _context(value: str, folder: str) -> str:
    return value if "://" in value or value.startswith(("target:", "/")) else "//" + clean(f"{folder}/{value}")
