"""From what config files say to projects: where the scripts are, where the process starts, how it is entered."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gate.collect import _alembic_config, _contents, _flask_entry
from gate.collect._alembic_config import Said
from gate.collect._project_files import Candidates, is_aside, text_of, walk
from gate.errors import UsageError
from gate.facts.history import Project
from gate.settings import Settings

NOTHING = (
    "Start one with: alembic init migrations. An environment elsewhere is named by --config FILE, "
    "--script-location DIR or working-directory."
)
_REVISION = re.compile(rb"^(?:down_)?revision\b[^=\n]*=", re.MULTILINE)


@dataclass(frozen=True)
class Start:
    """Where looking begins: the repository and the folder of the project in it, both absolute."""

    repo: Path
    folder: Path
    pythonpath: tuple[str, ...] = ()
    explicit: bool = False

    @classmethod
    def of(cls, settings: Settings, working_directory: str = "") -> Start:
        """Raises UsageError when the working directory is not there."""
        repo = Path(settings.repo).resolve()
        said = working_directory or settings.working_directory
        folder = (repo / said).resolve()
        if not folder.is_dir():
            raise UsageError(
                "there is no such folder",
                where=f"working-directory {said}",
                advice="It is relative to the repository's root.",
            )
        return cls(repo, folder, settings.pythonpath, bool(said))

    def relative(self, path: Path) -> str:
        """A path as the report shows it: relative to the repository, POSIX style; absolute outside of it."""
        normal = Path(os.path.normpath(path))
        return normal.relative_to(self.repo).as_posix() if normal.is_relative_to(self.repo) else normal.as_posix()

    def file(self, name: str, flag: str) -> Path:
        """A file named by the user, relative to the repository or to the working directory."""
        for place in (self.repo, self.folder):
            if (place / name).is_file():
                return Path(os.path.normpath(place / name))
        raise UsageError(
            f"there is no file {name}", where=flag, advice="The path is relative to the repository's root."
        )


def discovered(start: Start) -> tuple[Project, ...]:
    """Every environment below the folder, those of tests and examples left out."""
    found = walk(start.folder)
    every = [*_configured(start, found)]
    claimed = {one.script_location for one in every} | {
        _parent(place) for one in every for place in one.version_locations
    }
    every += [one for one in _in_code(start, found) if one.script_location not in claimed]
    ours = [one for one in every if not _stands_aside(one, start)]
    if ours:
        return tuple(_without_twins(ours))
    if every:
        seen = ", ".join(sorted({one.config or one.script_location or "" for one in every})[:5])
        raise UsageError(
            f"the only Alembic environments are those of tests or examples: {seen}",
            where=start.relative(start.folder),
            advice="Name the one to judge with --config FILE or working-directory.",
        )
    raise UsageError(
        "no Alembic environment found: no alembic.ini, no [tool.alembic], no env.py",
        where=start.relative(start.folder),
        advice=NOTHING,
    )


def _parent(place: str) -> str:
    return place.rpartition("/")[0]


def _stands_aside(project: Project, start: Start) -> bool:
    place = start.repo / (project.config or project.script_location or "")
    return is_aside(place if project.config else place / "env.py", start.folder)


def _without_twins(projects: Iterable[Project]) -> Iterator[Project]:
    """One project for each script folder: ``[alembic]`` before ``[test]``, ``alembic.ini`` before others."""
    seen: dict[object, Project] = {}
    for one in projects:
        key = (one.version_locations, one.script_location) if one.version_locations else (one.config, one.section)
        first = seen.get(key)
        if first is None or (first.section != "alembic" == one.section and first.config == one.config):
            seen[key] = one
    yield from seen.values()


def _configured(start: Start, found: Candidates) -> Iterator[Project]:
    inis = [one for path in found.configs for one in _alembic_config.from_ini(path)]
    tomls = [said for path in found.pyprojects if (said := _alembic_config.from_pyproject(path))]
    beside = {said.file.parent: said for said in inis if said.script_location is None}
    leading = {said.file.parent for said in tomls if said.script_location}
    for said in inis:
        # The usual pair: pyproject says where the scripts are, alembic.ini holds URL and logging.
        paired = said.script_location is None and said.file.parent in leading
        if not paired and (one := _from_ini(start, said)):
            yield one
    for said in tomls:
        if said.script_location or said.version_locations:
            url = beside[said.file.parent].url if said.file.parent in beside else None
            yield project(start, dataclasses.replace(said, url=url), "pyproject")


def _from_ini(start: Start, said: Said) -> Project | None:
    """An ini's environment; without a script location it counts only beside an ``env.py`` (Flask-Migrate)."""
    if said.script_location is None and _scripts_near(said.file.parent) is None:
        return None
    return project(start, said, "ini")


