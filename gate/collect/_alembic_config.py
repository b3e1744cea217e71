"""Reads what an ini file or ``[tool.alembic]`` says of environments, as Alembic's own ``Config`` would.

Source: https://alembic.sqlalchemy.org/en/latest/tutorial.html#editing-the-ini-file and ``alembic/config.py``: the
separators, the legacy splitting, ``%(here)s``, and ini before pyproject.
"""

from __future__ import annotations

import configparser
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gate.collect._project_files import text_of
from gate.errors import UsageError

SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}
_TOKEN = re.compile(r"%\(([^)]*)\)s|%%")
_TEMPLATE = re.compile(r"%\([^)]*\)s|\{[^}]*\}|\$\{?\w+|<[^>]+>")


@dataclass(frozen=True)
class Said:
    """One section of a config file: what it says of the environment, ``%(here)s`` and the like filled in.

    ``script_location`` is None when the section has none (Flask-Migrate's ini); locations may be ``package:folder``.
    """

    file: Path
    section: str
    script_location: str | None
    version_locations: tuple[str, ...] = ()
    prepend_sys_path: tuple[str, ...] = ()
    recursive: bool = False
    url: str | None = None

    @property
    def is_template(self) -> bool:
        """True when the script location is filled by a program at run time (``{alembic_dir}``)."""
        return bool(self.script_location and _TEMPLATE.search(self.script_location))


def from_ini(path: Path) -> tuple[Said, ...]:
    """The environments of an ini file: its sections with ``script_location``, else ``[alembic]`` if it is there.

    Raises UsageError when the file is an Alembic config that cannot be parsed.
    """
    text = text_of(path)
    if text is None or not _mentions_alembic(path, text):
        return ()
    parser = configparser.RawConfigParser(strict=False, default_section="\0none")
    try:
        parser.read_string(text)
    except configparser.Error as error:
        if "script_location" not in text:
            return ()
        what = f"cannot be read: {' '.join(str(error).split())}"
        raise UsageError(what, where=str(path), advice="Mend the file.") from error
    tables = {name: dict(parser[name]) for name in parser.sections()}
    defaults = tables.pop("DEFAULT", {})
    named = [name for name, table in tables.items() if "script_location" in table]
    if not named and ("alembic" in tables):
        named = ["alembic"]
    return tuple(_from_section(path, name, {**defaults, **tables[name]}) for name in named)


def _mentions_alembic(path: Path, text: str) -> bool:
    return "script_location" in text or ("[alembic]" in text and path.suffix == ".ini")


def _from_section(path: Path, section: str, table: Mapping[str, str]) -> Said:
    values = {**table, "here": path.parent.as_posix()}

    def filled(name: str) -> str | None:
        return _filled(table[name], values) if table.get(name) else None

    separator = SEPARATORS.get((table.get("path_separator") or "").strip())
    older = SEPARATORS.get((table.get("version_path_separator") or "").strip())
    return Said(
        file=path,
        section=section,
        script_location=filled("script_location"),
        version_locations=_split(filled("version_locations"), separator or older, r", *|(?: +)|\n"),
        prepend_sys_path=_split(filled("prepend_sys_path"), separator, r", *|(?: +)|:|\n"),
        recursive=(table.get("recursive_version_locations") or "").strip().lower() == "true",
        url=filled("sqlalchemy.url"),
    )


def _filled(text: str, values: Mapping[str, str], depth: int = 0) -> str:
    """ConfigParser's interpolation; an unknown name stays as it is written and is told by ``is_template``."""

    def one(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        known = values.get(match[1].lower())
        return match[0] if known is None or depth > 9 else _filled(known, values, depth + 1)

    return _TOKEN.sub(one, text).strip()


def _split(text: str | None, separator: str | None, legacy: str) -> tuple[str, ...]:
    if not text:
        return ()
    parts = text.split(separator) if separator else re.split(legacy, text)
    return tuple(part.strip() for part in parts if part.strip())


def from_pyproject(path: Path) -> Said | None:
    """The environment of ``[tool.alembic]``, if the file has that table. Raises UsageError when it is not TOML."""
    text = text_of(path)
    if text is None or "alembic" not in text:
        return None
    try:
        table = tomllib.loads(text).get("tool", {}).get("alembic")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        if "[tool.alembic]" not in text:
            return None
        raise UsageError(f"cannot be read: {error}", where=str(path), advice="Mend the file.") from error
    if not isinstance(table, Mapping):
        return None
    values = {"here": path.parent.as_posix()}

    def words(name: str) -> tuple[str, ...]:
        raw = table.get(name) or []
        return tuple(_filled(str(one), values) for one in ([raw] if isinstance(raw, str) else raw))

    location = table.get("script_location")
    return Said(
        file=path,
        section="alembic",
        script_location=_filled(str(location), values) if location else None,
        version_locations=words("version_locations"),
        prepend_sys_path=words("prepend_sys_path"),
        recursive=table.get("recursive_version_locations") is True,
    )
