"""Which kind of database the deploy is rehearsed on: what the user says, else what the repository says most."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from gate.collect import _database_evidence as evidence
from gate.collect._database_evidence import Evidence
from gate.collect._project_files import ASIDE, FOREIGN, text_of
from gate.context import RunContext
from gate.errors import GateError, UsageError
from gate.facts.database_choice import DatabaseChoice, Kind, family
from gate.facts.environment import ProjectEnvironment
from gate.facts.history import Project

KINDS: Mapping[str, Kind] = {
    "postgresql": "postgresql", "postgres": "postgresql", "pg": "postgresql", "mysql": "mysql", "mariadb": "mariadb",
    "sqlite": "sqlite", "sqlite3": "sqlite",
}  # fmt: skip
_SETTINGS = re.compile(r"(config|settings?|conf|database|db|session|engine|models|base|core|constants|env)\w*$")
MOST_FILES = 300
TARGET = "the target"


def collect(context: RunContext, project: Project) -> DatabaseChoice:
    """The kind, its version and why. Raises UsageError when the flag or the URL names no kind that we know."""
    settings = context.settings
    if settings.database_url:
        return _from_flag_url(settings.database_url, settings.database)
    found = evidence.decided(_everything(context, project))
    if context.mode != "check" and not settings.database:
        return _from_target(context, found)
    if settings.database:
        kind, version = parsed(settings.database)
        driver = found[0].driver if found and family(found[0].kind) == family(kind) else ""
        return DatabaseChoice(kind, version, driver, why="--database")
    if found is None:
        return DatabaseChoice("sqlite", why="nothing in the repository names a database or a driver", certain=False)
    best, version, certain = found
    return DatabaseChoice(best.kind, version, best.driver, why=best.why, certain=certain)


def _from_target(context: RunContext, found: tuple[Evidence, str, bool] | None) -> DatabaseChoice:
    """Before a deploy: the kind and the version of the target itself, with the project's own driver where it fits."""
    from gate.facts.target import TargetPosition

    server = context.fact(TargetPosition).server
    driver = found[0].driver if found and family(found[0].kind) == family(server.dialect) else ""
    length = {"postgresql": 1, "sqlite": 0}.get(server.dialect, 2)
    version = ".".join(map(str, server.version[:length]))
    return DatabaseChoice(server.dialect, version, driver, why=TARGET)


def parsed(text: str) -> tuple[Kind, str]:
    """``kind[:version]`` as written by people. Raises UsageError."""
    name, _, version = text.strip().lower().partition(":")
    if name not in KINDS:
        raise UsageError(
            f"unknown database {name!r}", where="database", advice="Known: postgresql, mysql, mariadb, sqlite."
        )
    if version and not re.fullmatch(r"\d+(\.\d+)*", version):
        raise UsageError(
            f"{version!r} is not a version", where="database", advice="Write, for instance, postgresql:16."
        )
    return KINDS[name], version


def _from_flag_url(url: str, named: str) -> DatabaseChoice:
    found = evidence.from_url(url, "--database-url", 100)
    if found is None:
        shown = url.partition(":")[0]
        raise UsageError(f"no database that is known: {shown}", where="database-url",
                         advice="Write an SQLAlchemy URL, such as postgresql://user:password@host:5432/.")  # fmt: skip
    kind, version = parsed(named) if named else (found.kind, "")
    if family(kind) != family(found.kind):
        raise UsageError(
            f"database says {kind}, database-url says {found.kind}", where="database", advice="Leave one of them out."
        )
    return DatabaseChoice(kind, version, found.driver, url, why="--database-url")


# env.py that makes the URL itself; an engine made with the config's own option does not.
_OWN_URL = re.compile(
    r"set_main_option\(\s*[\"']sqlalchemy\.url|environ|current_app"
    r"|create_(?:async_)?engine\((?!\s*(?:context\.)?config\.get_(?:main|section)_option\()"
)


def _everything(context: RunContext, project: Project) -> Iterator[Evidence]:
    """All evidence of the repository, whatever it weighs."""
    env_text = text_of(context.repo / (project.script_location or ".") / "env.py") or ""
    overridden = _OWN_URL.search(env_text) is not None
    if project.url and (
        found := evidence.from_url(project.url, project.config or "the config", 40 if overridden else 100)
    ):
        yield found
    for value in context.settings.env.values():
        if "{url}" not in value:
            yield from evidence.from_text(value, "env", 95)
    yield from evidence.from_text(env_text, "env.py", 80)
    yield from _from_files(context, project)
    yield from evidence.from_revisions(_revisions(context, project))
    yield from _from_services(context, project)
    yield from _from_drivers(context)


def _from_files(context: RunContext, project: Project) -> Iterator[Evidence]:
    start = context.repo / project.directory
    for folder in dict.fromkeys((start, context.repo)):
        for pattern in (".env*", "*.env", "env.example", "sample.env", ".flaskenv"):
            for path in sorted(folder.glob(pattern)):
                yield from evidence.from_text(text_of(path) or "", path.name, 60)
    for path in _modules(start):
        yield from evidence.from_text(text_of(path) or "", path.relative_to(context.repo).as_posix(), 50)


def _modules(start: Path) -> Iterator[Path]:
    """Modules named like settings or database code, shallow ones first."""
    found: list[Path] = []
    for here, folders, names in os.walk(start):
        deep = len(Path(here).relative_to(start).parts)
        usual = [one for one in folders if one not in FOREIGN and one not in ASIDE and not one.startswith(".")]
        folders[:] = sorted(usual) if deep < 5 else []
        found += [
            Path(here, one)
            for one in names
            if one.endswith((".py", ".toml", ".yml", ".yaml", ".cfg")) and _SETTINGS.match(Path(one).stem)
        ]
        if len(found) > MOST_FILES:
            break
    yield from sorted(found, key=lambda path: (len(path.parts), path.as_posix()))[:MOST_FILES]


def _revisions(context: RunContext, project: Project) -> Iterator[str]:
    for place in project.version_locations:
        for path in sorted((context.repo / place).glob("*.py"))[:MOST_FILES]:
            yield text_of(path) or ""


def _from_services(context: RunContext, project: Project) -> Iterator[Evidence]:
    places = [(path, 46) for path in sorted(context.repo.glob(".github/workflows/*.y*ml"))]
    for folder in dict.fromkeys((context.repo / project.directory, context.repo)):
        for pattern in ("docker-compose*.y*ml", "compose*.y*ml"):
            places += [(path, 48) for path in sorted(folder.glob(pattern))]
    for path, weight in places:
        yield from evidence.from_images(_yaml(path), path.name, weight)


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(text_of(path) or "")
    except (yaml.YAMLError, RecursionError, ValueError):
        return None


def _from_drivers(context: RunContext) -> Iterator[Evidence]:
    """Drivers of the project's environment; of our own interpreter they say little, since we bring some ourselves."""
    try:
        environment = context.fact(ProjectEnvironment)
    except GateError:
        return
    if environment.source != "own":
        yield from evidence.from_drivers(environment.drivers, "is installed", 40)
