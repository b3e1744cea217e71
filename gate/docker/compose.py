"""Compose files to the images that their services ship: ``extends``, overrides, interpolation, ``.env``, ``include``.

https://docs.docker.com/reference/compose-file/ ; merge rules: https://docs.docker.com/reference/compose-file/merge/
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gate.docker.errors import BuildError
from gate.docker.paths import clean
from gate.docker.shipping import BindMount, Read, Ship
from gate.docker.variables import BadWordError, interpolate
from gate.docker.yaml_nodes import Value, load

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
DEEPEST = 10
_REPLACED = frozenset({"command", "entrypoint"})


@dataclass
class Files:
    """The compose files of one project; ``folder`` is its project directory, ``values`` what ``${…}`` means."""

    read: Read
    folder: str
    values: dict[str, str] = field(default_factory=dict)
    services: dict[str, Value] = field(default_factory=dict)


def default_files(read: Read, folder: str = ".") -> list[str]:
    """The compose file of a folder and its override, as ``docker compose`` picks them."""
    for name in NAMES:
        path = clean(f"{folder}/{name}")
        if read(path) is not None:
            stem = name.rpartition(".")[0]
            overrides = [clean(f"{folder}/{stem}.override.{end}") for end in ("yaml", "yml")]
            return [path, *[one for one in overrides if read(one) is not None][:1]]
    return []


def ships(paths: Sequence[str], read: Read, service: str = "", outer: Mapping[str, str] | None = None) -> list[Ship]:
    """The images of the services that are built here. Raises ``BuildError`` for files that compose refuses."""
    files = Files(read, posixpath.dirname(paths[0]) or ".")
    files.values = {**_dotenv(read(clean(f"{files.folder}/.env")) or ""), **(outer or {})}
    for path in paths:
        _load(files, path, 0)
    if service and service not in files.services:
        raise BuildError(f"there is no service {service}", paths[0], 1)
    built = {name: value for name, value in files.services.items() if _is_built(value)}
    images = {text: value for value in built.values() if (text := value.get("image").text)}
    found = []
    for name, value in files.services.items():
        build = value if name in built else images.get(value.get("image").text or "\0")
        if build is not None:
            found.append(dataclasses.replace(_ship(files, name, value, build), aside=bool(service) and name != service))
    if service and all(one.aside for one in found):
        value = files.services[service]
        raise BuildError(f"the service {service} is not built here", value.path, value.line)
    return found


def _is_built(value: Value) -> bool:
    return value.get("build").data is not None


def _dotenv(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.split("\n"):
        match = re.match(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*?)\s*$", line)
        if match:
            value = match[2]
            quoted = re.match(r"(['\"])(.*?)\1", value)
            found[match[1]] = quoted[2] if quoted else re.split(r"\s+#", value)[0]
    return found


def _load(files: Files, path: str, depth: int) -> None:
    """Merge one file into the project, its includes before it."""
    text = files.read(path)
    if text is None:
        raise BuildError("there is no such compose file", path, 1)
    if depth > DEEPEST:
        raise BuildError("compose files include each other too deeply", path, 1)
    top = _filled(load(text, path), files)
    for one in top.get("include").list:
        for named in (
            [one.text] if one.text else [value.text for value in one.get("path").list] or [one.get("path").text]
        ):
            if named:
                _load(files, clean(f"{posixpath.dirname(path)}/{named}"), depth + 1)
    for name, value in top.get("services").items.items():
        whole = _placed(
            _extended(files, path, value, depth), files.folder if depth == 0 else posixpath.dirname(path) or "."
        )
        old = files.services.get(name)
        files.services[name] = _merged(old, whole) if old is not None else whole


def _filled(value: Value, files: Files) -> Value:
    """The value with ``${…}`` put in."""
    if isinstance(value.data, dict):
        return Value({name: _filled(one, files) for name, one in value.data.items()}, value.path, value.line, value.tag)
    if isinstance(value.data, list):
        return Value([_filled(one, files) for one in value.data], value.path, value.line, value.tag)
    if value.data is None or "$" not in value.data:
        return value
    try:
        return Value(interpolate(value.data, files.values), value.path, value.line, value.tag)
    except BadWordError as error:
        raise BuildError(f"invalid interpolation: {error}", value.path, value.line) from error


def _extended(files: Files, path: str, value: Value, depth: int) -> Value:
    """``extends``: the other service below this one; paths of another file count from that file."""
    said = value.get("extends")
    name = said.text or said.get("service").text
    if not name:
        return value
    other = said.get("file").text
    source = clean(f"{posixpath.dirname(path)}/{other}") if other else path
    text = files.read(source)
    if text is None or depth > DEEPEST:
        raise BuildError(f"extends: {source} cannot be read", said.path, said.line)
    parent = _filled(load(text, source), files).get("services", name)
    if parent.data is None:
        raise BuildError(f"extends: there is no service {name} in {source}", said.path, said.line)
    whole = _placed(_extended(files, source, parent, depth + 1), posixpath.dirname(source) or ".")
    return _merged(whole, _placed(value, posixpath.dirname(path) or "."))


def _placed(value: Value, folder: str) -> Value:
    """Relative build contexts and bind mounts made relative to the repository (marked with a leading ``//``)."""
    items = dict(value.items)
    build = items.get("build")
    if build is not None and build.data is not None:
        items["build"] = _placed_build(build, folder)
    if "volumes" in items:
        volumes = [_placed_volume(one, folder) for one in items["volumes"].list]
        items["volumes"] = Value([*volumes], items["volumes"].path, items["volumes"].line, items["volumes"].tag)
    return Value(items, value.path, value.line, value.tag)


def _at(text: str, folder: str) -> str:
    if "://" in text or text.startswith(("git@", "service:", "/", "~")):
        return text
    return "//" + clean(f"{folder}/{text}")


def _placed_build(build: Value, folder: str) -> Value:
    if build.text is not None:
        return Value(
            {"context": Value(_at(build.text, folder), build.path, build.line)}, build.path, build.line, build.tag
        )
    items = dict(build.items)
    if (context := items.get("context")) is not None and context.text is not None:
        items["context"] = Value(_at(context.text, folder), context.path, context.line)
    extra = _pairs(items.get("additional_contexts"))
    if extra:
        moved = {name: Value(_at(one.text or "", folder), one.path, one.line) for name, one in extra.items()}
        items["additional_contexts"] = Value({**moved}, build.path, build.line)
    return Value(items, build.path, build.line, build.tag)


def _placed_volume(one: Value, folder: str) -> Value:
    if one.text is not None:
        source, colon, rest = one.text.partition(":")
        moved = _at(source, folder) if colon and source.startswith(".") else source
        return Value(f"{moved}{colon}{rest}", one.path, one.line)
    named = one.get("source").text
    if one.get("type").text == "bind" and named:
        return Value({**one.items, "source": Value(_at(named, folder), one.path, one.line)}, one.path, one.line)
    return one


def _pairs(value: Value | None) -> dict[str, Value]:
    """A mapping written as one, or as a list of ``NAME=value``."""
    if value is None:
        return {}
    if isinstance(value.data, list):
        parts = [(*(one.text or "").partition("="), one) for one in value.data]
        return {name: Value(text if equals else None, one.path, one.line) for name, equals, text, one in parts}
    return value.items


def _merged(below: Value, above: Value, name: str = "") -> Value:
    """One service laid over another: mappings together, lists one after the other, scalars replaced."""
    if above.tag == "!reset":
        return Value(None, above.path, above.line)
    if above.tag == "!override" or name in _REPLACED:
        return Value(above.data, above.path, above.line)
    if isinstance(below.data, dict) or isinstance(above.data, dict):
        mine, theirs = _pairs(above), _pairs(below)
        if name == "build" and above.text is not None:
            mine = {"context": above}
        keys = dict.fromkeys([*theirs, *mine])
        both = {
            key: _merged(theirs[key], mine[key], key) if key in mine and key in theirs else mine.get(key) or theirs[key]
            for key in keys
        }
        return Value(
            {key: one for key, one in both.items() if one.data is not None or one.tag != "!reset"},
            above.path,
            above.line,
        )
    if isinstance(below.data, list) and isinstance(above.data, list):
        return Value([*below.data, *above.data], above.path, above.line)
    return above


def _ship(files: Files, name: str, value: Value, owner: Value) -> Ship:
    """One service's image, with how the service runs it."""
    ship = _built(files, name, owner.get("build"))
    environment = _pairs(value.get("environment")).items()
    return dataclasses.replace(
        ship,
        workdir=value.get("working_dir").text or None,
        command=_words(value.get("command")),
        entrypoint=_words(value.get("entrypoint")),
        env={key: one.text or "" for key, one in environment if one.text is not None},
        binds=tuple(_binds(value)),
        image=value.get("image").text or "",
        user=value.get("user").text,
        lines=_lines(value, owner.get("build")),
    )


def _built(files: Files, name: str, build: Value) -> Ship:
    """What a ``build:`` says."""
    context = build.get("context").text or f"//{files.folder}"
    outside = not context.startswith("//")
    folder = context if outside else clean(context[2:])
    inline = build.get("dockerfile_inline").text
    if inline is not None:  # its lines count from the line of its key
        inline = "\n" * build.get("dockerfile_inline").line + inline
    place = next((build.get(key) for key in ("target", "context") if build.get(key).text), build)
    return Ship(
        name,
        "compose",
        place.path,
        place.line,
        None if inline is not None else _beside(folder, build.get("dockerfile").text or "Dockerfile"),
        inline,
        folder,
        build.get("target").text or None,
        _arguments(files, build),
        {key: one.text or "" for key, one in _pairs(build.get("additional_contexts")).items()},
        f"the context {context} is not a folder of the repository" if outside else "",
    )


def _arguments(files: Files, build: Value) -> dict[str, str]:
    """Build arguments; one without a value takes that of the environment, and is left out where there is none."""
    said = {key: one.text for key, one in _pairs(build.get("args")).items()}
    found = {key: files.values.get(key) if text is None else text for key, text in said.items()}
    return {key: text for key, text in found.items() if text is not None}


def _lines(value: Value, build: Value) -> dict[str, int]:
    """Where the service says context, target and working directory."""
    lines = {"context": build.line} | {key: build.get(key).line for key in ("context", "target") if build.get(key).text}
    return lines | ({"working_dir": value.get("working_dir").line} if value.get("working_dir").text else {})


def _beside(folder: str, dockerfile: str) -> str:
    return clean(dockerfile) if dockerfile.startswith("/") else clean(f"{folder}/{dockerfile}")


def _words(value: Value) -> tuple[str, ...] | None:
    if isinstance(value.data, list):
        return tuple(one.text or "" for one in value.data)
    if value.text is None:
        return None
    try:
        return tuple(shlex.split(value.text))
    except ValueError:
        return tuple(value.text.split())


def _binds(value: Value) -> list[BindMount]:
    found = []
    for one in value.get("volumes").list:
        source, target = one.get("source").text or "", one.get("target").text or ""
        if one.text is not None:
            parts = one.text.removeprefix("//").split(":") if one.text.startswith("//") else ["", ""]
            source, target = "//" + parts[0], parts[1] if len(parts) > 1 else ""
        if source.startswith("//") and target:
            found.append(BindMount(clean(source[2:]), clean(target), one.line))
    return found
