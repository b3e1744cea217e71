"""Every setting once: name, type, default, meaning, and where it may be said.

A field's name with dashes is the flag, the action input and the key of the settings file. Precedence: flag, then
input, then settings file, then default. ``read`` turns all three into one frozen ``Settings``; anything wrong is a
``UsageError`` that names the key, its place and the nearest known name.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import tomllib
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from pathlib import Path
from typing import Any

from gate.errors import UsageError

# Keys that may be said without their prefix under ``docker:``.
DOCKER_SHORT = {"context": "docker-context", "target": "docker-target", "file": "dockerfile", "probe": "docker-probe"}
FILES = (".alembic-gate.yml", ".alembic-gate.yaml", ".github/alembic-gate.yml", ".github/alembic-gate.yaml")
FORMAT_NOTE = "text, json, markdown, sarif, annotations, junit"


def _say(
    default: Any,
    meaning: str,
    *,
    places: str = "flag file",
    choices: Sequence[str] = (),
    group: str = "general",
    short: str | None = None,
    metavar: str | None = None,
) -> Any:
    """One setting: its default, what it means, and the places where it may be said (flag, input, file)."""
    about = {
        "meaning": meaning,
        "places": frozenset(places.split()),
        "choices": tuple(choices),
        "group": group,
        "short": short,
        "metavar": metavar,
    }
    if isinstance(default, (list, dict)):
        return field(default_factory=lambda: type(default)(default), metadata=about)
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class Settings:
    """One run's settings. Lists are tuples; paths are relative to ``repo``."""

    command: str = _say("check", "the command that runs", places="")
    mode: str = _say(
        "check", "what the action does", places="input", choices=("check", "predeploy", "verify", "publish")
    )
    # where
    repo: str = _say(".", "the repository's folder; every other path is relative to it", places="flag", metavar="DIR")
    working_directory: str = _say(
        "", "folder of the project inside the repository", places="flag input file", metavar="DIR"
    )
    project: str = _say("", "judge only the project of this name", metavar="NAME")
    config: str = _say("", "alembic.ini or pyproject.toml of the project", places="flag input file", metavar="FILE")
    section: str = _say("alembic", "section of the ini file", metavar="NAME")
    script_location: str = _say("", "script folder of a project without any Alembic config", metavar="DIR")
    factory: str = _say("", "module:callable that returns an Alembic Config", metavar="MODULE:CALLABLE")
    flask: str = _say("", "module:application or module:factory of a Flask-Migrate project", metavar="MODULE:NAME")
    projects: tuple[Mapping[str, Any], ...] = _say((), "the projects of a repository that holds several", places="file")
    settings: str = _say("", "the settings file", places="flag input", metavar="FILE")
    context: str = _say("", "context.json written by prepare", places="flag", metavar="FILE")
    # what is compared
    base: str = _say("", "git ref of the base; found by itself when absent", places="flag input file", metavar="REF")
    heads: str = _say(
        "",
        "expected heads: a number, ids, or branch labels, separated by commas; else one, or one for each labelled branch "
        "of the base",
        places="flag file",
    )
    only: tuple[str, ...] = _say((), "ask only these checks", places="flag input file", metavar="CHECK,...")
    skip: tuple[str, ...] = _say((), "leave these checks out", places="flag input file", metavar="CHECK,...")
    fail_on: str = _say(
        "error", "lowest severity that fails the run", places="flag input file", choices=("error", "warning", "never")
    )
    on_undecided: Mapping[str, str] = _say({}, "what an undecided check does: fail or warn, by check", places="file")
    rules: Mapping[str, str] = _say({}, "level of a rule: off, warning or error, by rule", places="file")
    allow: tuple[Mapping[str, Any], ...] = _say((), "findings that are allowed, each with a reason", places="file")
    known_diffs: str = _say("", "file with the differences known to models-match", metavar="FILE")
    world: Mapping[str, Any] = _say(
        {}, "the world a verdict assumes: maintenance-window, code-first, small-tables", places="file"
    )
    downgrade: str = _say(
        "warning", "severity of a missing way back", places="file", choices=("off", "note", "warning", "error")
    )
    # the scratch database
    database: str = _say(
        "", "kind[:version] of the scratch database", places="flag input file", metavar="KIND[:VERSION]"
    )
    database_url: str = _say("", "SQLAlchemy URL of a scratch server", places="flag input file", metavar="URL")
    extensions: tuple[str, ...] = _say((), "PostgreSQL extensions created before the baseline", places="file")
    init_sql: str = _say("", "SQL run on the scratch database before the baseline (text or a .sql file)", places="file")
    time_zone: str = _say("", "TimeZone of the rehearsal's sessions (the server's default: UTC)", places="flag file")
    bootstrap: str = _say(
        "none",
        "what makes the tables that no revision makes: none, base-ref (the base branch's models, stamped), a .sql file, or a command",
        places="flag file",
    )
    # the project's own Python
    python: str = _say("", "the project's Python interpreter", places="flag file", metavar="PATH")
    python_version: str = _say("", "Python version of the environment that is built", places="flag input file")
    install: str = _say("auto", "how the project is installed: auto, none, or a command", places="flag input file")
    env: Mapping[str, str] = _say(
        {}, "variables for the project's code", places="flag input file", metavar="NAME=VALUE"
    )
    files: Mapping[str, str] = _say({}, "files written for the project's code, by path, with templates", places="file")
    pythonpath: tuple[str, ...] = _say((), "folders put on the project's sys.path", places="flag file")
    import_: tuple[str, ...] = _say((), "modules imported before the comparison", places="flag file", metavar="MODULE")
    timeout: int = _say(600, "seconds that one step of the project's code may take", places="flag input file")
    # the target
    target_url: str = _say(
        "", "SQLAlchemy URL of the target database", places="flag input", group="predeploy", metavar="URL"
    )
    plan: str = _say(
        "", "report of the plan that verify compares with", places="flag", group="predeploy", metavar="FILE"
    )
    transaction_seconds: int = _say(
        5, "age in s of a blocking transaction on a touched table", places="file", group="predeploy"
    )
    idle_seconds: int = _say(60, "age in s of a blocking transaction anywhere", places="file", group="predeploy")
    exact_counts: str = _say(
        "auto",
        "count violations exactly: auto (below ten million rows), always, never",
        places="flag file",
        choices=("auto", "always", "never"),
        group="predeploy",
    )
    # the image
    dockerfile: str = _say(
        "", "Dockerfile of the image that ships", places="flag input docker", group="docker", metavar="FILE"
    )
    docker_context: str = _say("", "build context", places="flag docker", group="docker", metavar="DIR")
    docker_target: str = _say("", "stage that is built", places="flag input docker", group="docker", metavar="STAGE")
    build_arg: Mapping[str, str] = _say(
        {}, "build arguments", places="flag docker", group="docker", metavar="NAME=VALUE"
    )
    compose: tuple[str, ...] = _say((), "compose file", places="flag input docker", group="docker", metavar="FILE")
    service: str = _say("", "compose service", places="flag docker", group="docker", metavar="NAME")
    bake: str = _say("", "bake file", places="flag docker", group="docker", metavar="FILE")
    bake_target: str = _say("", "bake target", places="flag docker", group="docker", metavar="NAME")
    workflow: str = _say(
        "", "workflow file that builds the image", places="flag docker", group="docker", metavar="FILE"
    )
    docker_probe: bool = _say(
        False, "a docker daemon with BuildKit lists the build context", places="flag docker", group="docker"
    )
    image: str = _say(
        "", "the built image: a reference or an archive", places="flag input docker", group="docker", metavar="REF|TAR"
    )
    run_config: str = _say("", "what -c gets in the image", places="flag docker", group="docker", metavar="PATH")
    run_flask_directory: str = _say(
        "", "Flask-Migrate's directory in the image", places="flag docker", group="docker", metavar="DIR"
    )
    run_script_location: str = _say(
        "", "script_location set in code in the image", places="flag docker", group="docker", metavar="DIR"
    )
    # what is said
    format: str = _say("text", "what stdout holds", places="flag", metavar="FORMAT")
    write: Mapping[str, str] = _say({}, "also write this format to this path", places="flag", metavar="FORMAT=PATH")
    verbose: int = _say(0, "say more", places="flag", short="-v")
    progress: bool = _say(True, "show progress", places="flag")
    colour: str = _say("auto", "colour in text", places="flag", choices=("auto", "always", "never"))
    cache: bool = _say(True, "use the cache", places="flag")
    cache_dir: str = _say("", "cache folder", places="flag", metavar="DIR")
    # GitHub
    comment: str = _say(
        "always",
        "the pull request's comment",
        places="flag input file",
        choices=("always", "on-problems", "off"),
        group="github",
    )
    require_comment: bool = _say(False, "a comment that fails fails the run", places="input", group="github")
    key: str = _say(
        "", "key of the comment; default: workflow, job and working directory", places="flag input", group="github"
    )
    sarif: str = _say("", "write SARIF here, relative to the runner's temp folder", places="input", group="github")
    status: bool = _say(False, "also set a commit status", places="flag file", group="github")
    suggestions: bool = _say(True, "review suggestions for one-line mends", places="flag file", group="github")
    warn_stale: str = _say(
        "off",
        "on a push to the base: tell open pull requests made stale",
        places="file",
        choices=("off", "comment", "status"),
        group="github",
    )
    # never in the settings file: a fork's own file must not allow itself to run
    allow_unsafe_fork_code: bool = _say(
        False, "run code of a fork under pull_request_target", places="flag", group="github"
    )
    merge_order_limit: int = _say(
        30, "open pull requests that merge-order reads at most", places="file", group="github"
    )
    reports: tuple[str, ...] = _say((), "reports that publish merges", places="input", group="github")
    expect: tuple[str, ...] = _say(
        (), "names of the reports that publish must find", places="flag file", group="github"
    )
    token: str = _say("", "token for the GitHub API; default: the job's token", places="input", group="github")
    # arguments of single commands
    arguments: tuple[str, ...] = _say((), "positional arguments of the command", places="")
    static_only: bool = _say(False, "run no project code", places="flag")

    def path(self, *parts: str) -> Path:
        """A path inside the repository."""
        return Path(self.repo, *parts)