def _in_code(start: Start, found: Candidates) -> Iterator[Project]:
    """Script folders that no config names: the ``Config`` is made in code."""
    for path in found.env_files:
        text = text_of(path) or ""
        if "alembic" in text and re.search(r"run_migrations|\.configure\(", text):
            yield from_folder(start, path.parent)


def named(start: Start, settings: Settings) -> tuple[Project, ...]:
    """The environment that flags or one entry of ``projects:`` name. Raises UsageError where it is not there."""
    if settings.config:
        found = _of_config(start, settings)
    elif settings.script_location:
        folder = next((p for p in (start.repo, start.folder) if (p / settings.script_location).is_dir()), None)
        if folder is None:
            raise UsageError(
                f"there is no folder {settings.script_location}",
                where="--script-location",
                advice="The path is relative to the repository's root.",
            )
        found = (from_folder(start, Path(os.path.normpath(folder / settings.script_location))),)
    else:
        found = _by_entry(start, settings.flask or settings.factory)
    if settings.factory:
        return tuple(dataclasses.replace(one, kind="factory", entry=settings.factory) for one in found[:1])
    if settings.flask:
        return tuple(dataclasses.replace(one, kind="flask", entry=settings.flask) for one in found[:1])
    return found


def _by_entry(start: Start, entry: str) -> tuple[Project, ...]:
    """The script folder of a factory or a Flask application: the only one, or the one in the entry's own package."""
    try:
        found = discovered(start)
    except UsageError as error:
        raise UsageError(
            f"no script folder (env.py, versions) belongs to {entry}",
            where=error.where,
            advice="Name it too: --script-location DIR.",
        ) from error
    package = entry.partition(":")[0].split(".")[0]
    near = [one for one in found if package in (one.script_location or "").split("/")] or list(found)
    if len(near) > 1:
        places = ", ".join(one.script_location or "?" for one in near)
        raise UsageError(
            f"{entry} could belong to several script folders: {places}",
            where="factory/flask",
            advice="Name the right one: --script-location DIR.",
        )
    return tuple(near)


def _of_config(start: Start, settings: Settings) -> tuple[Project, ...]:
    path = start.file(settings.config, "--config")
    if path.suffix == ".toml":
        said = _alembic_config.from_pyproject(path)
        if said is None:
            raise UsageError("has no [tool.alembic] table", where=settings.config, advice="Name alembic.ini instead?")
        return (project(start, said, "pyproject"),)
    sections = _alembic_config.from_ini(path)
    if not sections:
        raise UsageError(
            "holds no Alembic environment: no section has script_location",
            where=settings.config,
            advice="Add script_location under [alembic], or name the file that has it.",
        )
    chosen = [one for one in sections if one.section == settings.section]
    if not chosen and settings.section != "alembic":
        known = ", ".join(one.section for one in sections)
        what = f"has no section {settings.section!r}"
        raise UsageError(what, where=settings.config, advice=f"Sections with scripts: {known}.")
    found = [project(start, one, "ini") for one in chosen or sections]
    return tuple(_without_twins(found))


def from_folder(start: Start, folder: Path) -> Project:
    """A script folder without a config; its version folders are those below it that hold revisions."""
    said = Said(folder / "alembic.ini", "alembic", str(folder))
    made = project(start, said, "script-location")
    places = _version_folders(folder)
    inner = tuple(start.relative(place) for place in places) or made.version_locations
    return dataclasses.replace(made, config=None, version_locations=inner)


def _version_folders(folder: Path) -> list[Path]:
    """Folders of ``versions`` with revisions in them: OpenStack's ``versions/2024.1/expand`` is set in code."""
    top = folder / "versions"
    below = [Path(here) for here, _, _ in os.walk(top) if not here.endswith("__pycache__")]
    return sorted(one for one in below if any(_is_revision(file) for file in one.glob("*.py")))


def _is_revision(path: Path) -> bool:
    try:
        return bool(_REVISION.search(_contents.read(path, 16384)))
    except OSError:
        return False


