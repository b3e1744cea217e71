"""GitHub workflows to the images that their steps build.

Read are ``docker/build-push-action``, ``docker/bake-action`` and ``docker build`` in ``run`` steps.

https://github.com/docker/build-push-action#inputs ; without ``context`` the builder takes the commit from git, not
the checkout.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gate.docker.paths import clean, inside
from gate.docker.shell import commands
from gate.docker.shipping import Ship
from gate.docker.yaml_nodes import Value, load

MOST_COMBINATIONS = 64
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
DYNAMIC = "\0"


@dataclass(frozen=True)
class BakeStep:
    """A step that runs bake: its files and targets; ``line`` is where it stands."""

    files: tuple[str, ...]
    targets: tuple[str, ...]
    path: str
    line: int


def steps(text: str, path: str, job: str = "") -> tuple[list[Ship], list[BakeStep]]:
    """The builds of one workflow. Raises ``BuildError`` for YAML that cannot be read."""
    top = load(text, path)
    ships: list[Ship] = []
    bakes: list[BakeStep] = []
    for name, one in top.get("jobs").items.items():
        if job and name != job:
            continue
        for values in _matrix(one, {**_env(top.get("env")), **_env(one.get("env"))}):
            root = _checkout(one, values)
            for number, step in enumerate(one.get("steps").list):
                found = _step(
                    step, values, path, f"{name}/{step.get('name').text or step.get('id').text or number + 1}", root
                )
                ships += found if isinstance(found, list) else []
                bakes += [found] if isinstance(found, BakeStep) else []
    return _unique(ships), bakes


def _unique(ships: list[Ship]) -> list[Ship]:
    """The same build said twice (a matrix over platforms, say) is one image."""
    found: dict[tuple[object, ...], Ship] = {}
    for one in ships:
        found.setdefault((one.line, one.dockerfile, one.context, one.target, tuple(sorted(one.args.items()))), one)
    return list(found.values())


def _env(value: Value) -> dict[str, str]:
    return {
        f"env.{name}": one.text for name, one in value.items.items() if one.text is not None and "${{" not in one.text
    }


def _matrix(job: Value, values: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The values of each combination of a matrix that is written out."""
    matrix = job.get("strategy", "matrix").items
    axes = {
        name: [_flat(name, one) for one in value.list]
        for name, value in matrix.items()
        if name not in ("include", "exclude") and value.list
    }
    rows = itertools.islice(itertools.product(*axes.values()), MOST_COMBINATIONS)
    combined: list[dict[str, str]] = (
        [{**values, **{key: text for one in row for key, text in one.items()}} for row in rows] if axes else []
    )
    for one in matrix.get("include", Value(None, "", 1)).list[:MOST_COMBINATIONS]:
        extra = {f"matrix.{name}": value.text or "" for name, value in one.items.items()}
        combined.append({**values, **extra})
    yield from combined or [dict(values)]


def _flat(name: str, value: Value) -> dict[str, str]:
    if value.text is not None:
        return {f"matrix.{name}": value.text}
    return {f"matrix.{name}.{key}": one.text or "" for key, one in value.items.items()}


def _checkout(job: Value, values: Mapping[str, str]) -> str:
    """The folder into which the job checks this repository out."""
    for step in job.get("steps").list:
        if (step.get("uses").text or "").startswith("actions/checkout@") and not step.get("with", "repository").text:
            return clean(_fill(step.get("with", "path").text or ".", values))
    return "."


def _fill(text: str, values: Mapping[str, str]) -> str:
    """The text with known expressions put in; unknown ones become a mark."""
    known = {"github.workspace": ".", **values}
    return _EXPRESSION.sub(lambda match: known.get(match[1], DYNAMIC), text)


def _step(step: Value, values: Mapping[str, str], path: str, name: str, root: str) -> list[Ship] | BakeStep | None:
    values = {**values, **_env(step.get("env"))}
    uses = step.get("uses").text or ""
    said = {key: _fill(one.text or "", values) for key, one in step.get("with").items.items()}
    if uses.startswith("docker/build-push-action@"):
        return [_build(said, step, path, name, root)]
    if uses.startswith("docker/bake-action@"):
        folder = said.get("workdir", ".")
        files = tuple(
            clean(f"{folder}/{one.strip()}") for one in re.split(r"[\n,]", said.get("files", "")) if one.strip()
        )
        return BakeStep(
            files, tuple(re.split(r"[\n,\s]+", said["targets"].strip())) if said.get("targets") else (), path, step.line
        )
    if step.get("run").text:
        return list(
            _shell_builds(
                _fill(step.get("run").text or "", values),
                step,
                path,
                name,
                root=root,
                folder=_fill(step.get("working-directory").text or ".", values),
            )
        )
    return None