@dataclass(frozen=True)
class Option:
    """One setting as a table row: for argparse, action.yml, the JSON Schema and the docs."""

    name: str
    kind: Any
    default: Any
    meaning: str
    places: frozenset[str]
    choices: tuple[str, ...]
    group: str
    short: str | None
    metavar: str | None

    @property
    def attribute(self) -> str:
        """The field of ``Settings``."""
        return "import_" if self.name == "import" else self.name.replace("-", "_")


def options(place: str | None = None) -> tuple[Option, ...]:
    """All settings as rows; with ``place`` (flag, input, file, docker) only those that may be said there."""
    return tuple(row for row in _rows() if place is None or place in row.places)


@functools.cache
def _rows() -> tuple[Option, ...]:
    hints = typing.get_type_hints(Settings)
    return tuple(_option(one, hints[one.name]) for one in dataclasses.fields(Settings))


def _option(one: dataclasses.Field[Any], kind: Any) -> Option:
    default = one.default if one.default_factory is MISSING else one.default_factory()
    return Option(name=one.name.rstrip("_").replace("_", "-"), kind=kind, default=default, **one.metadata)


def read(flags: Mapping[str, Any], inputs: Mapping[str, str] | None = None) -> Settings:
    """One ``Settings`` from flags (typed already), action inputs (text) and the settings file of the repository."""
    said: dict[str, Any] = {}
    for name, text in (inputs or {}).items():
        said[_attribute(name, "input")] = parse(name, text, f"input {name}")
    said.update(flags)
    repo = Path(said.get("repo", "."))
    if not repo.is_dir():
        raise UsageError("there is no such folder", where=f"--repo {repo}", advice="Name the checkout's root folder.")
    from_file = file_values(repo, said.get("settings", ""))
    merged = {**from_file, **said}
    for name in ("env", "build_arg"):
        merged[name] = {**from_file.get(name, {}), **said.get(name, {})}
    return checked(Settings(**merged))


