"""Pure: what dependency files say, as requirement lines and constraints that uv understands.

uv reads ``uv.lock``, ``pylock.toml``, ``pyproject.toml`` and requirements files itself. Poetry's, PDM's and Pipenv's
locks are turned into constraints (one pin for each package) beside the direct dependencies' names, so that platform
markers stay uv's business.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Locked:
    """Direct requirements and the pins that hold everything else."""

    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()


def poetry(pyproject: Mapping[str, Any], lock: str) -> Locked:
    """Poetry 1 and 2: direct names from ``[tool.poetry]`` or ``[project]``, pins from ``poetry.lock``."""
    table = pyproject.get("tool", {}).get("poetry", {})
    groups = [table.get("dependencies", {}), table.get("dev-dependencies", {})]
    groups += [group.get("dependencies", {}) for group in table.get("group", {}).values() if not group.get("optional")]
    extras = {name for names in table.get("extras", {}).values() for name in names}
    direct = [_poetry_line(name, said) for group in groups for name, said in group.items() if name.lower() != "python"]
    direct += list(pyproject.get("project", {}).get("dependencies", []))
    lines = [line for line in direct if line and (not extras or _is_driver(line) or _name(line) not in extras)]
    return Locked(tuple(dict.fromkeys(lines)), tuple(pins(tomllib.loads(lock))) if lock else ())


def _poetry_line(name: str, said: Any) -> str:
    """One dependency of Poetry as a requirement line; several constraints for one name keep the first."""
    if isinstance(said, list):
        said = said[0] if said else "*"
    if not isinstance(said, Mapping):
        return name + caret(str(said))
    if "path" in said:
        return ""
    extras = f"[{','.join(said['extras'])}]" if said.get("extras") else ""
    marker = f" ; {said['markers']}" if said.get("markers") else ""
    if "git" in said:
        ref = said.get("rev") or said.get("tag") or said.get("branch")
        return f"{name}{extras} @ git+{said['git']}{'@' + str(ref) if ref else ''}{marker}"
    if "url" in said:
        return f"{name}{extras} @ {said['url']}{marker}"
    return f"{name}{extras}{caret(str(said.get('version', '*')))}{marker}"


def caret(text: str) -> str:
    """Poetry's ``^1.2``, ``~1.2`` and ``*`` in the standard's words (PEP 440)."""
    parts = [part.strip() for part in re.split(r"[,\s]+(?=[<>=!~^\d*])", text.strip()) if part.strip()]
    return ",".join(filter(None, (_one(part) for part in parts)))


def _one(part: str) -> str:
    if part in ("*", ""):
        return ""
    if part[0] == "^" or (part[0] == "~" and part[1:2] != "="):
        numbers = [int(one) for one in re.findall(r"\d+", part.split("-", 1)[0])]
        keep = _kept(numbers) if part[0] == "^" else min(2, len(numbers))
        upper = [*numbers[: keep - 1], numbers[keep - 1] + 1]
        return f">={part[1:].strip()},<{'.'.join(map(str, upper))}"
    return part if part[0] in "<>=!~" else f"=={part}"


def _kept(numbers: list[int]) -> int:
    """How many leading numbers a caret holds: up to the first that is not zero."""
    return next((place for place, number in enumerate(numbers, 1) if number), len(numbers))


def pins(lock: Mapping[str, Any]) -> Iterator[str]:
    """Pins of ``poetry.lock`` and ``pdm.lock``. A package that stands there twice (by marker) is left free."""
    packages = [one for one in lock.get("package", []) if isinstance(one, Mapping) and one.get("version")]
    names = [str(one["name"]).lower() for one in packages]
    for one in packages:
        source = one.get("source", {}) if isinstance(one.get("source"), Mapping) else {}
        if names.count(str(one["name"]).lower()) == 1 and source.get("type") in (None, "legacy") and "path" not in one:
            yield f"{one['name']}=={one['version']}"


def pdm(pyproject: Mapping[str, Any], lock: str) -> Locked:
    """PDM: direct dependencies from ``[project]``, pins from ``pdm.lock``."""
    direct = pyproject.get("project", {}).get("dependencies", [])
    return Locked(tuple(direct), tuple(dict.fromkeys(pins(tomllib.loads(lock)))))


def pipenv(pipfile: str, lock: str) -> Locked:
    """Pipenv: names from ``Pipfile``'s packages, pins from ``Pipfile.lock``; without a lock the file's own versions."""
    table = tomllib.loads(pipfile) if pipfile else {}
    held = json.loads(lock) if lock else {}
    sections = [table.get(name, {}) for name in ("packages", "dev-packages")]
    direct = [_poetry_line(name, said) for section in sections for name, said in section.items()]
    locked = [*held.get("default", {}).items(), *held.get("develop", {}).items()]
    fixed = [f"{name}{said['version']}" for name, said in locked if isinstance(said, Mapping) and said.get("version")]
    return Locked(tuple(line for line in direct if line) or tuple(fixed), tuple(dict.fromkeys(fixed)))


def _name(line: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", line)
    return match[0] if match else line


_DRIVERS = re.compile(
    r"^(psycopg|asyncpg|pg8000|mysqlclient|pymysql|aiomysql|asyncmy|mariadb|mysql-connector|aiosqlite|sqlalchemy|alembic)",
    re.IGNORECASE,
)


def _is_driver(line: str) -> bool:
    return bool(_DRIVERS.match(line))


def driver_extras(extras: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Extras that bring a database driver, SQLAlchemy or Alembic: the application has them in production."""
    return tuple(name for name, lines in extras.items() if any(_is_driver(str(line)) for line in lines))