def _build(said: Mapping[str, str], step: Value, path: str, name: str, root: str) -> Ship:
    context = said.get("context", "").strip()
    git = not context or context.startswith("{{defaultContext}}")
    folder = context.partition("{{defaultContext}}")[2].lstrip(":") if git else context
    folder = _inside_checkout(folder or ".", "." if git else root)
    file = said.get("file", "").strip()
    dockerfile = _inside_checkout(file, "." if git else root) if file else clean(f"{folder}/Dockerfile")
    if git and file and folder != ".":
        dockerfile = clean(f"{folder}/{file}")
    args, dynamic = _arguments(said.get("build-args", ""))
    contexts = {
        key: value
        for line in said.get("build-contexts", "").split("\n")
        if "=" in line
        for key, _, value in [line.strip().partition("=")]
    }
    target = said.get("target", "").strip()
    return Ship(
        name,
        "workflow",
        path,
        _line(step, "target", "context", "file"),
        dockerfile,
        None,
        folder,
        target or None,
        args,
        contexts,
        _unknown({"context": folder, "file": dockerfile, "target": target}),
        git,
        dynamic=dynamic,
        lines={key: one.line for key, one in step.get("with").items.items()},
    )


def _line(step: Value, *names: str) -> int:
    found = step.get("with").items
    return next(
        (found[name].line for name in names if name in found),
        step.get("uses").line if step.get("uses").text else step.line,
    )


def _inside_checkout(folder: str, root: str) -> str:
    if "://" in folder or DYNAMIC in folder or folder.startswith("/"):
        return folder
    return inside(root, clean(folder)) or clean(folder)


def _arguments(text: str) -> tuple[dict[str, str], frozenset[str]]:
    """``NAME=value`` lines; those with an expression that only a run knows are told apart."""
    pairs = [line.strip().partition("=") for line in text.split("\n") if "=" in line]
    known = {name: value for name, _, value in pairs if DYNAMIC not in value}
    return known, frozenset(name for name, _, value in pairs if DYNAMIC in value)


def _unknown(said: Mapping[str, str]) -> str:
    for name, text in said.items():
        if DYNAMIC in text:
            return f"the step's {name} is an expression that only a run of the workflow knows"
        if "://" in text or text.startswith("/"):
            return f"the step's {name} {text} is not in the repository"
    return ""


def _shell_builds(script: str, step: Value, path: str, name: str, *, root: str, folder: str) -> Iterator[Ship]:
    """``docker build`` and ``docker buildx build`` lines of a ``run`` step."""
    for command in commands(script, {}):
        words = list(command.text)
        if words[:2] == ["docker", "build"] or words[:3] == ["docker", "buildx", "build"]:
            yield _shell_build(words[words.index("build") + 1 :], step, path, name, root=root, folder=folder)


FLAGS_WITH_VALUES = """-f --file -t --tag --target --build-arg --build-context --platform --cache-from --cache-to
--label --secret --ssh --output -o"""
_VALUED = frozenset(FLAGS_WITH_VALUES.split())


def _shell_build(words: list[str], step: Value, path: str, name: str, *, root: str, folder: str) -> Ship:
    flags: dict[str, list[str]] = {}
    operands: list[str] = []
    position = 0
    while position < len(words):
        flag, equals, value = words[position].partition("=")
        if flag.startswith("-") and not equals and flag in _VALUED and position + 1 < len(words):
            position += 1
            value = words[position]
        if flag.startswith("-") and flag != "-":
            flags.setdefault({"-f": "--file", "-t": "--tag"}.get(flag, flag), []).append(value)
        else:
            operands.append(words[position])
        position += 1
    context = _inside_checkout(clean(f"{folder}/{(operands or ['.'])[-1]}"), root)
    file = flags.get("--file", [""])[-1]
    dockerfile = _inside_checkout(clean(f"{folder}/{file}"), root) if file else clean(f"{context}/Dockerfile")
    args, dynamic = _arguments("\n".join(flags.get("--build-arg", [])))
    target = flags.get("--target", [""])[-1]
    said = {"context": context, "file": dockerfile, "target": target}
    unknown = _unknown({key: DYNAMIC if "$" in text else text for key, text in said.items()})
    return Ship(
        name,
        "workflow",
        path,
        step.get("run").line,
        dockerfile,
        None,
        context,
        target or None,
        args,
        {},
        unknown,
        dynamic=dynamic,
    )