def file_values(repo: Path, named: str = "") -> dict[str, Any]:
    """Values from ``.alembic-gate.yml``, ``.github/alembic-gate.yml`` or ``[tool.alembic-gate]``, by attribute."""
    found = find_file(repo, named)
    if found is None:
        return {}
    where = found.relative_to(repo).as_posix() if found.is_relative_to(repo) else str(found)
    raw = _load(found, where)
    known = {row.name: row for row in options("file")}
    values: dict[str, Any] = {}
    for key, value in raw.items():
        _known(str(key), {**known, "docker": None}, where)
        if key == "docker":
            values.update(_docker(value, where))
        else:
            values[known[str(key)].attribute] = typed(known[str(key)], value, where)
    return values


def find_file(repo: Path, named: str = "") -> Path | None:
    """The settings file: the named one, else the first of the known places that has settings."""
    if named:
        if not (repo / named).is_file():
            raise UsageError(
                "there is no such settings file", where=named, advice="Check the path; it is relative to --repo."
            )
        return repo / named
    present = [repo / name for name in FILES if (repo / name).is_file()]
    if present:
        return present[0]
    pyproject = repo / "pyproject.toml"
    return (
        pyproject if pyproject.is_file() and "[tool.alembic-gate" in pyproject.read_text("utf-8", "replace") else None
    )


def _load(path: Path, where: str) -> Mapping[str, Any]:
    try:
        if path.suffix == ".toml":
            raw = tomllib.loads(path.read_text("utf-8"))
            raw = raw.get("tool", {}).get("alembic-gate", {}) if path.name == "pyproject.toml" else raw
        else:
            raw = _yaml(path.read_text("utf-8")) or {}
    except (OSError, ValueError, RecursionError) as error:
        first = " ".join(str(error).split())
        raise UsageError(
            f"cannot be read: {first}", where=where, advice="Mend the file; see docs/settings.md."
        ) from error
    if not isinstance(raw, Mapping):
        raise UsageError("must hold keys and values", where=where, advice="See docs/settings.md for the keys.")
    return raw