def project(start: Start, said: Said, kind: Literal["ini", "pyproject", "script-location"]) -> Project:
    """A project from what its config says, every path found on disk where it exists."""
    notes: list[str] = []
    directory = _directory(start, said)
    scripts = _scripts(start, said, directory)
    if said.is_template or said.script_location is None:
        scripts = _scripts_near(said.file.parent) or scripts
        if said.is_template:
            taken = start.relative(scripts)
            notes.append(f"script_location is filled by a program ({said.script_location}); taken to be {taken}")
    places = [_located(start, one, directory) for one in said.version_locations] or [scripts / "versions"]
    there = [one for one in places if one.is_dir()]
    notes += [f"version location {start.relative(one)} does not exist" for one in places if there and one not in there]
    flask = _flask_entry.is_flask(scripts / "env.py")
    if said.script_location is None and not flask:  # Flask-Migrate's ini never has one
        notes.append(f"{start.relative(said.file)} has no script_location; taken to be {start.relative(scripts)}")
    entry = _flask_entry.find(start.repo, directory) if flask else None
    return Project(
        name=_name(start, said, scripts),
        kind="flask" if flask else kind,
        config=start.relative(said.file),
        section=said.section,
        script_location=start.relative(scripts),
        version_locations=tuple(dict.fromkeys(start.relative(one) for one in there or places)),
        recursive=said.recursive,
        directory=start.relative(directory),
        entry=entry,
        prepend_sys_path=tuple(start.relative(directory / one) for one in said.prepend_sys_path),
        url=said.url,
        notes=tuple(notes),
    )


def _name(start: Start, said: Said, scripts: Path) -> str:
    """The section of a file with several, else the folder of the config, else (at the root) the script folder."""
    if said.section != "alembic":
        return said.section
    folder = start.relative(said.file.parent)
    if scripts == said.file.parent or start.relative(scripts) == folder:
        folder = start.relative(scripts.parent)
    return folder if folder != "." else scripts.name or "alembic"


def _directory(start: Start, said: Said) -> Path:
    """Where the process starts: the working directory, else where a relative script location resolves.

    A config inside a package is started from the folder above the package (``src`` left out); Flask's, from the
    folder that holds ``migrations``.
    """
    location = said.script_location or ""
    if start.explicit and (not _is_relative(said) or (start.folder / location).is_dir()):
        return start.folder
    home = _outside_package(said.file.parent)
    if _is_relative(said):
        for place in (said.file.parent, *_up(said.file.parent, start.repo)):
            if (place / location).is_dir():
                return place
    if said.script_location is None and (said.file.parent / "env.py").is_file() and home == said.file.parent:
        home = _outside_package(home.parent) if home != start.repo else home
    if location and Path(location).is_absolute() and said.file.parent == Path(location):
        home = _outside_package(said.file.parent.parent) if home == said.file.parent != start.repo else home
    return home if home.is_relative_to(start.repo) else start.repo


def _is_relative(said: Said) -> bool:
    location = said.script_location or ""
    return bool(location) and not Path(location).is_absolute() and ":" not in location and not said.is_template


def _outside_package(folder: Path) -> Path:
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder.parent if folder.name == "src" else folder


def _up(folder: Path, repo: Path) -> Iterator[Path]:
    while folder != repo and folder.is_relative_to(repo):
        folder = folder.parent
        yield folder


def _scripts(start: Start, said: Said, directory: Path) -> Path:
    return _located(start, said.script_location, directory) if said.script_location else said.file.parent


def _located(start: Start, location: str, directory: Path) -> Path:
    """A location as Alembic resolves it: absolute, relative to the process, or ``package:folder:folder`` on the path."""
    package, colon, inner = location.partition(":")
    if not colon or Path(location).is_absolute():
        return Path(os.path.normpath(directory / location))
    roots = [directory, directory / "src", start.folder, start.repo, start.repo / "src"]
    roots += [place / one for one in start.pythonpath for place in (start.repo, directory)]
    paths = [root / package.replace(".", "/") / inner.replace(":", "/") for root in roots]
    return Path(os.path.normpath(next((one for one in paths if one.is_dir()), paths[0])))


def _scripts_near(folder: Path) -> Path | None:
    """The script folder of an ini that does not say it: the ini's own, or the only one right below."""
    if (folder / "env.py").is_file():
        return folder
    below = [path.parent for path in sorted(folder.glob("*/env.py")) if "alembic" in (text_of(path) or "")]
    return below[0] if len(below) == 1 else None