def _yaml(text: str) -> Any:
    """What a YAML text holds. Raises ValueError. The parser is loaded when there is such a file."""
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _docker(value: Any, where: str) -> dict[str, Any]:
    """The keys under ``docker:`` are the docker flags' names; ``context`` and ``target`` may drop their prefix."""
    if not isinstance(value, Mapping):
        raise UsageError(
            "docker must hold keys and values", where=where, advice="Example: docker: {dockerfile: Dockerfile}"
        )
    known = {row.name: row for row in options("docker")}
    values = {}
    for key, item in value.items():
        name = DOCKER_SHORT.get(str(key), str(key))
        _known(name, known, f"{where}, docker")
        values[known[name].attribute] = typed(known[name], item, f"{where}, docker")
    return values


def _known(key: str, known: Mapping[str, Any], where: str) -> None:
    if key not in known:
        near = difflib.get_close_matches(key, list(known), 1)
        advice = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(sorted(known))}."
        raise UsageError(f"unknown key {key}", where=where, advice=advice)


def _attribute(name: str, place: str) -> str:
    known = {row.name: row for row in options(place)}
    _known(name, known, f"{place} {name}")
    return known[name].attribute


def parse(name: str, text: str, where: str) -> Any:
    """The value of a setting written as text (an action's input, a flag)."""
    row = next(row for row in options() if row.name == name)
    text = text.strip()
    if row.kind is bool:
        return _boolean(text, where)
    if row.kind is int:
        return _integer(text, where)
    if _is(row, tuple):
        return tuple(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())
    if _is(row, Mapping):
        return _pairs(text.splitlines(), where)
    return typed(row, text, where)


def typed(row: Option, value: Any, where: str) -> Any:
    """A value from a file, brought to the setting's type or refused."""
    at = f"{where}, {row.name}"
    if _is(row, tuple):
        items = value if isinstance(value, (list, tuple)) else [value]
        return tuple(items) if row.name in ("projects", "allow") else tuple(str(item) for item in items)
    if row.name == "heads" and isinstance(value, Mapping):
        expected = value.get("expected", value.get("branches", ""))
        return ",".join(map(str, expected)) if isinstance(expected, list) else str(expected)
    if _is(row, Mapping):
        return _mapping(row, value, at)
    if row.kind is bool:
        return value if isinstance(value, bool) else _boolean(str(value), at)
    if row.kind is int:
        return _integer(str(value), at)
    if value is False and "off" in row.choices:
        return "off"  # YAML 1.1 reads a bare `off` as false
    if isinstance(value, (Mapping, list)) or value is None:
        raise UsageError("must be a text", where=at, advice=row.meaning)
    return _choice(row, str(value), at)


def _mapping(row: Option, value: Any, at: str) -> dict[str, Any]:
    if isinstance(value, list):
        return _pairs([str(item) for item in value], at)
    if not isinstance(value, Mapping):
        raise UsageError("must hold names and values", where=at, advice=row.meaning)
    if row.name == "world":
        return {str(key): item for key, item in value.items()}
    return {str(key): "off" if item is False else str(item) for key, item in value.items()}


def _pairs(lines: Iterable[str], where: str) -> dict[str, str]:
    pairs = {}
    for line in lines:
        name, equals, value = line.strip().partition("=")
        if not name and not equals:
            continue
        if not equals or not name:
            raise UsageError(
                f"{line.strip()!r} is not NAME=VALUE", where=where, advice="Write one NAME=VALUE for each."
            )
        pairs[name.strip()] = value
    return pairs


def _boolean(text: str, where: str) -> bool:
    """YAML 1.2 core spelling only, as the runner's own toolkit does."""
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    raise UsageError(f"{text!r} is neither true nor false", where=where, advice="Write true or false.")


def _integer(text: str, where: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise UsageError(
            f"{text!r} is not a number", where=where, advice="Write whole seconds or a count, such as 600."
        )
    return int(text)


def _choice(row: Option, text: str, at: str) -> str:
    if row.choices and text not in row.choices:
        near = difflib.get_close_matches(text, row.choices, 1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(f"unknown value {text!r}", where=at, advice=f"{hint}Known: {', '.join(row.choices)}.")
    return text


def _is(row: Option, kind: type) -> bool:
    origins = {typing.get_origin(row.kind)} | {typing.get_origin(one) for one in typing.get_args(row.kind)}
    return kind in origins or any(isinstance(one, type) and issubclass(one, kind) for one in origins if one)


def checked(settings: Settings) -> Settings:
    """Settings that make sense together, or a ``UsageError``."""
    for row in options():
        value = getattr(settings, row.attribute)
        if isinstance(value, str) and value:
            _choice(row, value, f"--{row.name}")
    if settings.timeout < 1:
        raise UsageError("must be at least 1 second", where="timeout", advice="Write a number of seconds, such as 600.")
    return settings
